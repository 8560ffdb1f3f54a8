"""The Express reference, installed from its lock outside of the tree, once for each lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("express")
FILES = ("package.json", "package-lock.json", "server.js", "database.js")


def install() -> Path:
    """The folder of the reference with its packages."""
    content = b"".join((SOURCE / name).read_bytes() for name in FILES[:2])
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "cloudnorth-bench"
    folder = cache / f"express-{hashlib.sha256(content).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(SOURCE / name, folder)
    if not (folder / "installed").exists():
        print("installing the Express reference (better-sqlite3 is compiled: some minutes, once)", flush=True)
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
        (folder / "installed").touch()
    return folder
