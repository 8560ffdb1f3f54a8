"""Runs the shop for tests: an app on a real socket in a thread, or the command `shop` in a process of its own."""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TypeVar
from unittest.mock import patch

import httpx
import uvicorn
from starlette.types import ASGIApp

from shop.cli import main
from shop.common.middleware import Dress

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]
DEMO = {"email": "demo@shop.example", "password": "demo-shop"}
BUYER = {"name": "Ada Nord", "email": "ada@shop.example", "address": "1 Harbour Road\n1234 Northtown"}


@contextmanager
def serving(app: ASGIApp) -> Iterator[httpx.Client]:
    """A client of the app, which answers on a free port until the block ends."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        # As shop.common.server does.
        headers = [("X-Release", app.release)] if isinstance(app, Dress) else []
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5, headers=headers)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=20) as client:
                until(lambda: server.started)
                yield client
        finally:
            server.should_exit = True
            thread.join()


def shop(*words: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs `shop WORDS` to its end with just these settings."""
    return subprocess.run(_command(words), env=_environ(environ), capture_output=True, text=True, timeout=60)


def shop_here(*words: str, environ: Mapping[str, str]) -> str:
    """What `shop WORDS` says, run in this process: an interpreter of its own takes a second to start."""
    out, err = io.StringIO(), io.StringIO()
    with patch.dict(os.environ, environ, clear=True), redirect_stdout(out), redirect_stderr(err):
        ended = main(list(words))
    assert ended == 0, err.getvalue()
    return out.getvalue()


@contextmanager
def start(*words: str, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """`shop WORDS` in a process of its own; killed at the end of the block if it still runs."""
    with subprocess.Popen(
        _command(words), env=_environ(environ), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            yield child
        finally:
            child.kill()


@contextmanager
def process(*words: str, environ: Mapping[str, str]) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`shop serve …` in a process of its own, with its address; killed at the end of the block if it still runs."""
    words = (*words, "--port", "0")
    with subprocess.Popen(_command(words), env=_environ(environ), stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child, _address(child)
        finally:
            child.kill()


def until(look: Callable[[], T], seconds: float = 20) -> T:
    """What `look` gives, as soon as that is true; fails when it never is."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := look():
            return found
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds} s")


def status(address: str) -> int:
    """The status of a GET, 0 when nobody answers."""
    try:
        return httpx.get(address, timeout=10).status_code
    except httpx.TransportError:
        return 0


def _command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "shop", *words]


def _environ(environ: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "app"), **environ}


def _address(child: subprocess.Popen[str]) -> str:
    # uvicorn says where it listens; the lines before it are its own, too.
    assert child.stdout
    for line in child.stdout:
        if found := re.search(r"http://[0-9.:]+", json.loads(line)["message"]):
            return found[0]
    raise AssertionError(f"shop ended with status {child.wait()} before it listened")
