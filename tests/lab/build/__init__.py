"""What the lab is built from, kept in the cache: Go programs, Debian roots, Python libraries, images."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.lab.build.debian import ROOTS, build_root
from tests.lab.build.go import build_go_programs
from tests.lab.build.images import build_images
from tests.lab.build.python import build_libraries


def build_all() -> None:
    """Build what the cache lacks; nothing, and no network, when it lacks nothing."""
    with ThreadPoolExecutor(1) as side:  # fetching packages leaves the cores to the compiler
        packages = side.submit(_build_from_packages)
        build_go_programs()
        packages.result()
    build_images()


def _build_from_packages() -> None:
    build_libraries()
    for name in ROOTS:
        build_root(name)
