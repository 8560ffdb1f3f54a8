"""The same change with `docker compose up --build`, where an engine and the plugin are there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import requests

from benchmarks.local.deploys import BOTH, STOREFRONT, Answering, change
from benchmarks.timing import table
from tests.e2e import shop as shops
from tests.lab.settings import load_settings

RUNS = 3
API, STOREFRONT_PORT = 18_780, 18_730


def measure() -> None:
    """Print the table, or why it is left out."""
    with tempfile.TemporaryDirectory() as folder:
        words, variables = _engine()
        root = shops.clone(Path(folder))
        if left_out := _missing(words, variables, root):
            print(f"\n`docker compose up --build` is left out: {left_out}")
            return
        try:
            print("\nfirst `docker compose up --build`, not measured", flush=True)
            left_out = _up(words, root, variables, "first") or _unreachable()
            if left_out:
                print(f"`docker compose up --build` is left out: {left_out}")
                return
            times = {
                name: [_changed(words, root, variables, file, port) for _ in range(RUNS)]
                for name, file, port in (
                    ("a line of the storefront", STOREFRONT, STOREFRONT_PORT),
                    ("a line of both services", BOTH, API),
                )
            }
        finally:
            subprocess.run(
                [*words, "down", "--volumes", "--timeout", "5"], cwd=root, env=variables, capture_output=True
            )
    table("The same with `docker compose up --build --wait`", times)


def _engine() -> tuple[list[str], dict[str, str]]:
    """The command, and where it finds engine and images: this shell's, or the lab's where that is up."""
    variables = dict(os.environ) | {"API_PORT": str(API), "STOREFRONT_PORT": str(STOREFRONT_PORT)}
    socket = load_settings().run / "docker.sock"
    if socket.exists() and "DOCKER_HOST" not in os.environ:
        variables["DOCKER_HOST"] = f"unix://{socket}"
    own = os.environ.get("DOCKER_COMPOSE") or shutil.which("docker-compose")
    return ([own] if own else ["docker", "compose"]), variables


def _missing(words: list[str], variables: Mapping[str, str], root: Path) -> str:
    """Why it cannot be measured: no plugin, no engine, or one that does not read the file."""
    try:
        version = subprocess.run([*words, "version", "--short"], env=variables, capture_output=True, text=True).stdout
        if not re.match(r"v?([2-9]|[1-9]\d)\.", version):
            return f"{' '.join(words)} is {version.strip() or 'not there'}; compose.yaml wants version 2"
        for asked in (["config", "--quiet"], ["ps"]):
            done = subprocess.run([*words, *asked], cwd=root, env=variables, capture_output=True, text=True)
            if done.returncode:
                return f"{' '.join([*words, *asked])}: {(done.stderr.strip().splitlines() or ['it does not work'])[0]}"
    except OSError as error:
        return f"{words[0]}: {error.strerror}"
    return ""


def _unreachable() -> str:
    try:
        requests.get(f"http://127.0.0.1:{API}/version", timeout=10)
    except requests.RequestException:
        return f"the engine publishes its ports elsewhere, nothing answers at 127.0.0.1:{API}"
    return ""


def _up(words: list[str], root: Path, variables: Mapping[str, str], release: str) -> str:
    """Bring it up; why it did not, if so."""
    done = subprocess.run(
        [*words, "up", "--build", "--wait", "--detach"],
        cwd=root,
        env={**variables, "RELEASE": release},
        capture_output=True,
        text=True,
    )
    return "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it failed"])[-1]


def _changed(words: list[str], root: Path, variables: Mapping[str, str], file: str, port: int) -> float:
    change(root / file)
    with Answering(f"http://127.0.0.1:{port}/version", patient=True) as answering:
        began = time.monotonic()
        failed = _up(words, root, variables, str(time.monotonic_ns()))
    assert not failed, failed
    return answering.moment - began
