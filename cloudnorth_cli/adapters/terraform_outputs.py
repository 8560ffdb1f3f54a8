"""Terraform's outputs as the configuration names them: `{terraform.NAME}` in texts, `{terraform: NAME}` as a secret."""

from __future__ import annotations

import dataclasses
import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from cloudnorth_cli import shell, templates
from cloudnorth_cli.config.outputs import PREFIX
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Environment
from cloudnorth_cli.shell import Command, Completed
from cloudnorth_cli.suggestions import nearest

if TYPE_CHECKING:
    from cloudnorth_cli.adapters.terraform_run import Runner

SECONDS = 60.0
"""For `terraform output`: it reads the state from where that is kept, and nothing else."""
INIT_SECONDS = 600.0
"""For `terraform init` on a machine that has not got the providers yet: hundreds of megabytes."""


class Outputs:
    """The outputs of one environment, read when the first one is wanted and once in a run; from any thread.

    asked: whether Terraform may be asked at all; a rollback never does (it needs the cluster and the record only).
    """

    def __init__(self, environment: Environment, journal: Journal, *, asked: bool = True) -> None:
        self._environment = environment
        self._journal = journal
        self._asked = asked
        self._guard = threading.Lock()
        self._found: dict[str, Any] | Refused | None = None

    def filled(self, text: str, where: str) -> str:
        """A text with its `{terraform.NAME}` replaced; other placeholders stay. where: its place, for errors.

        Raises Refused for an output that is not there, is no text, or is sensitive: whatever text this is, it is
        seen by who may not see secrets.
        """
        return templates.fill_some(text, PREFIX, partial(self._text, where=where))

    def secret(self, name: str) -> Secret:
        """An output's value, sensitive or not; of a list or a map its JSON. Raises Refused."""
        value = self._value(name)
        if isinstance(value, Secret):
            return value
        return Secret(value if isinstance(value, str) else json.dumps(value))

    def _text(self, name: str, where: str) -> str:
        try:
            value = self._value(name)
            if isinstance(value, Secret):
                raise Refused(
                    f"Terraform's output {name} is sensitive, and this is seen by many: make it a secret, "
                    f"such as secrets: {{{name.upper().replace('-', '_')}: {{terraform: {name}}}}}",
                    code="terraform-sensitive",
                    next=(self.typed,),
                )
            if not isinstance(value, str | int | float):
                kind = "a list" if isinstance(value, list) else "a map"
                message = f"Terraform's output {name} is {kind}, not a text"
                raise Refused(message, code="terraform-output", next=(self.typed,))
        except Refused as error:
            error.where = error.where or where
            raise
        return value if isinstance(value, str) else json.dumps(value)

    def _value(self, name: str) -> Any:
        with self._guard:
            if self._found is None:
                self._found = self._tried()
            found = self._found
        if isinstance(found, Refused):
            raise found
        if not found:
            raise Refused(
                f"Terraform has no outputs in {self._environment.name}: nothing of it was made yet",
                code="terraform-output",
                next=(f"cloudnorth provision --env {self._environment.name}",),
            )
        if found.get(name) is None:
            what = "is null" if name in found else "is not there"
            hint = "" if name in found else f"; {nearest(name, found)}"
            message = f"Terraform's output {name} {what}{hint}"
            raise Refused(message, code="terraform-output", next=(self.typed,))
        return found[name]

    def _tried(self) -> dict[str, Any] | Refused:
        try:
            return self._read()
        except Refused as error:
            return error

    def _read(self) -> dict[str, Any]:
        if not self._asked:
            message = "Terraform is not asked here: a rollback needs the cluster and the record only"
            raise Refused(message, code="terraform-unasked", next=(self.typed,))
        from cloudnorth_cli.adapters import terraform as tool  # 50 ms that most runs have no use for
        from cloudnorth_cli.adapters.terraform_failures import said
        from cloudnorth_cli.adapters.terraform_run import open_runner

        runner = open_runner(self._environment, self._journal)
        # Where this machine has never worked on the environment, or its backend is another one by now, it says so
        # with status 1; asking first saves the providers' download wherever it is not needed.
        done = self._run(runner, runner.terraform.outputs(), SECONDS)
        if done.status != 0:
            self._journal.notice("getting Terraform's providers, to read its outputs")
            init = self._run(runner, runner.terraform.init(machine=False), INIT_SECONDS)
            done = self._run(runner, runner.terraform.outputs(), SECONDS) if init.status == 0 else init
        if done.status != 0:
            raise Refused(
                "Terraform's outputs cannot be read",
                code="terraform",
                evidence=said(done),
                next=(self.typed,),
            )
        found = tool.values(done.output)
        for value in found.values():
            if isinstance(value, Secret):
                self._journal.hide(value.reveal())
        return found

    def _run(self, runner: Runner, command: Command, seconds: float) -> Completed:
        # Nothing is lost when it is ended: it only reads.
        quick = dataclasses.replace(command, patience=shell.INTERRUPT_PATIENCE)
        try:
            return shell.run(quick, on_start=runner.told, check=False, timeout=seconds)
        except Refused as error:
            raise Refused(
                f"Terraform's outputs are wanted, and {error.message}",
                code="terraform-missing",
                where=self._environment.place("terraform", "command"),
                next=(f"cloudnorth doctor --env {self._environment.name}",),
            ) from error
        except Failed as error:
            raise Refused(
                f"Terraform's outputs: {error.message}",
                code="terraform",
                evidence=error.evidence,
                next=(self.typed,),
                retryable=True,
            ) from error

    @property
    def typed(self) -> str:
        """A command for a person, to see them."""
        return f"cloudnorth outputs --env {self._environment.name}"
