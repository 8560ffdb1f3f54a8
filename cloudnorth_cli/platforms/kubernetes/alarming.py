"""The environment's alarms, read beside the cluster and never waited for: `status` answers without them too."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.cloudwatch import AlarmReader
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.model import Alarms
from cloudnorth_cli.settings import Aws, Environment

LIMIT = 2.0
"""Seconds for AWS to answer, and before that as many for the SDK to be loaded and credentials to be found."""


def begin(environment: Environment) -> Callable[[], Alarms | None]:
    """Ask now; what is returned gives the answer. None where the environment names nothing of AWS, or no alarms."""
    aws = environment.file.aws
    prefix = f"{environment.project}-{environment.name}-" if aws.alarms is None else aws.alarms
    if aws == Aws() or not prefix:
        return lambda: None
    asked, told = threading.Event(), list[Alarms]()

    def read() -> None:
        told.append(_read(aws, prefix, asked))

    reader = threading.Thread(target=read, daemon=True)
    reader.start()

    def answer() -> Alarms:
        if asked.wait(LIMIT):
            reader.join(LIMIT)
        return told[0] if told else Alarms(prefix=prefix, unread=f"CloudWatch did not answer within {LIMIT:g} s")

    return answer


def _read(aws: Aws, prefix: str, asked: threading.Event) -> Alarms:
    try:
        reader = AlarmReader(Door(aws))
        asked.set()
        found = reader.named(prefix)
    except CloudnorthError as error:
        return Alarms(prefix=prefix, unread=f"{error.message} [{error.code}]")
    except Exception as error:
        # Whatever it is, what serves is what was asked for.
        return Alarms(prefix=prefix, unread=f"{type(error).__name__}: {error}")
    finally:
        asked.set()
    return Alarms(
        prefix=prefix, ok=sum(one.state == "ok" for one in found), not_ok=tuple(o for o in found if o.state != "ok")
    )
