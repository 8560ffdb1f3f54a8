"""`cloudnorth outputs`: what Terraform made, by name."""

from __future__ import annotations

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.terraform_run import open_runner
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.settings import Environment


def outputs(environment: Environment, journal: Journal) -> Result:
    """Every output's value; sensitive ones as stars."""
    runner = open_runner(environment, journal)
    with journal.step("check") as step:
        aws.check_account(environment.file.aws)
        runner.initialise(step)
    return Result(
        command="outputs",
        exit_status=0,
        outcome="done",
        environment=environment.name,
        outputs=runner.outputs(),
    )
