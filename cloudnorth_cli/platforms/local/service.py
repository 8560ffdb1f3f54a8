"""A local environment kept by the machine's own service manager: it starts at boot, as a user of its own."""

from __future__ import annotations

import os
import pwd
import sys
from pathlib import Path

from cloudnorth_cli.adapters import systemd
from cloudnorth_cli.errors import Refused, UsageError
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms.local import backups, launch, lock
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.platforms.local.place import place
from cloudnorth_cli.settings import Environment

PATH = "/usr/local/bin:/usr/bin:/bin"


def name(environment: Environment) -> str:
    """Of the unit: two projects of one name on a machine differ by the folder's eight digits."""
    return f"cloudnorth-{place(environment).home.parent.name}-{environment.name}.service"


def unit(environment: Environment, user: str) -> systemd.Unit:
    """The unit that keeps an environment as this user. Raises UsageError, Refused."""
    try:
        account = pwd.getpwnam(user)
    except KeyError as error:
        raise UsageError(f"there is no user {user} on this machine", code="user-unknown") from error
    if account.pw_uid == 0:
        raise Refused(
            f"{environment.name} would run as root; name the user that it is to run as",
            code="service-user",
            next=(f"sudo cloudnorth service install --env {environment.name} --user NAME",),
        )
    made = name(environment)
    runtime = f"/run/{made.removesuffix('.service')}"
    home = place(environment, {"HOME": account.pw_dir}).home
    # A short list instead of a login's: what the services get is in cloudnorth.yaml.
    environ = {"HOME": account.pw_dir, "USER": user, "PATH": PATH, "LANG": "C.UTF-8", "XDG_RUNTIME_DIR": runtime}
    program = (sys.executable, "-P", "-m", "cloudnorth_cli")
    words = ("service", "run", "--env", environment.name, "--config", str(environment.config_path))
    return systemd.Unit(
        name=made,
        description=f"{environment.project} ({environment.name}), kept by cloudnorth",
        user=user,
        folder=environment.root,
        start=(*program, *words),
        environ=environ,
        writes=(home.parent,),
    )


def not_running(environment: Environment) -> Refused | None:
    """Why a release cannot be started: the unit is there, and whoever runs it is not."""
    unit_name = name(environment)
    if not systemd.installed(unit_name):
        return None
    return Refused(
        f"{environment.name} is kept by {unit_name}, which does not run",
        code="service-stopped",
        next=(f"sudo systemctl start {unit_name}",),
    )


def make_folders(environment: Environment, user: str) -> Path:
    """Make the folder that the unit may write to, for its user."""
    account = pwd.getpwnam(user)
    home = place(environment, {"HOME": account.pw_dir}).home
    missing = [each for each in (home.parent, *home.parent.parents) if not each.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.pw_uid, account.pw_gid)
    return home.parent


class Service:
    """The service of one environment."""

    def __init__(self, environment: Environment, machine: Machine) -> None:
        self.name = name(environment)
        self._environment = environment
        self._machine = machine

    def unit(self, user: str) -> str:
        return str(unit(self._environment, user))

    def install(self, user: str) -> bool:
        wanted = unit(self._environment, user)
        make_folders(self._environment, user)
        return systemd.install(wanted)

    def uninstall(self) -> bool:
        return systemd.uninstall(self.name)

    def state(self) -> str:
        if not systemd.file_of(self.name).exists():
            return "not installed"
        return systemd.state(self.name) or "installed"

    def run(self, request: Request) -> None:
        place = self._machine.place
        place.make()
        if self._machine.supervisor.running():
            raise Refused(
                f"{self._environment.name} runs already, and not as a service",
                code="runs-already",
                next=(f"cloudnorth down --env {self._environment.name}",),
            )
        with lock.hold(place.lock, request, "service", self._environment.name):
            backups.finish(place)
            words = self._machine.revive()
        os.chdir(place.home)
        os.execve(words[0], words, launch.inherited() | place.marker)
