"""Somebody's Python project on uvicorn: packages from a requirements lock, one module of its own."""

import json
import os

import h11


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        return
    told = {"path": scope["path"], "pid": os.getpid(), "h11": h11.__version__}
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
