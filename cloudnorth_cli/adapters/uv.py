"""uv: virtual environments from a requirements lock, shared by everything with the same lock."""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.shell import Command, run

_FROM_PIP = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "timeout": "UV_HTTP_TIMEOUT",
    "cert": "SSL_CERT_FILE",
}
"""pip's settings, which uv does not read, and the variables by which uv takes the same (docs.astral.sh/uv, "pip")."""


def binary() -> str:
    """The program, from the wheel beside our interpreter or from PATH. Raises Refused."""
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if not found:
        raise Refused("uv is missing", code="tool-missing", next=("pip install 'cloudnorth[local]'",))
    return found


def key(lock: Path) -> str:
    """Names the environment of a lock: its bytes and this Python. Raises Refused when it cannot be read."""
    try:
        content = lock.read_bytes()
    except OSError as error:
        raise Refused(f"cannot read {lock}: {error.strerror}", code="requirements-missing", where=str(lock)) from error
    made_for = f"{platform.python_implementation()} {platform.python_version()} {platform.machine()}"
    return hashlib.sha256(content + made_for.encode()).hexdigest()[:16]


def environment(
    lock: Path, store: Path, on_line: Callable[[str], None], on_start: Callable[[Command], None] | None = None
) -> tuple[Path, bool]:
    """The virtual environment of a lock with hashes, and whether it was made now. Raises Refused, Failed.

    store: folder of environments by key; two runs at once make one.
    """
    folder = store / key(lock)
    done = folder / ".complete"
    if done.exists():
        os.utime(folder)  # in use again: `prune` spares it
        return folder, False
    store.mkdir(parents=True, exist_ok=True)
    with (store / f"{folder.name}.lock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if done.exists():
            return folder, False
        shutil.rmtree(folder, ignore_errors=True)  # what a killed run left
        environ = pip_settings()
        # The interpreter that ours came from, so that the environment outlives the tool's own.
        python = getattr(sys, "_base_executable", sys.executable)
        for words in (
            ("venv", "--quiet", "--no-project", "--python", python, str(folder)),
            ("pip", "sync", "--require-hashes", "--python", str(folder / "bin" / "python"), str(lock)),
        ):
            try:
                run(Command((binary(), *words), environ=environ), on_line=on_line, on_start=on_start)
            except Failed as error:
                message = f"the requirements of {lock} cannot be installed"
                raise Failed(message, code="prepare-failed", where=str(lock), evidence=error.evidence) from error
        done.touch()
    return folder, True


def pip_settings(environ: Mapping[str, str] = os.environ) -> dict[str, str | Secret]:
    """This machine's pip settings as variables for uv; what is set for uv stands. Addresses may hold passwords."""
    asked = Command((sys.executable, "-m", "pip", "config", "list"))
    found: dict[str, str | Secret] = {}
    for line in sorted(run(asked, check=False).output.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        variable = _FROM_PIP.get(name.rpartition(".")[2])
        if variable and variable not in environ and name.split(".")[0] in ("global", "install", ":env:"):
            words = str(ast.literal_eval(value)).split()
            found[variable] = Secret(("," if variable == "UV_FIND_LINKS" else " ").join(words))
    return found
