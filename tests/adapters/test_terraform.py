"""Terraform's lines as they are run, whole; its plans and its stream read, without what is secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cloudnorth_cli.adapters import terraform as tool
from cloudnorth_cli.adapters import terraform_plan
from cloudnorth_cli.adapters.terraform import Terraform
from cloudnorth_cli.adapters.terraform_stream import Stream, diagnostic, short
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Plan, ResourceChange

PROD = Terraform(
    Path("/project/terraform"), "prod", vars=("envs/prod.tfvars",), backend="envs/prod.s3.tfbackend", inherited={}
)
PLACE = "TF_IN_AUTOMATION=1 TF_INPUT=0 CHECKPOINT_DISABLE=1 TF_DATA_DIR=.terraform-prod"


def test_the_plan_goes_to_a_file_and_only_that_file_is_applied() -> None:
    assert str(PROD.plan(Path("/t/p"))) == (
        f"{PLACE} terraform plan -json -input=false -out=/t/p -detailed-exitcode -lock-timeout=0s "
        "-var-file=envs/prod.tfvars"
    )
    assert str(PROD.apply(Path("/t/p"))) == f"{PLACE} terraform apply -json -input=false -lock-timeout=60s /t/p"
    assert "-destroy" in PROD.plan(Path("/t/p"), destroy=True).words
    assert PROD.apply(Path("/t/p")).cwd == Path("/project/terraform")


def test_init_names_the_backend_and_never_moves_a_state() -> None:
    words = PROD.init().words
    assert words == ("terraform", "init", "-json", "-input=false", "-backend-config=envs/prod.s3.tfbackend")
    assert "-migrate-state" not in words
    assert "-reconfigure" not in words


def test_a_workspace_and_another_program_are_taken_as_they_are() -> None:
    ours = Terraform(Path("/p"), "dev", workspace="blue", program="tofu", inherited={})
    assert ours.init().words == ("tofu", "init", "-json", "-input=false")
    assert ours.init().environ["TF_WORKSPACE"] == "blue"
    assert ours.typed("untaint", "a.b").startswith("TF_WORKSPACE=blue TF_DATA_DIR=.terraform-dev tofu -chdir=")


def test_arguments_that_somebody_keeps_for_their_own_hands_are_not_ours() -> None:
    ours = Terraform(Path("/p"), "dev", inherited={"TF_CLI_ARGS_plan": "-destroy", "HOME": "/root"})
    assert ours.plan(Path("x")).environ["TF_CLI_ARGS_plan"] == ""
    assert "HOME" not in ours.plan(Path("x")).environ


def test_an_interrupted_terraform_gets_the_time_that_a_database_takes() -> None:
    assert PROD.apply(Path("x")).patience >= 1800


@pytest.mark.parametrize("text", ['{"terraform_version": "1.10.5"}', "", "not json", '{"version": "1.11.4"}'])
def test_a_terraform_that_is_too_old_or_none_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="Terraform"):
        tool.check_version(text)
    assert tool.check_version('{"terraform_version": "1.11.4"}') == "1.11.4"


def test_opentofu_has_numbers_of_its_own() -> None:
    assert tool.check_version('{"terraform_version": "1.10.5"}', "/usr/bin/tofu") == "1.10.5"
    with pytest.raises(Refused, match=r"OpenTofu 1\.9\.0 is too old; 1\.10 or later"):
        tool.check_version('{"terraform_version": "1.9.0"}', "tofu")


def test_sensitive_outputs_are_stars() -> None:
    text = '{"a": {"sensitive": false, "value": [1]}, "b": {"sensitive": true, "value": "hunter2"}}'
    assert tool.outputs(text) == {"a": [1], "b": "***"}


def test_serial_and_lineage_of_a_state_or_of_none() -> None:
    assert tool.serial('{"lineage": "l", "serial": 7}') == ("l", 7)
    assert tool.serial("\n") == ("", 0)


def changing(address: str, kind: str, *actions: str, **more: Any) -> dict[str, Any]:
    change = {"actions": list(actions), **{key: value for key, value in more.items() if key != "reason"}}
    return {"address": address, "type": kind, "mode": "managed", "change": change, "action_reason": more.get("reason")}


def planned(*changes: dict[str, Any], allowed: tuple[str, ...] = (), **more: Any) -> Plan:
    return terraform_plan.parse(json.dumps({"resource_changes": changes, **more}), "terraform", "prod", allowed)


def test_an_update_tells_what_differs() -> None:
    group = changing(
        "m.group",
        "aws_eks_node_group",
        "update",
        before={"name": "a", "scaling_config": [{"min": 1, "desired": 2}]},
        after={"name": "a", "scaling_config": [{"min": 1, "desired": 3}]},
    )
    assert planned(group).changes == (
        ResourceChange(address="m.group", type="aws_eks_node_group", action="update", detail="desired 2 → 3"),
    )


@pytest.mark.parametrize(
    ("kind", "what"),
    [("aws_db_instance", "the database"), ("aws_s3_bucket", "the bucket"), ("aws_eks_cluster", "the cluster")],
)
@pytest.mark.parametrize("actions", [("delete",), ("delete", "create"), ("create", "delete"), ("forget",)])
def test_what_no_second_apply_brings_back_wants_its_name(kind: str, what: str, actions: tuple[str, ...]) -> None:
    lost = changing("m.it[0]", kind, *actions)
    (change,) = planned(lost).changes
    assert (change.loses, change.allowed) == (what, False)
    assert planned(lost, allowed=("m.it[0]",)).changes[0].allowed
    assert not planned(lost, allowed=("m.it[1]",)).changes[0].allowed


def test_what_can_be_made_again_wants_nothing() -> None:
    (change,) = planned(changing("a.b", "aws_instance", "delete", "create", replace_paths=[["ami"]])).changes
    assert (change.action, change.detail, change.allowed) == ("replace", "ami forces replacement", True)
    (change,) = planned(changing("a.b", "aws_instance", "delete", "create", reason="replace_because_tainted")).changes
    assert change.detail == "left half-made by an earlier run"


def test_reading_and_doing_nothing_are_no_changes() -> None:
    read = {**changing("data.x.y", "x", "read"), "mode": "data"}
    assert planned(read, changing("a.b", "x", "no-op")).empty


def test_no_secret_stands_in_a_plan_not_even_where_the_mark_is_lost() -> None:
    marked = changing(
        "a.b",
        "x",
        "update",
        before={"password": "hunter2", "line": "login hunter2", "n": 1},
        after={"password": "swordfish", "line": "login swordfish", "n": 2},
        before_sensitive={"password": True},
        after_sensitive={"password": True},
    )
    (change,) = planned(marked).changes
    assert change.detail == "line login *** → login ***, n 1 → 2, password (sensitive)"


def test_a_secret_variable_is_hidden_wherever_it_ends_up() -> None:
    shown = planned(
        changing("a.b", "x", "update", before={"url": "old"}, after={"url": "db://shop:swordfish@db"}),
        variables={"password": {"value": "swordfish"}},
        configuration={"root_module": {"variables": {"password": {"sensitive": True}}}},
    )
    assert shown.changes[0].detail == "url old → db://shop:***@db"


def hook(kind: str, address: str, action: str = "create") -> str:
    return json.dumps({"type": kind, "hook": {"resource": {"addr": address}, "action": action, "elapsed_seconds": 2}})


def follow(
    *lines: str, planned: tuple[str, ...] = ("a", "b", "c"), replaced: tuple[str, ...] = ()
) -> tuple[Stream, list[Any]]:
    events: list[Any] = []
    with Journal(events.append).step("apply") as step:
        stream = Stream(step, planned, replaced, clock=lambda: 0.0)
        for line in lines:
            stream(line)
    return stream, events


def test_progress_counts_what_is_done_and_names_what_is_in_flight() -> None:
    stream, events = follow(
        hook("apply_start", "data.a.b", "read"),
        hook("apply_start", "module.rds.aws_db_instance.this"),
        hook("apply_start", "aws_vpc.this"),
        hook("apply_complete", "aws_vpc.this"),
    )
    assert stream.done == ["aws_vpc.this"]
    assert stream.in_flight == ("module.rds.aws_db_instance.this",)
    bars = [event for event in events if type(event).__name__ == "StepProgress"]
    assert (bars[-1].done, bars[-1].total, bars[-1].unit) == (1, 3, "resources")
    waiting = [event.waiting_for for event in events if type(event).__name__ == "StepWaiting"]
    assert waiting[-1] == "1/3; creating aws_db_instance.this (0 s)"


def test_a_replacement_is_done_once_it_is_made_anew() -> None:
    gone = (hook("apply_start", "a.b", "delete"), hook("apply_complete", "a.b", "delete"))
    stream, _ = follow(*gone, replaced=("a.b",))
    assert (stream.done, stream.touched) == ([], True)
    stream, _ = follow(*gone, hook("apply_start", "a.b"), hook("apply_complete", "a.b"), replaced=("a.b",))
    assert stream.done == ["a.b"]


def test_an_error_keeps_its_place_and_its_resource() -> None:
    error = {"severity": "error", "summary": "AccessDenied", "detail": "not\n\nyou", "address": "a.b"}
    stream, _ = follow(
        hook("apply_start", "a.b"),
        hook("apply_errored", "a.b"),
        json.dumps(
            {"type": "diagnostic", "diagnostic": {**error, "range": {"filename": "m.tf", "start": {"line": 3}}}}
        ),
        json.dumps({"type": "diagnostic", "diagnostic": {"severity": "warning", "summary": "old"}}),
    )
    assert stream.failed == ["a.b"]
    assert not stream.touched
    assert [error.lines for error in stream.errors] == [("a.b: AccessDenied", "not", "you")]
    assert diagnostic({"summary": "x"}).where is None


def test_what_is_not_json_is_shown_as_it_is() -> None:
    _, events = follow("a provider prints", "17", "")
    assert [event.line for event in events if type(event).__name__ == "Output"] == ["a provider prints", "17"]


@pytest.mark.parametrize(
    ("address", "name"),
    [("module.a.module.b.aws_x.y[0]", "aws_x.y[0]"), ("aws_x.y", "aws_x.y"), ('module.a["k"].aws_x.y', "aws_x.y")],
)
def test_short_names_leave_the_modules_out(address: str, name: str) -> None:
    assert short(address) == name
