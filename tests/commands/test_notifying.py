"""The message at the end of a deploy or rollback: when, what, and that it neither holds up nor changes the end."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cloudnorth_cli.adapters import sns
from cloudnorth_cli.commands import notifying
from cloudnorth_cli.errors import Interrupted
from cloudnorth_cli.events import Journal, Notification, Problem, Result
from cloudnorth_cli.model import Actor, PodFailure, Request, Source
from cloudnorth_cli.settings import Environment, EnvironmentFile, Notify
from tests import fakes
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto
from tests.adapters.test_sns import Subscriber
from tests.conftest import Cloudnorth

__all__ = ["keys", "moto"]
ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:shop-prod-alerts"
DEPLOY = ("deploy", "-e", "prod", "-o", "json")


@pytest.fixture(autouse=True)
def notified(project: Path) -> None:
    """The project's `prod` tells a topic."""
    file = project / "cloudnorth.yaml"
    told = f"{{platform: local, notify: {{sns: '{ARN}'}}}}"
    file.write_text(file.read_text().replace("{platform: local, protected: true}", told))


@pytest.fixture
def subscriber(moto: None) -> Subscriber:
    return Subscriber()


def messages(there: Subscriber) -> list[tuple[str, dict[str, Any]]]:
    return [(one["Subject"], json.loads(one["Message"])) for one in there.got()]


def test_a_deploy_that_went_well(cloudnorth: Cloudnorth, subscriber: Subscriber) -> None:
    ran = cloudnorth(*DEPLOY)
    ((subject, body),) = messages(subscriber)
    assert subject == "shop prod: deploy done. prod serves release 1."
    assert body["result"] | {"at": ran.result["at"]} == ran.result, "the very result that is printed a moment later"
    assert (body["v"], body["project"], body["environment"], body["shortened"]) == (1, "shop", "prod", False)
    assert body["actor"]["run"] == ran.result["run"]
    assert ran.events[-1]["event"] == "result"


def test_a_deploy_that_was_taken_back(cloudnorth: Cloudnorth, subscriber: Subscriber) -> None:
    cloudnorth(*DEPLOY)
    ran = cloudnorth(*DEPLOY, FAKE="crash")
    assert ran.status == 4
    (subject, body), *_ = (one for one in messages(subscriber) if "failed" in one[0])
    assert subject.startswith("shop prod: deploy failed, crash-at-start. prod serves release 1 (revision 3). Release 2")
    assert len(subject) <= sns.SUBJECT
    assert body["result"]["error"]["evidence"]


def test_a_rollback(cloudnorth: Cloudnorth, subscriber: Subscriber) -> None:
    cloudnorth(*DEPLOY)
    cloudnorth(*DEPLOY)
    assert cloudnorth("rollback", "-e", "prod").status == 0
    assert "shop prod: rollback done." in messages(subscriber)[-1][0]


def test_a_run_that_was_stopped(
    cloudnorth: Cloudnorth, subscriber: Subscriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*given: object) -> None:
        raise Interrupted("SIGTERM")

    monkeypatch.setattr(fakes.FakePlatform, "watch", stopped)
    assert cloudnorth(*DEPLOY).status == 130
    ((subject, body),) = messages(subscriber)
    assert subject.startswith("shop prod: deploy interrupted.")
    assert body["result"]["exit_status"] == 130


def test_a_defect_of_ours(cloudnorth: Cloudnorth, subscriber: Subscriber) -> None:
    assert cloudnorth(*DEPLOY, FAKE="bug").status == 1
    ((subject, _),) = messages(subscriber)
    assert subject.startswith("shop prod: deploy failed, unforeseen.")


@pytest.mark.parametrize(("fake", "status"), [("same", 0), ("unreachable", 3), ("locked", 6)])
def test_what_changed_nothing_is_told_to_nobody(
    cloudnorth: Cloudnorth, subscriber: Subscriber, fake: str, status: int
) -> None:
    assert cloudnorth(*DEPLOY, FAKE=fake).status == status
    assert messages(subscriber) == []


def warnings(events: list[dict[str, Any]]) -> list[str]:
    return [event["message"] for event in events if event["event"] == "notice" and event["level"] == "warning"]


def test_a_topic_that_is_not_there_is_a_warning_and_the_end_stays(cloudnorth: Cloudnorth, moto: None) -> None:
    ran = cloudnorth(*DEPLOY)
    assert ran.status == 0
    (told,) = warnings(ran.events)
    assert ARN in told
    assert ran.events[-1]["event"] == "result"


def test_no_credentials_is_a_warning(cloudnorth: Cloudnorth, keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    ran = cloudnorth(*DEPLOY)
    assert ran.status == 0
    assert "aws-credentials-missing" in warnings(ran.events)[0]


def test_one_that_never_answers_holds_up_for_its_limit_only(
    cloudnorth: Cloudnorth, keys: None, hole: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", hole)
    monkeypatch.setattr(notifying, "LIMIT", 0.3)
    began = time.monotonic()
    ran = cloudnorth(*DEPLOY)
    assert ran.status == 0
    assert time.monotonic() - began < 3
    assert "no answer within 0.3 s" in warnings(ran.events)[0]


def test_the_limits_are_what_a_person_and_jenkins_wait() -> None:
    assert notifying.LIMIT <= 5
    assert notifying.STOPPED + 2.0 < 5, "the last look at what serves takes two of Jenkins's five"


ENVIRONMENT = Environment(
    project="shop",
    name="prod",
    root=Path("/"),
    config_path=Path("/cloudnorth.yaml"),
    services={},
    migrate=None,
    verify=(),
    file=EnvironmentFile(platform="kubernetes", notify=Notify(sns=ARN)),
)
REQUEST = Request(source=Source(commit="8f3c1d2"), actor=Actor(who="anna", run="r"))


@pytest.mark.parametrize("size", [10, 2_000, 100_000])
def test_a_long_result_is_shortened_until_it_fits(size: int) -> None:
    failure = PodFailure(cause="oom", message="m", pod="p", lines=("é" * size,) * 40)
    error = Problem(code="oom", message="x" * size, evidence=("z" * size,) * 60, failures=(failure,) * 3)
    result = Result(command="deploy", exit_status=4, outcome="failed", summary="prod serves 1.", error=error)
    body = notifying.body(ENVIRONMENT, REQUEST, result)
    assert len(body.encode()) < sns.MOST
    read = msgspec.json.decode(body, type=Notification)
    assert read.shortened == (size > 10)
    assert read.result.error
    assert read.result.error.code == "oom"
    assert read.result.summary == "prod serves 1."


def test_a_secret_that_was_read_is_stars_in_subject_and_body(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(sns.Topic, "publish", lambda self, subject, body, *given, **named: sent.append((subject, body)))
    journal = Journal()
    journal.hide("canary-7f3a9")
    error = Problem(code="failed", message="it said canary-7f3a9", evidence=("password=canary-7f3a9",))
    summary = "prod serves canary-7f3a9."
    notifying.at_end(ENVIRONMENT, REQUEST, journal)(
        Result(command="deploy", exit_status=4, outcome="failed", summary=summary, error=error)
    )
    assert sent
    assert "canary" not in str(sent)
    assert "***" in sent[0][0]


def test_an_environment_that_tells_nobody_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = msgspec.structs.replace(ENVIRONMENT, file=EnvironmentFile(platform="kubernetes"))
    monkeypatch.setattr(notifying, "_sent", lambda *given: pytest.fail("nothing is to be sent"))
    notifying.at_end(quiet, REQUEST, Journal())(Result(command="deploy", exit_status=0, outcome="done"))
