"""`cloudnorth service`: an environment of this machine kept by systemd, from boot on."""

from __future__ import annotations

import getpass
import os
from typing import Never

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.model import Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment


def status(platform: Platform, environment: Environment) -> Result:
    """Whether the service is there and runs; exit status 7 when it does not."""
    service = platform.service()
    state = service.state()
    well = state in ("active", "installed")
    return Result(
        command="service",
        exit_status=int(ExitStatus.DONE if well else ExitStatus.UNHEALTHY),
        outcome="done",
        environment=environment.name,
        summary=f"{service.name} is {state}",
        next=()
        if well
        else (_install(environment) if state == "not installed" else f"systemctl status {service.name}",),
    )


def show(platform: Platform, environment: Environment, user: str | None) -> Result:
    """The unit, written nowhere."""
    text = platform.service().unit(user or _invoker())
    return Result(command="service", exit_status=0, outcome="done", environment=environment.name, text=text)


def install(platform: Platform, environment: Environment, journal: Journal, user: str | None) -> Result:
    """Write the unit and start it. Raises Refused, Failed."""
    service = platform.service()
    with journal.step("service") as step:
        if os.geteuid() != 0:
            raise Refused("only root may install a service", code="service-root", next=(_install(environment),))
        runs = service.install(user or _invoker())
        step.summary = service.name
    state = "runs, now and from every boot on" if runs else "runs from the next boot on; systemd does not run here now"
    return _done(environment, journal, f"{service.name} {state}.", outcome.command(environment, "deploy"))


def uninstall(platform: Platform, environment: Environment, journal: Journal, _: str | None) -> Result:
    """Stop the service and take its unit away; data and releases stay. Raises Refused, Failed."""
    service = platform.service()
    with journal.step("service") as step:
        was_there = service.uninstall()
        step.summary = service.name
    done = "is gone; data and releases stay" if was_there else "was not installed"
    return _done(environment, journal, f"{service.name} {done}.", outcome.command(environment, "deploy"))


def run(platform: Platform, request: Request) -> Never:
    """Become the service; called by its unit. Raises Refused, Locked."""
    platform.service().run(request)
    raise AssertionError("it became another program")


def _invoker() -> str:
    """Who typed `sudo`, or who we are."""
    return os.environ.get("SUDO_USER") or getpass.getuser()


def _install(environment: Environment) -> str:
    user = _invoker()
    return f"sudo {outcome.command(environment, 'service install')} --user {'NAME' if user == 'root' else user}"


def _done(environment: Environment, journal: Journal, summary: str, then: str) -> Result:
    return Result(
        command="service",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        summary=summary,
        seconds=journal.seconds,
        next=(then,),
    )
