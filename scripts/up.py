"""`make up`: install, deploy the bundled shop on this machine, and say what the first run took."""

import os
import subprocess
import sys
import time
from pathlib import Path

from scripts.install import ROOT, VENV, check_python, install


def megabytes(*folders: Path) -> int:
    """Disk that folders take, counting hard links once."""
    seen: dict[tuple[int, int], int] = {}
    for folder in folders:
        for top, _, names in os.walk(folder):
            for name in names:
                stat = os.lstat(os.path.join(top, name))
                seen[stat.st_dev, stat.st_ino] = stat.st_blocks * 512
    return round(sum(seen.values()) / 1_000_000)


def main() -> int:
    started = time.monotonic()
    check_python()
    try:
        first = install(dev=False)
    except subprocess.CalledProcessError as error:
        print(f"installing ended with status {error.returncode}; its last lines are above", file=sys.stderr)
        return error.returncode
    if first:
        took = time.monotonic() - started
        print(f"installed in {took:.0f} s, {megabytes(VENV)} MB in .venv", flush=True)
    return subprocess.run([str(VENV / "bin" / "cloudnorth"), "deploy", "--env", "local"], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
