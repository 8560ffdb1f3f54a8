"""What an apply is about to make and has begun, kept beside the state: for whoever comes after a `kill -9` of all.

Terraform writes down what it has made when that is done, into a state in S3 only now and then. Whoever kills it leaves
things that no state knows of. The file has a line of who and when, then an address for each thing that was begun, and
is taken away when an apply has ended with its state written.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused


@dataclass(frozen=True)
class Left:
    """What a run that did not end has left. who: `anna@laptop, run 20261126-…`."""

    who: str
    since: str
    begun: tuple[str, ...]


class Beside:
    """An object in S3 beside the state's."""

    def __init__(self, door: Door, bucket: str, key: str) -> None:
        self._door, self._bucket, self._key = door, bucket, key
        self._client: Any = None

    def check(self) -> None:
        """Raises Refused where S3 does not answer: Terraform would wait for ever."""
        try:
            aws.check_bucket(self._door.settings, self._bucket)
        except Refused as error:
            if error.code == "aws-unreachable":
                raise

    def read(self) -> str:
        """Its text; "" where there is none. Raises Refused."""
        with self._door.told(self._what):
            try:
                return str(self._s3.get_object(Bucket=self._bucket, Key=self._key)["Body"].read().decode())
            except self._s3.exceptions.NoSuchKey:
                return ""

    def write(self, text: str) -> None:
        """Raises Refused."""
        with self._door.told(self._what):
            self._s3.put_object(Bucket=self._bucket, Key=self._key, Body=text.encode())

    def remove(self) -> None:
        """Raises Refused."""
        with self._door.told(self._what):
            self._s3.delete_object(Bucket=self._bucket, Key=self._key)

    @property
    def _what(self) -> str:
        return f"s3://{self._bucket}/{self._key}"

    @property
    def _s3(self) -> Any:
        self._client = self._client or self._door.client("s3")
        return self._client


class Begun:
    """One environment's. file: on this machine; beside: where the state is, if that is in S3."""

    def __init__(self, file: Path, beside: Beside | None, warn: Callable[[str], None]) -> None:
        self._file, self._beside, self._warn = file, beside, warn

    def left(self) -> Left | None:
        """What is still there of an earlier apply; None where all of them ended."""
        texts = [self._file.read_text(encoding="utf-8") if self._file.is_file() else "", self._elsewhere()]
        found = [parsed for text in texts if (parsed := _parse(text))]
        if not found:
            return None
        newest = max(found, key=lambda one: one.since)
        same = [address for one in found if one.since == newest.since for address in one.begun]
        return Left(newest.who, newest.since, tuple(dict.fromkeys(same)))

    def forget(self) -> None:
        """The state knows all of it."""
        self._file.unlink(missing_ok=True)
        if self._beside:
            self._tried(self._beside.remove)

    @contextlib.contextmanager
    def kept(self, who: str) -> Iterator[Callable[[str], None]]:
        """Gives what is to be called with each address as it is begun. The file stays: `forget` takes it away."""
        head = json.dumps({"who": who, "since": datetime.now(UTC).isoformat(timespec="milliseconds")}) + "\n"
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("w", encoding="utf-8") as file, _following(self._follow(head)) as follow:
            lines = [head]

            def begun(address: str) -> None:
                lines.append(f"{address}\n")
                _put(file, lines[-1])
                follow("".join(lines))

            _put(file, head)
            yield begun

    def _follow(self, head: str) -> Callable[[str], None] | None:
        """What writes the text beside the state; None where that cannot be written."""
        beside = self._beside
        if beside is None or not self._tried(lambda: beside.write(head)):
            return None

        def follow(text: str) -> None:
            self._tried(lambda: beside.write(text))

        return follow

    def _elsewhere(self) -> str:
        try:
            return self._beside.read() if self._beside else ""
        except Refused:
            return ""  # Terraform will say what is wrong there

    def _tried(self, do: Callable[[], None]) -> bool:
        try:
            do()
        except Refused as error:
            self._warn(f"what is begun is noted on this machine only: {error.message}")
            return False
        return True


@contextlib.contextmanager
def _following(write: Callable[[str], None] | None) -> Iterator[Callable[[str], None]]:
    """Write the newest text in a thread of its own, as fast as that goes: Terraform is not kept waiting."""
    if write is None:
        yield lambda text: None
        return
    changed, newest, over = threading.Condition(), [""], [False]

    def work() -> None:
        while True:
            with changed:
                changed.wait_for(lambda: newest[0] or over[0])
                if not newest[0]:
                    return
                text, newest[0] = newest[0], ""
            write(text)

    def follow(text: str) -> None:
        with changed:
            newest[0] = text
            changed.notify()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield follow
    finally:
        with changed:
            over[0] = True
            changed.notify()
        thread.join(5.0)


def _put(file: IO[str], line: str) -> None:
    file.write(line)
    file.flush()


def _parse(text: str) -> Left | None:
    head, *addresses = text.splitlines() or [""]
    try:
        told = json.loads(head)
        return Left(str(told["who"]), str(told["since"]), tuple(addresses))
    except (ValueError, KeyError, TypeError):
        return None
