"""A project deployed to the local platform through the platform's own verbs, without the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cloudnorth_cli import config
from cloudnorth_cli.commands.deploy import deploy
from cloudnorth_cli.commands.rollback import rollback
from cloudnorth_cli.events import AnyEvent, Journal, Notice, Result
from cloudnorth_cli.model import Actor, Request, Source
from cloudnorth_cli.platforms import open_platform
from cloudnorth_cli.platforms.local import LocalPlatform
from cloudnorth_cli.settings import Environment


@dataclass
class LocalProject:
    """A folder with a cloudnorth.yaml, and everything that a run told."""

    root: Path
    config: dict[str, Any]
    events: list[AnyEvent] = field(default_factory=list)

    def save(self) -> None:
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))

    @property
    def environment(self) -> Environment:
        self.save()
        return config.environment(config.load_project(None, self.root, os.environ), "test", os.environ)

    def platform(self) -> LocalPlatform:
        made = open_platform(self.environment, Journal(self.events.append))
        assert isinstance(made, LocalPlatform)
        return made

    def request(self, **changes: Any) -> Request:
        return Request(source=Source(commit="abc1234"), actor=Actor(who="tester@here", run="run-1"), **changes)

    def deploy(self, **changes: Any) -> Result:
        platform = self.platform()
        return deploy(platform, platform.environment, self.request(**changes), platform.journal)

    def rollback(self, to: int | None = None) -> Result:
        platform = self.platform()
        return rollback(platform, platform.environment, self.request(), platform.journal, to)

    def restart(self, *services: str) -> None:
        platform = self.platform()
        with platform.lock(self.request(), "restart"), platform.journal.step("restart") as step:
            platform.restart(services, step)

    def down(self) -> str:
        platform = self.platform()
        with platform.journal.step("down") as step:
            return platform.down(step)

    @property
    def address(self) -> str:
        found = self.platform().address()
        assert found is not None
        return found

    @property
    def notices(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Notice)]


def project(root: Path, services: Mapping[str, Any], port: int, **more: Any) -> LocalProject:
    """A project with one environment called `test`."""
    environment = {"platform": "local", "port": port, "rollout": {"timeout": "20s"}} | more.pop("environment", {})
    made = LocalProject(
        root,
        {"version": 1, "project": "sample", "services": dict(services), "environments": {"test": environment}} | more,
    )
    made.save()
    return made
