"""Ends the local environments of a test run that was killed before it could end them itself.

A process of its own session waits until the run's pipe closes, however the run ends, and then ends every process whose
environment names a place in the run's folder.
"""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path

import psutil

VARIABLES = ("CLOUDNORTH_LOCAL", "CLOUDNORTH_LOCAL_TASK")


@functools.cache
def watch(folder: Path) -> subprocess.Popen[bytes]:
    """Begin to wait; once for a folder."""
    return subprocess.Popen(
        [sys.executable, __file__, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )


def main(folder: str) -> None:
    sys.stdin.read()
    for process in psutil.process_iter():
        try:
            variables = process.environ()
        except (psutil.Error, OSError):
            continue
        if any(variables.get(name, "").startswith(f"{folder}/") for name in VARIABLES):
            process.kill()


if __name__ == "__main__":
    main(sys.argv[1])
