"""The scan gate: what refuses, what is ignored and until when, how long it waits, and what it never judges."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cloudnorth_cli.adapters.ecr_scan import Look, Scans, Weakness
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal, Notice, StepFinished, StepLimited, StepWaiting
from cloudnorth_cli.model import Accepted, Image
from cloudnorth_cli.platforms import scanning
from cloudnorth_cli.settings import Aws, Ecr, Environment, EnvironmentFile, Ignored, Registry, Scan
from tests.adapters.aws_keys import ACCOUNT, REGION, keys

__all__ = ["keys"]
HOST = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
TODAY = date(2026, 11, 26)
BAD = Weakness("CVE-2026-1", "CRITICAL", "openssl", "3.0.1", "3.0.2", fixable=True)
WAITING, WELL = Look("waiting"), Look("done")


def image(letter: str = "a", service: str = "api", host: str = HOST) -> Image:
    return Image(service=service, repository=f"{host}/shop/{service}", digest="sha256:" + letter * 64)


def environment(scan: Scan | None, registry: Registry | None = None) -> Environment:
    return Environment(
        project="shop",
        name="prod",
        root=Path("/"),
        config_path=Path("/cloudnorth.yaml"),
        services={},
        migrate=None,
        verify=(),
        file=EnvironmentFile(
            platform="kubernetes",
            aws=Aws(account=ACCOUNT, region=REGION),
            registry=registry or Registry(ecr=Ecr(scan=scan)),
        ),
    )


class Gate:
    """The gate with ECR's answers as a test says them, in turn, the last one for ever."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks: dict[str, list[Look]] = {}
        self.asked: list[str] = []
        self.events: list[Any] = []
        monkeypatch.setattr(Scans, "parts", lambda this, repository, digest: (digest,))
        monkeypatch.setattr(Scans, "look", lambda this, repository, digest: self._look(digest))

    def _look(self, digest: str) -> Look:
        self.asked.append(digest)
        answers = self.looks.get(digest[7], [WELL])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def __call__(
        self,
        *looks: Look,
        scan: Scan | None = None,
        images: Sequence[Image] = (),
        served: Sequence[str] = (),
        allow: str = "",
    ) -> Accepted | None:
        self.looks["a"] = list(looks) or [WELL]
        journal = Journal(self.events.append)
        with journal.step("scan") as step:
            return scanning.gate(
                environment(scan or Scan()),
                images or (image(),),
                served,
                allow,
                step,
                sleep=lambda seconds: None,
                today=lambda: TODAY,
            )

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def gate(keys: None, monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


def refused(gate: Gate, *looks: Look, **given: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        gate(*looks, **given)
    return caught.value


def test_nothing_found_goes_through_after_the_wait_was_shown(gate: Gate) -> None:
    assert gate(WAITING, WAITING, WELL) is None
    assert gate.told(StepWaiting)[0].waiting_for == "api: ECR scans aaaaaaaa"
    assert gate.told(StepLimited)[0].seconds == 300
    assert gate.told(StepFinished)[0].summary == "api: no critical finding that could be mended"


def test_a_critical_that_can_be_mended_refuses_with_all_that_is_needed_to_mend_it(gate: Gate) -> None:
    error = refused(gate, Look("done", found=(BAD,)))
    assert (int(error.status), error.code) == (3, "scan-findings")
    assert error.evidence == ("CVE-2026-1 openssl 3.0.1: fixed in 3.0.2 (api)",)
    assert error.next == ('cloudnorth deploy --env prod --allow-findings "$WHY"',)
    assert error.where == "cloudnorth.yaml environments.prod.registry.ecr.scan"


def weak(severity: str = "CRITICAL", id: str = "CVE-2026-2", *, fixable: bool = True) -> Look:
    return Look("done", found=(Weakness(id, severity, "zlib", "1.2", "", fixable=fixable),))


def test_what_has_no_fix_and_what_is_less_goes_through(gate: Gate) -> None:
    assert gate(weak(fixable=False)) is None
    assert gate(weak("HIGH")) is None


def test_high_ones_refuse_where_that_is_asked_for(gate: Gate) -> None:
    error = refused(gate, weak("HIGH"), scan=Scan(severity="high"))
    assert error.evidence[0].startswith("HIGH CVE-2026-2 zlib 1.2")
    assert gate(weak("MEDIUM"), scan=Scan(severity="high")) is None


def ignoring(until: str) -> Scan:
    return Scan(ignore=(Ignored(id="CVE-2026-1", until=until, reason="not reachable"),))


@pytest.mark.parametrize("until", ["2026-11-26", "2027-01-01"])
def test_an_ignored_finding_does_not_count_through_its_last_day(gate: Gate, until: str) -> None:
    assert gate(Look("done", found=(BAD,)), scan=ignoring(until)) is None
    assert gate.told(StepFinished)[0].summary.endswith(", 1 ignored")
    assert gate.told(Notice) == []


def test_one_whose_time_is_over_counts_and_is_said(gate: Gate) -> None:
    refused(gate, Look("done", found=(BAD,)), scan=ignoring("2026-11-25"))
    (notice,) = gate.told(Notice)
    assert notice.message == "CVE-2026-1 is no longer ignored: that ended on 2026-11-25 (not reachable)"
    assert notice.level == "warning"


def test_what_is_accepted_is_returned_for_the_record_and_said(gate: Gate) -> None:
    accepted = gate(Look("done", found=(BAD,)), allow="patched on Monday, ticket 12")
    assert accepted == Accepted(
        reason="patched on Monday, ticket 12", findings=("CVE-2026-1 openssl 3.0.1: fixed in 3.0.2 (api)",)
    )
    assert gate.told(Notice)[0].message == "accepted: CVE-2026-1 openssl 3.0.1: fixed in 3.0.2 (api)"
    assert gate(WELL, allow="just in case") is None, "nothing was accepted"


def test_a_scan_that_does_not_end_is_refused_in_time_and_can_be_repeated(gate: Gate) -> None:
    error = refused(gate, WAITING, scan=Scan(wait="0s"))
    assert (error.code, error.retryable) == ("scan-missing", True)
    assert "not over within 0 s" in error.evidence[0]
    accepted = gate(WAITING, scan=Scan(wait="0s"), allow="ECR is down")
    assert accepted
    assert "api aaaaaaaa has no findings" in accepted.findings[0]


def test_an_image_that_cannot_be_scanned_is_refused_with_ecrs_words(gate: Gate) -> None:
    error = refused(gate, Look("cannot", "UNSUPPORTED_IMAGE: no package manager"))
    assert error.code == "scan-missing"
    assert error.evidence == ("api aaaaaaaa has no findings: UNSUPPORTED_IMAGE: no package manager",)


def test_what_served_already_is_not_judged_again(gate: Gate) -> None:
    assert gate(Look("done", found=(BAD,)), served=[image().digest]) is None
    assert gate.asked == []
    assert gate.told(StepFinished)[0].summary == "what served already is not judged again"


def test_images_of_other_registries_are_not_ecrs_to_judge(gate: Gate) -> None:
    assert gate(images=[image(host="registry.example")]) is None
    assert gate.asked == []


def test_every_service_is_judged(gate: Gate) -> None:
    gate.looks["b"] = [Look("done", found=(BAD,))]
    error = refused(gate, WELL, images=[image(), image("b", "storefront")])
    assert error.evidence == ("CVE-2026-1 openssl 3.0.1: fixed in 3.0.2 (storefront)",)


def test_without_the_key_or_without_ecr_there_is_no_gate(keys: None) -> None:
    with Journal().step("scan") as step:
        assert scanning.gate(environment(None), (image(),), (), "", step) is None
        assert scanning.gate(environment(None, Registry(host="registry.example")), (image(),), (), "", step) is None
