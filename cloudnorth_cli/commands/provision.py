"""`cloudnorth provision`: what the environment stands on, planned, shown, and exactly that applied."""

from __future__ import annotations

import contextlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.terraform import LOCK_WAIT
from cloudnorth_cli.adapters.terraform_begun import Left
from cloudnorth_cli.adapters.terraform_run import Runner, open_runner
from cloudnorth_cli.adapters.terraform_stream import Stream
from cloudnorth_cli.commands import locking, outcome, saved_plan
from cloudnorth_cli.commands.guard import Ask
from cloudnorth_cli.errors import Broken, ExitStatus, Failed, Interrupted, Locked, Refused, UsageError
from cloudnorth_cli.events import Journal, Planned, Result
from cloudnorth_cli.model import Plan, Request
from cloudnorth_cli.platforms import Platform
from cloudnorth_cli.settings import Environment

GROUND = ("aws_eks_", "aws_db_", "aws_rds_", "aws_vpc", "aws_subnet", "aws_nat_", "aws_route", "aws_security_group")
"""Types under the feet of what serves: while one is changed or destroyed nobody deploys."""


@dataclass(frozen=True)
class Wishes:
    """What `provision` was asked for beyond its environment."""

    plan_only: bool = False
    out: Path | None = None
    """A folder to keep the plan in."""
    apply: Path | None = None
    """A folder that a plan is kept in."""
    destroy: bool = False
    confirm: str | None = None
    allowed: tuple[str, ...] = ()
    """Addresses that may be lost."""
    exit_code: bool = False
    without_cluster: bool = False
    """Neither take its lock nor bring down what serves."""
    wait_lock: float | None = None
    """Seconds for whoever else has the state or the environment; None: a minute for the state, none for the other."""


@dataclass(frozen=True)
class Made:
    """A plan in its file. destroys: it takes everything away."""

    file: Path
    plan: Plan
    destroys: bool


@dataclass(frozen=True)
class Provision:
    """One run. platform: opens the environment's platform, only where its cluster is needed."""

    environment: Environment
    wishes: Wishes
    request: Request
    journal: Journal
    ask: Ask
    platform: Callable[[], Platform]

    def run(self) -> Result:
        """Check, plan, show, ask, apply."""
        runner = open_runner(self.environment, self.journal)
        _sensible(self.environment, self.wishes)
        with tempfile.TemporaryDirectory(prefix="cloudnorth-plan-") as folder:
            ready(self.environment, runner, self.journal)
            runner.check_saved()
            try:
                made = self._plan(runner, Path(folder))
            except Locked as error:
                error.next = (self._typed("provision --wait-lock 15m"), *error.next)
                if lost := runner.lost():
                    error.evidence = (*error.evidence, *_unknown(lost))
                raise
            plan, lost = made.plan, runner.lost()
            if lost:
                self.journal.notice("\n".join(_unknown(lost)), "warning")
            if lost and not lost.begun:
                runner.begun.forget()
            self.journal.emit(Planned(plan=plan))
            if self.wishes.plan_only:
                return self._planned(plan)
            if plan.empty:
                return self._result(
                    "nothing to do: it stands as it is written.", plan, "unchanged", runner, made.destroys
                )
            self._guard(plan)
            self._twice(runner, plan, lost.begun if lost else ())
            return self._apply(runner, made)

    def _plan(self, runner: Runner, folder: Path) -> Made:
        wishes = self.wishes
        destroys = wishes.destroy
        with self.journal.step("plan") as step:
            if wishes.apply:
                file, about = saved_plan.read(wishes.apply.absolute(), self.environment)
                if runner.serial() != (about.lineage, about.serial):
                    raise Refused(
                        f"the plan in {wishes.apply} is stale: the state has changed since it was made",
                        code="plan-stale",
                        next=(self._typed(f"provision --plan --out {wishes.apply}"),),
                    )
                if about.destroy and wishes.confirm != self.environment.name:
                    raise _confirm(self.environment, f"--apply {wishes.apply}")
                destroys = about.destroy
                plan = runner.read(file, wishes.allowed, all_allowed=self._all_allowed(about.destroy))
            else:
                file = folder / saved_plan.PLAN
                plan = runner.plan(
                    step,
                    file,
                    wait=LOCK_WAIT if wishes.wait_lock is None else wishes.wait_lock,
                    destroy=wishes.destroy,
                    allowed=wishes.allowed,
                    all_allowed=self._all_allowed(wishes.destroy),
                )
            if wishes.out:
                saved_plan.write(wishes.out, file, self.environment, runner.serial(), destroy=wishes.destroy)
            step.summary = counted(plan)
        return Made(file, plan, destroys)

    def _all_allowed(self, destroy: bool) -> bool:
        # Who destroys an environment on purpose and by name means its database too; not where it is protected.
        return destroy and not self.environment.file.protected

    def _planned(self, plan: Plan) -> Result:
        next_command = f"provision --apply {self.wishes.out}" if self.wishes.out else "provision"
        if self.wishes.destroy:
            next_command += f"{'' if self.wishes.out else ' --destroy'} --confirm {self.environment.name}"
        changes = self.wishes.exit_code and not plan.empty
        return Result(
            command="provision",
            exit_status=int(ExitStatus.CHANGES if changes else ExitStatus.DONE),
            outcome="unchanged",
            environment=self.environment.name,
            summary="nothing was changed." if not plan.empty else "nothing to do: it stands as it is written.",
            seconds=self.journal.seconds,
            plan=plan,
            next=() if plan.empty else (self._typed(next_command),),
        )

    def _guard(self, plan: Plan) -> None:
        """Refuse what would lose something that nobody named, then ask where the environment is protected."""
        lost = [change for change in plan.changes if not change.allowed]
        if lost:
            flags = " ".join(f"--allow-destroy {shlex.quote(change.address)}" for change in lost)
            words = f"provision{' --destroy --confirm ' + self.environment.name if self.wishes.destroy else ''}"
            raise Refused(
                "the plan destroys what no second apply brings back",
                code="would-destroy",
                evidence=[f"{change.address}: {change.loses} would be lost" for change in lost],
                next=(self._typed(f"{words} {flags}"),),
            )
        if self.environment.file.protected and not self.ask(f"apply this to {self.environment.name}?"):
            raise Refused("not confirmed", code="not-confirmed")

    def _twice(self, runner: Runner, plan: Plan, lost: Sequence[str]) -> None:
        """Ask before something is made that a run which was killed may have made already. Raises Refused."""
        doubtful = [change.address for change in plan.changes if change.action == "create" and change.address in lost]
        if not doubtful:
            return
        imports = tuple(runner.terraform.typed("import", shlex.quote(address), "ID") for address in doubtful[:3])
        try:
            if self.ask(f"make {', '.join(doubtful[:3])}{' and others' if doubtful[3:] else ''} all the same?"):
                return
        except Refused as error:
            error.evidence, error.next = tuple(doubtful), (*imports, *error.next)
            raise
        raise Refused("not confirmed", code="not-confirmed", next=imports)

    def _apply(self, runner: Runner, made: Made) -> Result:
        plan, destroys = made.plan, made.destroys
        stream: Stream | None = None
        try:
            with self._held(plan), self.journal.step("apply") as step:
                replaced = {change.address for change in plan.changes if change.action == "replace"}
                stream = Stream(step, [change.address for change in plan.changes], replaced)
                runner.apply(step, made.file, stream, f"run {self.journal.run} of {self.request.actor.who}")
                step.summary = f"{len(stream.done)} of {len(plan.changes)} resources"
        except Interrupted as error:
            if stream is None:
                raise
            return self._interrupted(runner, stream, error, destroys)
        except (Failed, Broken) as error:
            if stream is not None:
                error.next = (*error.next, self._again(destroys))
            raise
        told = "is gone" if destroys else "stands"
        return self._result(
            f"{self.environment.name} {told}: {counted(plan, past=True)}.", plan, "done", runner, destroys
        )

    @contextlib.contextmanager
    def _held(self, plan: Plan) -> Iterator[None]:
        """Hold the environment while the ground under it moves; before it goes, bring down what serves on it."""
        if self.wishes.without_cluster or not any(_moves_ground(change.type, change.action) for change in plan.changes):
            yield
            return
        platform = self.platform()
        if any(change.type == "aws_eks_cluster" and change.action == "destroy" for change in plan.changes):
            with self._locked(platform), self.journal.step("down") as step:
                step.summary = platform.down(step)
            yield
            return
        with self._locked(platform):
            yield

    def _locked(self, platform: Platform) -> contextlib.AbstractContextManager[None]:
        request = msgspec.structs.replace(self.request, wait_lock=self.wishes.wait_lock or 0.0)
        return locking.locked(platform, self.environment, request, self.journal, "provision")

    def _interrupted(self, runner: Runner, stream: Stream, error: Interrupted, destroys: bool) -> Result:
        done = f"by {error.signal_name}: {len(stream.done)} of {stream.total} resources done"
        again: tuple[str, ...] = (self._again(destroys),)
        if unsaved := runner.unsaved(stream):
            state, again = "\n".join([f"{done}.", unsaved.message, *unsaved.evidence]), (*unsaved.next, *again)
        else:
            half = runner.tainted()
            state = f"{done}, the state is written."
            state += f"\nhalf-made, the next run would replace: {', '.join(half)}" if half else ""
            again += tuple(runner.terraform.typed("untaint", shlex.quote(address)) for address in half[:3])
        return outcome.interruption("provision", self.environment, self.journal, state, again, None)

    def _result(self, summary: str, plan: Plan, how: str, runner: Runner, gone: bool) -> Result:
        return Result(
            command="provision",
            exit_status=0,
            outcome="unchanged" if how == "unchanged" else "done",
            environment=self.environment.name,
            summary=summary,
            seconds=self.journal.seconds,
            plan=plan,
            outputs=None if gone else runner.outputs(),
            next=() if gone else (self._typed("deploy"),),
        )

    def _again(self, destroys: bool) -> str:
        return self._typed(f"provision --destroy --confirm {self.environment.name}" if destroys else "provision")

    def _typed(self, words: str) -> str:
        return outcome.command(self.environment, words)


def ready(environment: Environment, runner: Runner, journal: Journal) -> None:
    """The step that all of Terraform's verbs begin with."""
    with journal.step("check") as step:
        who = aws.check_account(environment.file.aws)
        runner.ready(step)
        step.summary += f", as {who}" if who else ""


def counted(plan: Plan, *, past: bool = False) -> str:
    """`3 to add · 1 to change · 1 to replace · 0 to destroy`."""
    words = (
        ("added", "changed", "replaced", "destroyed") if past else ("to add", "to change", "to replace", "to destroy")
    )
    actions = ("create", "update", "replace", "destroy")
    return " · ".join(f"{plan.count(action)} {word}" for action, word in zip(actions, words, strict=True))


def _sensible(environment: Environment, wishes: Wishes) -> None:
    """That the flags go together. Raises UsageError, Refused."""
    if wishes.out and not wishes.plan_only:
        raise UsageError("--out DIR goes with --plan", code="flags")
    if wishes.apply and (wishes.plan_only or wishes.destroy):
        raise UsageError(
            "--apply DIR goes with neither --plan nor --destroy: the plan in DIR says it all", code="flags"
        )
    if wishes.confirm not in (None, environment.name):
        raise UsageError(f"--confirm {wishes.confirm}: the environment is {environment.name}", code="confirm")
    if wishes.destroy and not wishes.plan_only and wishes.confirm is None:
        raise _confirm(environment, "--destroy")


def _confirm(environment: Environment, words: str) -> Refused:
    meant = outcome.command(environment, f"provision {words} --confirm {environment.name}")
    return Refused(
        f"everything that {environment.name} stands on would be destroyed", code="confirm-wanted", next=(meant,)
    )


def _unknown(lost: Left) -> tuple[str, ...]:
    """What a run that did not end has left, for people."""
    head = f"{lost.who}, which began to apply at {lost.since[:19]}Z, did not end"
    if not lost.begun:
        return (f"{head}; the state knows all that it had begun",)
    return (f"{head}; what may exist without being in the state:", *(f"  {address}" for address in lost.begun))


def _moves_ground(kind: str, action: str) -> bool:
    return action != "create" and kind.startswith(GROUND)
