"""`cloudnorth drift`: what is no longer as it was written."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cloudnorth_cli.adapters.terraform_run import open_runner
from cloudnorth_cli.commands import outcome
from cloudnorth_cli.commands.provision import counted, ready
from cloudnorth_cli.errors import ExitStatus
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.settings import Environment


def drift(environment: Environment, journal: Journal, *, exit_code: bool = False) -> Result:
    """Plan and change nothing. exit_code: end with 8 where something differs.

    A plan, not Terraform's own `resource_drift`: that lists dozens of computed fields right after a clean apply.
    """
    runner = open_runner(environment, journal)
    with tempfile.TemporaryDirectory(prefix="cloudnorth-plan-") as folder:
        ready(environment, runner, journal)
        with journal.step("plan") as step:
            plan = runner.plan(step, Path(folder) / "plan.tfplan")
            step.summary = counted(plan)
    told = (
        "nothing differs from what is written." if plan.empty else "differs from what is written; nothing was changed."
    )
    return Result(
        command="drift",
        exit_status=int(ExitStatus.CHANGES if exit_code and not plan.empty else ExitStatus.DONE),
        outcome="unchanged",
        environment=environment.name,
        summary=f"{environment.name}: {told}",
        seconds=journal.seconds,
        plan=plan,
        next=() if plan.empty else (outcome.command(environment, "provision"),),
    )
