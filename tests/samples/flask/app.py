"""Somebody's Flask project: orders in SQLite, a migration, gunicorn in front."""

import os
import sqlite3
import time
from pathlib import Path

from flask import Flask, request

TEXT = (Path(__file__).parent / "text.txt").read_text().strip()
app = Flask(__name__)


def database():
    return sqlite3.connect(os.environ["DATABASE"], timeout=10)


@app.route("/", methods=["GET", "POST"])
def page():
    time.sleep(request.args.get("wait", 0, type=float))
    return {"text": TEXT, "pid": os.getppid()}


@app.post("/orders")
def order():
    with database() as there:
        there.execute("insert into orders (what) values (?)", (request.get_json()["what"],))
    return {"orders": len(orders())}


@app.get("/orders")
def orders():
    with database() as there:
        return [row[0] for row in there.execute("select what from orders")]


@app.get("/health")
def health():
    with database() as there:
        there.execute("select count(*) from orders")
    return {"ready": True}


def migrate():
    with database() as there:
        there.execute("create table if not exists orders (number integer primary key, what text not null)")
    print("orders are there")


if __name__ == "__main__":
    migrate()
