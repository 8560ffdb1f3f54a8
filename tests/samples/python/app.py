"""Somebody's Python project on uvicorn: packages from a requirements lock, one module of its own."""

import json
import os
from pathlib import Path

import h11

TEXT = (Path(__file__).parent / "text.txt").read_text().strip()


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    told = {"text": TEXT, "path": scope["path"], "pid": os.getpid(), "h11": h11.__version__}
    body = json.dumps(told).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
