"""Memory of supervisord and Caddy, without the shop: proportional set size, shared pages counted by their share."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from cloudnorth_cli.platforms.local.place import MARK
from tests.e2e.shop import Shop


def measure(shop: Shop, when: str) -> None:
    """Print PSS (proc(5), smaps_rollup) and RSS in MB (10^6 bytes)."""
    home = shop.extra["XDG_DATA_HOME"]
    rows = []
    for process in psutil.process_iter():
        try:
            if not process.environ().get(MARK, "").startswith(home):
                continue
            words = process.cmdline()
        except (psutil.Error, OSError):
            continue
        name = next((each for each in ("supervisord", "caddy") if any(each in word for word in words[:3])), None)
        if name:
            rows.append((name, _pss(process.pid), process.memory_info().rss))
    print(f"\nMemory of the platform {when}")
    for name, pss, rss in (*sorted(rows), ("together", sum(row[1] for row in rows), sum(row[2] for row in rows))):
        print(f"  {name:44} PSS {pss / 1e6:6.1f} MB  RSS {rss / 1e6:6.1f} MB")
    print("  bound: 90 MB together")


def _pss(pid: int) -> int:
    found = re.findall(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
    return int(found[0]) * 1024
