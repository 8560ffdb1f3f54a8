"""Terraform's outputs in texts and as secrets: asked once and late, refused where they cannot be what is wanted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudnorth_cli.adapters import terraform_outputs
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.events import Journal, Notice
from cloudnorth_cli.settings import Environment, EnvironmentFile, Terraform
from tests.terraform.stand_in import StandIn

TOLD: dict[str, Any] = {
    "endpoint": "db.internal:3306",
    "size": 3,
    "on": True,
    "zones": ["a"],
    "tags": {"a": "b"},
    "nothing": None,
    "braces": "{image} ${HOME} {{port}}",
    "secret_password": "s3cret-canary",
    "secret_login": {"password": "s3cret-canary"},
}


def environment(root: Path, command: str) -> Environment:
    (root / "terraform").mkdir(exist_ok=True)
    return Environment(
        project="shop",
        name="prod",
        root=root,
        config_path=root / "cloudnorth.yaml",
        services={},
        migrate=None,
        verify=(),
        file=EnvironmentFile(platform="kubernetes", terraform=Terraform(command=command)),
    )


@pytest.fixture
def terraform(tmp_path: Path) -> StandIn:
    return StandIn(tmp_path / "bin", **TOLD)


@pytest.fixture
def outputs(tmp_path: Path, terraform: StandIn) -> Outputs:
    return Outputs(environment(tmp_path, str(terraform.program)), Journal())


def refused(outputs: Outputs, text: str) -> Refused:
    with pytest.raises(Refused) as raised:
        outputs.filled(text, "cloudnorth.yaml:9:3")
    assert raised.value.status == ExitStatus.REFUSED
    assert raised.value.next
    assert "s3cret" not in f"{raised.value.message} {raised.value.evidence} {raised.value.__cause__}"
    return raised.value


def test_a_text_is_filled_and_other_placeholders_stay(outputs: Outputs, terraform: StandIn) -> None:
    assert outputs.filled("{image} ${HOME} {{terraform.endpoint}}", "") == "{image} ${HOME} {{terraform.endpoint}}"
    assert terraform.asked == []
    assert outputs.filled("{image}@{terraform.endpoint}/{terraform.size}", "") == "{image}@db.internal:3306/3"
    assert outputs.filled("{terraform.on}", "") == "true"
    assert terraform.asked == ["output"], "once for all"


def test_what_stands_in_a_value_is_not_filled_again(outputs: Outputs) -> None:
    from cloudnorth_cli import templates

    known = outputs.filled("{terraform.braces} {image}", "")
    assert templates.fill(known, {"image": "shop/api"}, "") == "{image} ${HOME} {{port}} shop/api"


def test_a_sensitive_one_is_a_secret_and_nothing_else(outputs: Outputs) -> None:
    error = refused(outputs, "{terraform.secret_password}")
    assert error.code == "terraform-sensitive"
    assert error.where == "cloudnorth.yaml:9:3"
    assert "secrets: {SECRET_PASSWORD: {terraform: secret_password}}" in error.message
    assert outputs.secret("secret_password").reveal() == "s3cret-canary"
    assert outputs.secret("secret_login").reveal() == '{"password": "s3cret-canary"}'
    assert outputs.secret("endpoint").reveal() == "db.internal:3306"


def test_a_sensitive_one_is_hidden_from_the_moment_it_is_read(tmp_path: Path, terraform: StandIn) -> None:
    told: list[Any] = []
    journal = Journal(told.append)
    Outputs(environment(tmp_path, str(terraform.program)), journal).filled("{terraform.endpoint}", "")
    journal.notice("with s3cret-canary")
    assert told[-1].message == "with ***"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("endpiont", "Terraform's output endpiont is not there; did you mean: endpoint"),
        ("zones", "Terraform's output zones is a list, not a text"),
        ("tags", "Terraform's output tags is a map, not a text"),
        ("nothing", "Terraform's output nothing is null"),
    ],
)
def test_what_is_no_text_is_refused_with_its_place(name: str, said: str, outputs: Outputs) -> None:
    error = refused(outputs, f"{{terraform.{name}}}")
    assert (error.code, error.where, error.message) == ("terraform-output", "cloudnorth.yaml:9:3", said)
    assert error.next == ("cloudnorth outputs --env prod",)


def test_where_nothing_was_made_yet_it_is_to_be_provisioned(outputs: Outputs, terraform: StandIn) -> None:
    terraform.tell()
    error = refused(outputs, "{terraform.endpoint}")
    assert "nothing of it was made yet" in error.message
    assert error.next == ("cloudnorth provision --env prod",)


def test_where_terraform_is_missing_that_is_told(tmp_path: Path) -> None:
    error = refused(Outputs(environment(tmp_path, "no-such-terraform"), Journal()), "{terraform.endpoint}")
    assert error.code == "terraform-missing"
    assert "cannot run no-such-terraform" in error.message
    assert error.where == "cloudnorth.yaml terraform.command"


def test_on_a_new_machine_its_providers_are_fetched_first(tmp_path: Path) -> None:
    terraform, told = StandIn(tmp_path / "bin", ready=False, **TOLD), list[Any]()
    outputs = Outputs(environment(tmp_path, str(terraform.program)), Journal(told.append))
    assert outputs.filled("{terraform.endpoint}", "") == "db.internal:3306"
    assert terraform.asked == ["output", "init", "output"]
    assert [one.message for one in told if isinstance(one, Notice)] == [
        "getting Terraform's providers, to read its outputs"
    ]


def test_what_terraform_says_is_told_and_it_is_asked_once(tmp_path: Path) -> None:
    terraform = StandIn(tmp_path / "bin", ready=False)
    (terraform.folder / "broken").touch()
    outputs = Outputs(environment(tmp_path, str(terraform.program)), Journal())
    for _ in range(2):
        error = refused(outputs, "{terraform.endpoint}")
        assert (error.code, error.evidence) == ("terraform", ("Error: no such bucket",))
    assert terraform.asked == ["output", "init"]


def test_a_state_that_does_not_answer_is_not_waited_for_for_ever(
    tmp_path: Path, terraform: StandIn, outputs: Outputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terraform_outputs, "SECONDS", 0.2)
    terraform.program.write_text("#!/bin/sh\nexec sleep 60\n")
    error = refused(outputs, "{terraform.endpoint}")
    assert error.retryable
    assert "did not end within 0 s" in error.message


def test_a_rollback_never_asks(tmp_path: Path, terraform: StandIn) -> None:
    outputs = Outputs(environment(tmp_path, str(terraform.program)), Journal(), asked=False)
    assert refused(outputs, "{terraform.endpoint}").code == "terraform-unasked"
    assert terraform.asked == []


def test_an_environment_without_terraform_says_so(tmp_path: Path) -> None:
    here = environment(tmp_path, "terraform")
    here = msgspec.structs.replace(here, file=msgspec.structs.replace(here.file, terraform=None))
    with pytest.raises(Refused, match="has no `terraform`"):
        Outputs(here, Journal()).filled("{terraform.endpoint}", "")
