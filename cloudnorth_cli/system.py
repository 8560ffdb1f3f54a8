"""What differs between Linux and macOS. Imports nothing of ours: the launcher reads it by its path.

Tested on Linux; written for macOS and not tested there. Where the kernel does not end what an outright kill leaves
running, the next run does, told by a variable of its environment.
"""

from __future__ import annotations

import ctypes
import os
import sys

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_PR_SET_PDEATHSIG = 1
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4

HAS_SYSTEMD = sys.platform == "linux"
"""Whether there is a service manager that `service install` writes for."""


def end_with_parent(number: int) -> None:
    """Let this process be sent a signal when the thread that started it ends (prctl(2)); Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def end_with_supervisor(number: int) -> None:
    """The same for a process whose parent may have ended already; it ends at once then."""
    parent = os.getppid()
    end_with_parent(number)
    if os.getppid() != parent:
        sys.exit("whoever started this is gone")


def give_up_rights() -> None:
    """Hand on none of the rights that a service was given for its front (capabilities(7), "Ambient"); Linux only."""
    if _libc is not None:
        _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
