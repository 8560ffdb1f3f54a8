"""A MariaDB of our own for as long as a block lasts, from Debian's mariadb-server."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.shop.processes import free_port, pinned, running

USER = "shop"
PASSWORD = "shop"  # noqa: S105  (its server lives for some minutes, on loopback)


def missing() -> bool:
    """Whether there is no server to start."""
    return shutil.which("mariadbd") is None


@contextmanager
def mariadb(folder: Path, core: int) -> Iterator[str]:
    """The address of an empty database on a new server that is pinned to `core`."""
    data, port = folder / "mariadb", free_port()
    as_root = ["--user=root"] if os.geteuid() == 0 else []
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
    subprocess.run([*make, "--skip-test-db", *as_root], check=True, capture_output=True)
    socket = folder / "mysql.sock"
    words = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={socket}", f"--port={port}", *as_root]
    words += ["--bind-address=127.0.0.1", "--max-connections=200", "--innodb-buffer-pool-size=256M"]
    # Each commit reaches the log's file, and the disk once a second: what both sides are measured with.
    words += ["--innodb-flush-log-at-trx-commit=2", "--skip-log-bin", f"--log-error={folder / 'mariadb.log'}"]
    with running(pinned(core, *words)):
        client = ["mariadb", "--no-defaults", f"--socket={socket}", "--user=root", "--execute"]
        end = time.monotonic() + 30
        while subprocess.run([*client, "SELECT 1"], capture_output=True).returncode:
            if time.monotonic() > end:
                raise RuntimeError((folder / "mariadb.log").read_text()[-2000:])
            time.sleep(0.1)
        user = f"{USER}@'%'"
        grant = f"CREATE DATABASE shop; CREATE USER {user} IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON shop.* TO {user}"
        subprocess.run([*client, grant], check=True, capture_output=True)
        yield f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/shop"
