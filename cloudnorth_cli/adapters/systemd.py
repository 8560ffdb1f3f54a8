"""systemd: one unit that keeps a local environment running, as an unprivileged user."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudnorth_cli import system
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.shell import Command, run

FOLDER = Path("/etc/systemd/system")
"""Units of the administrator (systemd.unit(5), "Unit File Load Path")."""
BOOTED = Path("/run/systemd/system")
"""There where systemd runs the machine (sd_booted(3))."""

_UNIT = """\
# Written by `cloudnorth service install`; taken away by `cloudnorth service uninstall`.
[Unit]
Description={description}
Wants=network-online.target
After=network-online.target

[Service]
Type=exec
User={user}
WorkingDirectory={folder}
{environ}
ExecStart={start}
Restart=on-failure
RestartSec=2
KillMode=mixed
TimeoutStopSec=45
RuntimeDirectory={runtime}
RuntimeDirectoryMode=0700
UMask=0077

# At most this much of the machine, the services' processes included.
LimitNOFILE=65536
TasksMax=2048
MemoryMax=90%

# Ports 80 and 443 for Caddy, which alone keeps the right to them, and nothing else of root's.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writes}
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
# MemoryDenyWriteExecute is left out: Node and PyPy compile at run time.


@dataclass(frozen=True)
class Unit:
    """What a unit is made of."""

    name: str
    """`cloudnorth-shop-local.service`."""
    description: str
    user: str
    folder: Path
    """Where it is started."""
    start: Sequence[str]
    environ: Mapping[str, str]
    writes: Sequence[Path]
    """Folders that it may write to; everything else it may only read."""

    @property
    def runtime(self) -> str:
        """Name of its folder below /run."""
        return self.name.removesuffix(".service")

    def __str__(self) -> str:
        return _UNIT.format(
            description=_plain(self.description),
            user=self.user,
            folder=_plain(str(self.folder)),
            environ="\n".join(f"Environment={_quoted(f'{name}={value}')}" for name, value in self.environ.items()),
            start=" ".join(_quoted(word.replace("$", "$$")) for word in self.start),
            runtime=self.runtime,
            writes=" ".join(_quoted(str(path)) for path in self.writes),
        )


def file_of(name: str) -> Path:
    return FOLDER / name


def installed(name: str) -> bool:
    """Whether the unit is there and systemd runs this machine."""
    return file_of(name).is_file() and BOOTED.is_dir()


def install(unit: Unit) -> bool:
    """Write a unit, start it now and at every boot; False where systemd does not run now. Raises Refused, Failed."""
    if not system.HAS_SYSTEMD:
        raise Refused("systemd keeps services on Linux only; this system has none", code="service-linux-only")
    try:
        file_of(unit.name).write_text(str(unit))
    except OSError as error:
        raise Refused(f"cannot write {file_of(unit.name)}: {error.strerror}", code="service-root") from error
    if not BOOTED.is_dir():
        return False
    _systemctl("daemon-reload")
    _systemctl("enable", "--now", unit.name)
    return True


def uninstall(name: str) -> bool:
    """Stop a unit and take it away; False where there was none. Raises Refused, Failed."""
    if not file_of(name).exists():
        return False
    if BOOTED.is_dir():
        _systemctl("disable", "--now", name)
    try:
        file_of(name).unlink()
    except OSError as error:
        raise Refused(f"cannot remove {file_of(name)}: {error.strerror}", code="service-root") from error
    if BOOTED.is_dir():
        _systemctl("daemon-reload")
    return True


def state(name: str) -> str:
    """`active`, `inactive`, `failed` and the like (systemctl(1), is-active); "" where systemd does not run."""
    if not BOOTED.is_dir():
        return ""
    return run(Command(("systemctl", "is-active", name)), check=False).output.strip()


def _systemctl(*words: str) -> None:
    run(Command(("systemctl", *words)), timeout=120)


def _plain(text: str) -> str:
    """A value in which `%` stands for itself (systemd.unit(5), "Specifiers")."""
    if "\n" in text:
        raise Refused(f"a unit cannot hold a line break: {text!r}", code="service-name")
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """One word of a list of words (systemd.syntax(7), "Quoting")."""
    return '"' + _plain(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
