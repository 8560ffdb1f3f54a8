"""moto for the lab's own Python, of the versions that requirements-dev.lock names.

In the cache like everything else that the lab runs, so that a lab outlives the clone that started it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.lab.build.debian import fingerprint
from tests.lab.build.steps import log_dir, made_once, run
from tests.lab.settings import VERSIONS, cache_dir

LOCK = Path(__file__).resolve().parents[3] / "requirements-dev.lock"
WANTED = ("moto", "flask", "flask-cors")
TELLING = (*WANTED, "boto3", "botocore", "cryptography", "werkzeug")
"""Whose versions make another folder in the cache."""
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s\\;]+)", re.MULTILINE)


def libraries() -> Path:
    """Where they lie in the cache, built or not."""
    pins = _pins()
    return cache_dir() / "python" / f"moto-{pins['moto']}-{fingerprint([(name, pins[name]) for name in TELLING])}"


def build_libraries() -> None:
    """Install them unless the cache has them; LabError with the log's end when that fails."""
    with made_once(libraries(), f"moto {_pins()['moto']} for the lab's Python", "half a minute") as into:
        if into is None:
            return
        constraints = into / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in _pins().items()))
        # The lab's Python is Debian's, this one may be another.
        python = str(VERSIONS.table["images"]["base/python"])
        argv = [
            sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--target", str(into), "--upgrade",
            "--python-version", python, "--only-binary=:all:", "--constraint", str(constraints), *WANTED,
        ]  # fmt: skip
        run(argv, log_dir() / "moto.log")


def _pins() -> dict[str, str]:
    return {found["name"]: found["version"] for found in PIN.finditer(LOCK.read_text())}
