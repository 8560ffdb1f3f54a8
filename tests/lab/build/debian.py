"""Root file systems from Debian's packages: the lab's own, and those of its Python and MariaDB images.

Nothing is installed on the machine. apt works with lists of its own, only to fetch debootstrap; debootstrap unpacks
the rest into the cache, inside a mount and PID namespace, so that killing it leaves neither mount nor process.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

from tests.lab.build.steps import log_dir, made_once, run, tail
from tests.lab.errors import LabError
from tests.lab.settings import VERSIONS, cache_dir

ROOTS = ("lab", "python", "mariadb")
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
# What a root needs neither to run nor to build with; a third of its size.
UNWANTED = ("var/cache/apt/*.bin", "var/cache/apt/archives/*.deb", "var/lib/apt/lists/*", "usr/share/doc/*",
            "usr/share/man/*", "usr/share/locale/*", "usr/share/info/*", "var/log/*.log", "var/log/apt/*")  # fmt: skip


def root(name: str) -> Path:
    """Where a root file system (`lab`, `python`, `mariadb`) lies in the cache, built or not."""
    return cache_dir() / "roots" / f"{name}-{VERSIONS.suite}-{fingerprint(VERSIONS.packages(name))}"


def fingerprint(recipe: object) -> str:
    """A short name for what something is made of: another recipe, another place in the cache."""
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:8]


def build_root(name: str) -> Path:
    """Build a root file system unless the cache has it; LabError with the log's end when that fails."""
    target = root(name)
    with made_once(target, f"the {name} root from Debian {VERSIONS.suite}", "1-2 min") as into:
        if into is not None:
            _debootstrap(into, VERSIONS.packages(name))
            _trim(into)
            _trust_what_the_machine_trusts(into)
    return target


def _debootstrap(into: Path, packages: list[str]) -> None:
    home = _fetch_debootstrap() / "usr"
    debs = cache_dir() / "debs"
    debs.mkdir(parents=True, exist_ok=True)
    mirror = _mirror()
    argv: list[str | Path] = [
        "unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private",
        "sh", home / "sbin/debootstrap", "--variant=minbase", f"--include={','.join(packages)}",
        f"--cache-dir={debs}", VERSIONS.suite, into, *([mirror] if mirror else []),
    ]  # fmt: skip
    log = log_dir() / f"{into.name}.log"
    try:
        run(argv, log, env={"DEBOOTSTRAP_DIR": str(home / "share/debootstrap"), "LC_ALL": "C"})
    except LabError as error:
        inner = into / "debootstrap/debootstrap.log"
        raise LabError(f"{error}\n{inner}:\n{tail(inner)}") from error


def _trust_what_the_machine_trusts(into: Path) -> None:
    """Copy the machine's certificate bundle over the root's: an inspecting proxy's authority may stand in it."""
    bundle = into / CA_BUNDLE.relative_to("/")
    if bundle.exists() and CA_BUNDLE.exists():
        shutil.copyfile(CA_BUNDLE, bundle)


def _trim(into: Path) -> None:
    for pattern in UNWANTED:
        for path in into.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def _fetch_debootstrap() -> Path:
    target = cache_dir() / "debootstrap"
    with made_once(target, "debootstrap") as into:
        if into is not None:
            apt = into / "apt"
            (apt / "lists/partial").mkdir(parents=True)
            (apt / "cache/archives/partial").mkdir(parents=True)
            options = ["-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache",
                       "-o", "APT::Update::Post-Invoke=", "-o", "APT::Update::Post-Invoke-Success=",
                       "-o", "APT::Sandbox::User=root"]  # fmt: skip
            log = log_dir() / "debootstrap.log"
            run(["apt-get", *options, "update"], log)
            run(["apt-get", *options, "download", "debootstrap"], log, cwd=apt)
            for deb in apt.glob("*.deb"):
                run(["dpkg-deb", "-x", deb, into], log)
            shutil.rmtree(apt)
    return target


def _mirror() -> str | None:
    """The mirror that this machine's apt uses for the suite; None leaves debootstrap to its own default."""
    shown = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(RELEASE)", "Created-By: Packages"],
        capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"},
    )  # fmt: skip
    for line in shown.stdout.splitlines():
        uri, _, rest = line.partition(" ")
        if rest == f"Debian {VERSIONS.suite}":
            return uri
    return None
