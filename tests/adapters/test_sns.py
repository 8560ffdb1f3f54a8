"""A message as a subscriber gets it; topics by ARN and by name. moto answers."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from cloudnorth_cli.adapters.sns import SUBJECT, ascii_line, topic
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws
from tests.adapters.aws_double import refusing
from tests.adapters.aws_keys import ACCOUNT, REGION, keys, moto

__all__ = ["keys", "moto"]
HERE = Aws(account=ACCOUNT, region=REGION)


class Subscriber:
    """A queue that is subscribed to a topic of its own."""

    def __init__(self, name: str = "shop-prod-alerts", region: str = REGION) -> None:
        sns, self.sqs = boto3.client("sns", region_name=region), boto3.client("sqs", region_name=region)
        fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
        self.arn: str = sns.create_topic(Name=name, Attributes=fifo)["TopicArn"]
        queue = "q.fifo" if fifo else "q"
        attributes = {"FifoQueue": "true"} if fifo else {}
        self.url = self.sqs.create_queue(QueueName=queue, Attributes=attributes)["QueueUrl"]
        arn = f"arn:aws:sqs:{region}:{ACCOUNT}:{queue}"
        sns.subscribe(TopicArn=self.arn, Protocol="sqs", Endpoint=arn)

    def got(self) -> list[dict[str, Any]]:
        """The envelopes that came."""
        said = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(one["Body"]) for one in said]


def publish(named: str, subject: str = "shop prod: deploy done") -> None:
    topic(named, HERE).publish(subject, '{"v":1}', {"outcome": "done", "command": ""}, "shop-prod", "run-1")


def test_a_message_with_what_subscriptions_filter_by(moto: None) -> None:
    there = Subscriber()
    publish(there.arn)
    (got,) = there.got()
    assert got["Subject"] == "shop prod: deploy done"
    assert json.loads(got["Message"]) == {"v": 1}
    assert got["MessageAttributes"] == {"outcome": {"Type": "String", "Value": "done"}}


def test_a_topic_by_its_name_is_of_the_environments_account_and_region(moto: None) -> None:
    there = Subscriber()
    publish("shop-prod-alerts")
    assert len(there.got()) == 1
    assert topic("a", Aws(account=ACCOUNT, region="cn-north-1")).arn == f"arn:aws-cn:sns:cn-north-1:{ACCOUNT}:a"


def test_a_topic_in_another_region_is_reached_there(moto: None) -> None:
    there = Subscriber(region="eu-central-1")
    publish(there.arn)
    assert len(there.got()) == 1


def test_a_fifo_topic_takes_a_run_once(moto: None) -> None:
    there = Subscriber("alerts.fifo")
    publish(there.arn)
    assert len(there.got()) == 1


def test_a_topic_that_is_not_there_is_told(moto: None) -> None:
    with pytest.raises(Refused) as caught:
        publish("nobody")
    assert "nobody" in caught.value.message


def test_a_missing_right_is_named(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("AuthorizationError", 403, "not authorized to perform: SNS:Publish") as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SNS", url)
        with pytest.raises(Refused) as caught:
            publish("shop-prod-alerts")
    assert caught.value.code == "aws-denied"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("shop → prod", "shop ? prod"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("a\x07bell", "a?bell"),
        ("x" * 101, "x" * 97 + "..."),
        ("é" * 300, "?" * 97 + "..."),
    ],
)
def test_a_subject_is_a_line_of_ascii(given: str, told: str) -> None:
    assert ascii_line(given, SUBJECT) == told
