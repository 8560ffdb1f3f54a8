"""A project deployed to the local platform through the platform's own verbs, without the command line."""

from __future__ import annotations

import json
import os
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import yaml

from cloudnorth_cli import config
from cloudnorth_cli.commands.deploy import deploy
from cloudnorth_cli.commands.rollback import rollback
from cloudnorth_cli.events import AnyEvent, Journal, Listener, Notice, Result
from cloudnorth_cli.model import Actor, Request, Source, Verdict
from cloudnorth_cli.platforms.local import LocalPlatform
from cloudnorth_cli.platforms.local.place import MARK, TASK_MARK
from cloudnorth_cli.settings import Environment


@dataclass
class LocalProject:
    """A folder with a cloudnorth.yaml, and everything that its runs told."""

    root: Path
    config: dict[str, Any]
    events: list[AnyEvent] = field(default_factory=list)

    @property
    def environment(self) -> Environment:
        file, text = self.root / "cloudnorth.yaml", yaml.safe_dump(self.config)
        if file.read_text() != text:
            file.write_text(text)
        return config.environment(config.load_project(None, self.root, os.environ), "local", os.environ)

    def platform(self, *listeners: Listener) -> LocalPlatform:
        return LocalPlatform(self.environment, Journal(self.events.append, *listeners))

    def request(self, **changes: Any) -> Request:
        return Request(source=Source(commit="abc1234"), actor=Actor(who="tester@here", run="run-1"), **changes)

    def write(self, text: str) -> None:
        """Change what every sample says."""
        (self.root / "text.txt").write_text(text + "\n")

    def deploy(self, *listeners: Listener, **changes: Any) -> Result:
        platform = self.platform(*listeners)
        return deploy(platform, platform.environment, self.request(**changes), platform.journal)

    def rollback(self, to: str | None = None) -> Result:
        platform = self.platform()
        return rollback(platform, platform.environment, self.request(), platform.journal, to)

    def restart(self, *services: str) -> Verdict:
        platform = self.platform()
        with platform.journal.step("restart") as step, platform.lock(self.request(), "restart", step):
            return platform.restart(services, step)

    def scale(self, **counts: int) -> Verdict:
        platform = self.platform()
        with platform.journal.step("scale") as step, platform.lock(self.request(), "scale", step):
            return platform.scale(counts, step)

    def down(self) -> str:
        platform = self.platform()
        with platform.journal.step("down") as step:
            return platform.down(step)

    def ask(self, path: str = "/") -> dict[str, Any]:
        """What the front answers."""
        with urllib.request.urlopen(f"{self.platform().address()}{path}", timeout=15) as response:
            return dict(json.load(response))

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to it, whoever its parent is."""
        home = str(self.platform().place.home)
        return [each for each in psutil.process_iter() if home in _marks(each)]

    @property
    def notices(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Notice)]


def _marks(process: psutil.Process) -> tuple[str | None, str | None]:
    try:
        variables = process.environ()
    except (psutil.Error, OSError):
        return None, None
    return variables.get(MARK), variables.get(TASK_MARK)
