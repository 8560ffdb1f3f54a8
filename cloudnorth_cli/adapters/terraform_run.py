"""Terraform at work: its commands run one after the other, its failures told as ours."""

from __future__ import annotations

import dataclasses
import json
import shlex
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudnorth_cli import shell
from cloudnorth_cli.adapters import aws, aws_look, terraform_plan
from cloudnorth_cli.adapters import terraform as tool
from cloudnorth_cli.adapters import terraform_failures as failures
from cloudnorth_cli.adapters.terraform import Terraform
from cloudnorth_cli.adapters.terraform_begun import Begun, Beside, Left
from cloudnorth_cli.adapters.terraform_stream import Diagnostic, Stream, diagnostic
from cloudnorth_cli.errors import Broken, CloudnorthError, Interrupted, Locked, Refused
from cloudnorth_cli.events import CommandRun, Journal, Step
from cloudnorth_cli.model import Plan
from cloudnorth_cli.settings import Aws, Environment
from cloudnorth_cli.shell import Command, Completed

INIT_SECONDS = 600.0
"""For `terraform init`: hundreds of megabytes the first time, and then the backend, which may not answer at all."""
CHANGES = 2
"""Exit status of a plan that has something to do."""


@dataclass(frozen=True)
class Runner:
    """Runs Terraform for one environment. shown: the root module as the configuration names it."""

    terraform: Terraform
    journal: Journal
    shown: str
    beside: Beside | None = None
    """Where what is begun is noted beside the state."""

    def ready(self, step: Step) -> None:
        """See that Terraform is there, get providers and modules, and read the configuration.

        Raises Refused; UsageError for a mistake in the files.
        """
        version = self.initialise(step)
        step.waiting(f"reading {self.shown}/")
        told = self._quiet(self.terraform.validate(), check=False)
        try:
            errors = [diagnostic(one) for one in json.loads(told.output)["diagnostics"] if one["severity"] == "error"]
        except (ValueError, KeyError) as error:
            raise Refused("terraform validate said nothing", code="terraform", evidence=failures.said(told)) from error
        if errors:
            raise self._problem(errors, "terraform validate")
        step.summary = f"Terraform {version}, {self.shown}/ is valid"

    def check_saved(self) -> None:
        """Raises Refused where an earlier run could not write its state, which is still to be put in its place."""
        kept = self.terraform.folder / failures.UNSAVED
        if not kept.is_file():
            return
        unsaved, now = tool.serial(kept.read_text(encoding="utf-8")), self.serial()
        if unsaved[0] == now[0] and unsaved[1] <= now[1]:
            return  # it was put there already
        if now[0] not in ("", unsaved[0]):
            return  # of another environment with the same root module
        raise Refused(
            f"an earlier run could not write its state: it is in {self.shown}/{failures.UNSAVED}. "
            "A run without it would make the same things again",
            code="state-unsaved",
            next=(failures.push_unsaved(self.terraform),),
        )

    def initialise(self, step: Step) -> str:
        """Terraform's version, once its providers and backend are there. Raises Refused."""
        version = tool.check_version(self._quiet(self.terraform.version()).output, self.terraform.program)
        if self.beside:
            self.beside.check()
        step.waiting("getting providers and modules")
        self._stream(self.terraform.init(), Stream(step), "terraform init", timeout=INIT_SECONDS)
        step.summary = f"Terraform {version}"
        return version

    def plan(
        self,
        step: Step,
        out: Path,
        *,
        destroy: bool = False,
        allowed: Collection[str] = (),
        all_allowed: bool = False,
        wait: float = tool.LOCK_WAIT,
    ) -> Plan:
        """Find out what there is to do; `out` is written, readable by us alone.

        wait: seconds for whoever has the state.

        Raises Refused, UsageError, Locked.
        """
        out.touch(mode=0o600)
        plan, fine = self.terraform.plan, (0, CHANGES)
        try:
            self._stream(plan(out, destroy=destroy), Stream(step), "terraform plan", fine)
        except Locked as held:
            if not wait:
                raise
            step.notice(f"{held.message}; waiting for that, {wait:.0f} s at most")
            step.waiting(held.message)
            self._stream(plan(out, destroy=destroy, wait=wait), Stream(step), "terraform plan", fine)
        out.chmod(0o600)
        step.waiting("reading the plan")
        return self.read(out, allowed, all_allowed=all_allowed)

    def read(self, plan: Path, allowed: Collection[str] = (), *, all_allowed: bool = False) -> Plan:
        """What a plan's file would do. Raises Refused where it is none."""
        shown = self._quiet(self.terraform.show(plan), check=False)
        if shown.status != 0:
            raise Refused(f"{plan.name} is no plan of this Terraform", code="plan-file", evidence=failures.said(shown))
        return terraform_plan.parse(
            shown.output, self.shown, self.terraform.environment, allowed, all_allowed=all_allowed
        )

    def apply(self, step: Step, plan: Path, stream: Stream, who: str = "") -> None:
        """Do what the plan's file says. `stream` knows afterwards what was done, also when this is interrupted.

        who: for whoever finds that it did not end.
        Raises Failed (nothing was changed), Broken (something was), Locked and Refused (it did not begin).
        """
        with self.begun.kept(who) as begun:
            stream.on_create = begun
            try:
                done = self._run(self.terraform.apply(plan), stream)
            except Interrupted:
                self._ended(stream)
                raise
        if done.status < 0:
            raise self._killed(stream, -done.status)
        self._ended(stream)
        if done.status == 0:
            return
        errors = stream.errors or [Diagnostic(f"terraform apply ended with status {done.status}")]
        if not stream.begun:
            raise self._problem(errors, "terraform apply")
        raise failures.during(stream, errors, self.terraform, self.tainted())

    @property
    def begun(self) -> Begun:
        return Begun(self.terraform.begun, self.beside, lambda text: self.journal.notice(text, "warning"))

    def lost(self) -> Left | None:
        """What an earlier apply had begun and the state does not know, where that run was killed."""
        if not (left := self.begun.left()):
            return None
        told = self._quiet(self.terraform.show(), check=False)
        if told.status != 0:
            return left
        known = tool.addresses(told.output)
        return dataclasses.replace(left, begun=tuple(address for address in left.begun if address not in known))

    def _ended(self, stream: Stream) -> None:
        """Terraform has written its state, or says where it is."""
        if not self.unsaved(stream):
            self.begun.forget()

    def unsaved(self, stream: Stream) -> CloudnorthError | None:
        """That an apply could not write its state, where it could not."""
        return failures.unsaved(stream, stream.errors, self.terraform)

    def _killed(self, stream: Stream, number: int) -> CloudnorthError:
        """Terraform did not get to write its state: what it had begun may be there without being known."""
        known = (
            tool.addresses(told.output) if (told := self._quiet(self.terraform.show(), check=False)).status == 0 else ()
        )
        lost = [address for address in (*stream.done, *stream.in_flight) if address not in known]
        return Broken(
            f"Terraform was killed by signal {number}: {len(stream.done)} of {stream.total} resources done",
            code="terraform-killed",
            evidence=(["may exist without being in the state:", *lost] if lost else ["the state knows all of them"]),
            next=tuple(self.terraform.typed("import", shlex.quote(address), "ID") for address in lost[:3]),
        )

    def outputs(self) -> dict[str, Any]:
        """Name to value, sensitive ones as stars. Raises Refused."""
        told = self._quiet(self.terraform.outputs(), check=False)
        if told.status != 0:
            raise Refused("terraform output failed", code="terraform", evidence=failures.said(told))
        return tool.outputs(told.output)

    def serial(self) -> tuple[str, int]:
        """Lineage and serial of the state as it is now."""
        told = self._quiet(self.terraform.pull(), check=False)
        if told.status != 0:
            raise Refused("the state cannot be read", code="terraform-state", evidence=failures.said(told))
        return tool.serial(told.output)

    def tainted(self) -> tuple[str, ...]:
        """Addresses that were left half-made; empty where the state cannot be read."""
        told = self._quiet(self.terraform.show(), check=False)
        return tool.tainted(told.output) if told.status == 0 else ()

    def _quiet(self, command: Command, *, check: bool = True) -> Completed:
        return shell.run(command, on_start=self.told, check=check)

    def _run(self, command: Command, on_line: Callable[[str], None], timeout: float | None = None) -> Completed:
        return shell.run(command, on_line=on_line, on_start=self.told, check=False, timeout=timeout)

    def _stream(
        self,
        command: Command,
        stream: Stream,
        what: str,
        fine: Sequence[int] = (0,),
        timeout: float | None = None,
    ) -> None:
        done = self._run(command, stream, timeout)
        if done.status not in fine:
            if stream.errors:
                raise self._problem(stream.errors, what)
            raise self._problem([Diagnostic(f"{what} ended with status {done.status}")], what, done)

    def told(self, command: Command) -> None:
        self.journal.emit(CommandRun(line=str(command), cwd=str(command.cwd or "")))

    def _problem(self, errors: Sequence[Diagnostic], what: str, done: Completed | None = None) -> CloudnorthError:
        """What went wrong before anything was changed."""
        return failures.before(errors, what, self.terraform, self.shown, done)


def open_runner(environment: Environment, journal: Journal) -> Runner:
    """Terraform for an environment. Raises Refused where the configuration names none."""
    settings = environment.file.terraform
    if settings is None:
        raise Refused(
            f"environment {environment.name} has no `terraform`, such as: "
            "terraform: {dir: terraform, vars: [envs/prod.tfvars]}",
            code="no-terraform",
            next=(f"cloudnorth config --env {environment.name}",),
        )
    place = environment.file.aws
    given = {"AWS_REGION": place.region, "AWS_PROFILE": place.profile}
    terraform = Terraform(
        folder=environment.root / settings.dir,
        environment=environment.name,
        vars=settings.vars,
        backend=settings.backend,
        workspace=settings.workspace,
        profile=place.profile,
        program=settings.command,
        environ={name: value for name, value in given.items() if value},
    )
    return Runner(terraform, journal, settings.dir, _beside(terraform, place))


def _beside(terraform: Terraform, place: Aws) -> Beside | None:
    """An object beside the state's, where that is in S3 itself; with Terraform's own credentials, not `aws.role`."""
    file = terraform.folder / terraform.backend if terraform.backend else None
    if file is None or not file.is_file():
        return None
    told = aws_look.backend(file)
    if not {"bucket", "key"} <= told.keys() or any(name in told for name in ("s3", "endpoint", "role_arn")):
        return None
    door = aws.Door(Aws(region=told.get("region", place.region), profile=told.get("profile", place.profile)))
    return Beside(door, told["bucket"], f"{told['key']}.{terraform.environment}.begun")
