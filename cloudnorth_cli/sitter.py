"""Interrupts a program when we are killed outright, and only then: so that it puts down what it knows and ends."""

from __future__ import annotations

import contextlib
import subprocess

_SIT = 'read told || kill -s INT -- "-$1"'
"""A line means that all is well; the end of the pipe without one, that we are gone."""


class Sitter:
    """Sits by one program's group, which it interrupts at most once.

    Not the kernel's PR_SET_PDEATHSIG: that comes also to a program which we had interrupted before we were killed (a
    pipeline's SIGTERM, and its SIGKILL five seconds later), and at a second SIGINT Terraform drops what it knows.
    """

    def __init__(self, group: int) -> None:
        self._process = subprocess.Popen(
            ["sh", "-c", _SIT, "cloudnorth-sitter", str(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def leave(self) -> None:
        """Nothing is to be done any more; may be called twice."""
        with contextlib.suppress(OSError, ValueError):
            self._process.communicate(b"\n")
