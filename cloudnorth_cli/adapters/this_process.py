"""A name for this process by which another one of the same machine can tell whether it still runs."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def name() -> str:
    """`HOST/BOOT/PID/STARTED`."""
    return f"{socket.gethostname()}/{_boot()}/{os.getpid()}/{_started(str(os.getpid()))}"


def is_gone(name: str) -> bool:
    """Whether it names a process of this machine, since this start of it, that is no more."""
    host, _, rest = name.partition("/")
    boot, _, rest = rest.partition("/")
    pid, _, started = rest.partition("/")
    if not boot or not started or not pid.isdigit() or (host, boot) != (socket.gethostname(), _boot()):
        return False
    return _started(pid) != started


def _boot() -> str:
    """Of this start of the machine and this process namespace; "" where the system does not tell (not Linux)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}.{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: str) -> str:
    """When a process was started, in ticks since the boot; "" when there is none (proc(5), field 22 of stat)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
