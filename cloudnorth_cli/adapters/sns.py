"""One message to a topic of SNS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.settings import Aws

MOST = 262_144
"""Bytes of a message with its attributes, and SUBJECT characters of ASCII in a subject without line breaks
(https://docs.aws.amazon.com/sns/latest/api/API_Publish.html)."""
SUBJECT = 100
_ARN = re.compile(r"arn:[a-z-]+:sns:(?P<region>[a-z0-9-]+):[0-9]{12}:(?P<name>[\w-]{1,256}(?:\.fifo)?)", re.ASCII)


@dataclass(frozen=True)
class Topic:
    """A topic where messages go."""

    arn: str
    door: Door

    def publish(self, subject: str, body: str, attributes: Mapping[str, str], group: str, once: str) -> None:
        """Send a message; one try. Raises Refused.

        attributes: what subscriptions can filter by. group, once: of a FIFO topic, the order that it keeps and the
        name under which the message is taken once.
        """
        fifo = {"MessageGroupId": group, "MessageDeduplicationId": once} if self.arn.endswith(".fifo") else {}
        client = self.door.client("sns", retries={"total_max_attempts": 1})
        with self.door.told(f"a message to {self.arn}"):
            client.publish(
                TopicArn=self.arn,
                Subject=ascii_line(subject, SUBJECT),
                Message=body,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in attributes.items() if value
                },
                **fifo,
            )


def topic(named: str, aws: Aws) -> Topic:
    """A topic by its ARN, or by its name in `aws.account` and `aws.region`; reached in its own region."""
    matched = _ARN.fullmatch(named)
    if matched:
        return Topic(named, Door(msgspec.structs.replace(aws, region=matched["region"])))
    region = aws.region or ""
    partition = "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"
    return Topic(f"arn:{partition}:sns:{region}:{aws.account}:{named}", Door(aws))


def ascii_line(text: str, most: int) -> str:
    """One line of ASCII: `→` becomes `?`, which SNS takes and an arrow it does not."""
    line = " ".join(text.split()).encode("ascii", "replace").decode()
    line = "".join(letter if letter.isprintable() else "?" for letter in line)
    return line if len(line) <= most else f"{line[: most - 3]}..."
