"""The scan gate in a deploy: before anything is changed, passed with a reason that is kept, never on the way back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Cloudnorth

CONFIG = """\
version: 1
project: shop
services:
  api: {build: {context: .}}
environments:
  prod:
    platform: kubernetes
    aws: {account: "123456789012", region: us-east-1}
    registry: {ecr: {scan: {ignore: [{id: CVE-2026-1, until: 2027-01-01, reason: not reachable}]}}}
    helm: {chart: chart}
"""
DEPLOY = ("deploy", "-e", "prod", "-o", "json")
FINDING = "CVE-2026-1234 openssl 3.0.1: fixed in 3.0.2 (api)"


@pytest.fixture(autouse=True)
def gated(project: Path) -> None:
    (project / "cloudnorth.yaml").write_text(CONFIG)
    (project / "chart").mkdir()


def test_findings_refuse_after_the_push_and_before_anything_is_changed(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth(*DEPLOY, FAKE="findings")
    assert ran.status == 3
    assert ran.steps == ["check", "build", "push", "scan"]
    assert ran.result["error"]["evidence"] == [FINDING]
    assert cloudnorth("history", "-e", "prod", "-o", "json").result["history"] == []


def test_images_that_were_built_elsewhere_are_judged_too(cloudnorth: Cloudnorth) -> None:
    assert cloudnorth(*DEPLOY, "--image", "api=registry/shop-api:1", FAKE="findings").steps == ["check", "scan"]


def test_a_reason_lets_them_through_and_is_recorded_through_failure_too(cloudnorth: Cloudnorth) -> None:
    why = ("--allow-findings", "ticket 12")
    assert cloudnorth(*DEPLOY, *why, FAKE="findings").status == 0
    assert cloudnorth(*DEPLOY, *why, FAKE="findings,crash").status == 4
    for record in cloudnorth("history", "-e", "prod", "-o", "json").result["history"]:
        assert record["accepted"] == {"reason": "ticket 12", "findings": [FINDING]}


def test_a_way_back_is_never_judged(cloudnorth: Cloudnorth) -> None:
    cloudnorth(*DEPLOY)
    cloudnorth(*DEPLOY)
    ran = cloudnorth("rollback", "-e", "prod", "-o", "json", FAKE="findings")
    assert ran.status == 0
    assert "scan" not in ran.steps


def test_without_the_key_there_is_no_step(cloudnorth: Cloudnorth, project: Path) -> None:
    file = project / "cloudnorth.yaml"
    text = file.read_text()
    begin, end = text.index("{scan:"), text.index("}]}}}") + 4
    file.write_text(f"{text[:begin]}{{}}{text[end:]}")
    assert "scan" not in cloudnorth(*DEPLOY, FAKE="findings").steps


def test_a_reason_says_something(cloudnorth: Cloudnorth) -> None:
    assert cloudnorth(*DEPLOY, "--allow-findings", " ").status == 2


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        ("until: 2027-01-01", "until: 2027-02-30", "2027-02-30 is no day of the calendar"),
        ("until: 2027-01-01", "until: soon", "wants a day such as 2027-01-31"),
        (", reason: not reachable", "", "reason is missing"),
        ("id: CVE-2026-1, ", "", "id is missing"),
    ],
)
def test_an_ignored_finding_has_a_day_and_a_reason(
    cloudnorth: Cloudnorth, project: Path, right: str, wrong: str, told: str
) -> None:
    file = project / "cloudnorth.yaml"
    file.write_text(file.read_text().replace(right, wrong))
    ran = cloudnorth(*DEPLOY)
    assert ran.status == 2
    assert told in ran.result["error"]["message"]
