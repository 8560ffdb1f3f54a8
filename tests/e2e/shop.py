"""This repository's own shop from a fresh clone, with names and a database of a test's own."""

from __future__ import annotations

import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.lab.fixture import Lab, lab
from tests.project import kubectl
from tests.tool import Ran, cloudnorth

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Shop:
    """A clone of the repository and the environment that is used in it."""

    root: Path
    environment: str
    name: str
    extra: dict[str, str]

    def run(self, verb: str, *words: str) -> Ran:
        """One verb with JSON output."""
        return cloudnorth(verb, "--env", self.environment, "-o", "json", *words, cwd=self.root, extra=self.extra)

    def kubectl(self, *words: str) -> str:
        return kubectl("-n", self.name, *words)

    def service(self, name: str, port: int) -> str:
        """The address of a Service in the lab, which this machine has a route to."""
        address = self.kubectl("get", "service", f"{self.name}-{name}", "-o", "jsonpath={.spec.clusterIP}")
        return f"http://{address}:{port}"

    def version(self, number: int) -> None:
        """Which version of the shop its images are built as (docs/shop.md)."""
        config = self.config()
        for service in config["services"].values():
            service["build"].setdefault("args", {})["SHOP_VERSION"] = str(number)
        self.save(config)

    def config(self) -> Any:
        return yaml.safe_load((self.root / "cloudnorth.yaml").read_text())

    def save(self, config: Any) -> None:
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def answers(self, url: str) -> bool:
        try:
            return requests.get(url, timeout=5).ok
        except requests.RequestException:
            return False


def in_the_lab(folder: Path) -> Shop:
    """A clone whose `lab` environment has a namespace, a Helm release and a database of its own."""
    here = lab()
    name = f"e2e-shop-{uuid.uuid4().hex[:6]}"
    shop = Shop(clone(folder), "lab", name, {})
    config = shop.config()
    config["project"] = name
    environment = config["environments"]["lab"]
    environment["namespace"] = name
    url = folder / "database-url"
    url.write_text(database(here, name))
    url.chmod(0o600)
    environment["secrets"]["DATABASE_URL"] = {"file": str(url)}
    shop.save(config)
    return shop


def on_this_machine(folder: Path, port: int) -> Shop:
    """A clone whose `local` environment keeps its data in the test's folder."""
    shop = Shop(clone(folder), "local", f"e2e-shop-{uuid.uuid4().hex[:6]}", {"XDG_DATA_HOME": str(folder / "data")})
    config = shop.config()
    config["project"] = shop.name
    config["environments"]["local"]["port"] = port
    shop.save(config)
    return shop


def clone(folder: Path) -> Path:
    """A fresh clone of what is committed here."""
    root = folder / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(root)], check=True)
    return root


def database(here: Lab, name: str) -> str:
    """Make a database in the lab's MariaDB; the URL of the lab's own user for it."""
    sql = f"CREATE DATABASE `{name}`; GRANT ALL ON `{name}`.* TO 'shop'@'%'"
    mariadb(sql)
    return here.database_url.read_text().strip().rpartition("/")[0] + f"/{name}"


def mariadb(sql: str) -> None:
    kubectl("-n", "lab-database", "exec", "mysql-0", "--", "mariadb", "--socket=/tmp/mysql.sock", "-e", sql)


def remove(shop: Shop) -> None:
    """Take everything of it away."""
    shop.run("down")
    if shop.environment == "lab":
        kubectl("delete", "namespace", shop.name, "--wait=false", "--ignore-not-found")
        mariadb(f"DROP DATABASE IF EXISTS `{shop.name}`")
