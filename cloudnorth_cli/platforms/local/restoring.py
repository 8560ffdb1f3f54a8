"""`restore`: services stop for as long as the data is exchanged, and everything comes back when it does not work."""

from __future__ import annotations

from cloudnorth_cli import signals
from cloudnorth_cli.errors import Broken, CloudnorthError, Failed
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import Backup, Restored
from cloudnorth_cli.platforms.local import backups, migration, plan
from cloudnorth_cli.platforms.local.lineup import Lineup
from cloudnorth_cli.platforms.local.machine import Machine
from cloudnorth_cli.platforms.local.place import told_disk
from cloudnorth_cli.platforms.local.plan import Plan
from cloudnorth_cli.platforms.local.watching import watch
from cloudnorth_cli.settings import Environment

KIND = "before a restore"


def restore(environment: Environment, machine: Machine, chosen: Backup, step: Step) -> Restored:
    """Exchange the data, bring its schema up to what serves, and wait until that is ready. Raises Failed."""
    place, there = machine.place, machine.serving()
    step.waiting(f"the copy of backup {chosen.number}")
    with told_disk():
        backups.bring_in(place, chosen)
    release = there.release.number if there else None
    serving = plan.read(place.plans, there.release.id) if there else None
    kept: Backup | None = None
    try:
        step.waiting("the services to end")
        machine.pause()
        with told_disk(), signals.held():
            kept = backups.swap(place, machine.store, KIND, release)
        if there and serving:
            if environment.migrate:
                step.waiting("the migration of what is restored")
                migration.run(environment.migrate, serving, place, there.processes[0].commit, step)
            _start(machine, there, serving, step)
    except CloudnorthError as error:
        _go_back(machine, kept)
        try:
            if there and serving:
                _start(machine, there, serving, step)
        except Failed as again:
            raise Broken(
                f"backup {chosen.number} does not do: {error.message}; the data of before is back, but {again.message}",
                code=again.code,
                evidence=again.evidence,
            ) from error
        raise Failed(
            f"backup {chosen.number} does not do: {error.message}; the data of before is back",
            code=error.code,
            where=error.where,
            evidence=error.evidence,
        ) from error
    except BaseException:
        _go_back(machine, kept)
        machine.resume()
        raise
    backups.prune(place, environment.file.backups)
    return Restored(backup=chosen, kept=kept)


def _start(machine: Machine, there: Lineup, serving: Plan, step: Step) -> None:
    """The services on the data as it is now. Raises Failed."""
    machine.resume()
    verdict = watch(machine, serving, there, step, fresh=there.processes)
    if verdict.state != "ready":
        first = verdict.failures[0]
        raise Failed(first.message, code=first.cause, where=first.pod, evidence=first.lines)


def _go_back(machine: Machine, kept: Backup | None) -> None:
    try:
        machine.pause()
        if kept:
            backups.swap_back(machine.place, kept)
        else:
            backups.finish(machine.place)
    except (CloudnorthError, OSError) as error:
        raise Broken(f"the data of before could not be put back: {error}", code="restore") from error
