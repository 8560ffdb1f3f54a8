"""Secrets are read from where they are said to be; no message ever holds one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from cloudnorth_cli import secrets
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.aws_secrets import Vault
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.settings import Aws, SecretSource

SECRET = "correct-horse-battery"  # noqa: S105
PATH = {"PATH": os.environ["PATH"]}


def sources(root: Path, journal: Journal | None = None, **environ: str) -> secrets.Sources:
    return secrets.Sources(root, PATH | environ, Vault(Door(Aws())), mock.Mock(), journal or Journal(), place)


def place(*path: str) -> str:
    return f"cloudnorth.yaml:9 {'.'.join(path)}"


def read(source: SecretSource, root: Path, **environ: str) -> str:
    return sources(root, None, **environ).read(source).reveal()


def test_each_source_is_read_and_one_newline_at_its_end_dropped(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{SECRET}\n")
    (tmp_path / "windows").write_bytes(f"{SECRET}\r\n".encode())
    (tmp_path / "blank").write_text(f"{SECRET}\n\n")
    assert read(SecretSource(env="TOKEN"), tmp_path, TOKEN=SECRET) == SECRET
    assert read(SecretSource(file="token"), tmp_path) == SECRET
    assert read(SecretSource(file=str(tmp_path / "windows")), tmp_path) == SECRET
    assert read(SecretSource(file="blank"), tmp_path) == f"{SECRET}\n"
    assert read(SecretSource(command="cat token"), tmp_path) == SECRET
    assert read(SecretSource(command="printf %s $TOKEN"), tmp_path, TOKEN=SECRET) == SECRET


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SecretSource(env="NOT_THERE"), "secret A: environment variable NOT_THERE is not set"),
        (SecretSource(env="EMPTY"), "secret A: environment variable EMPTY is empty"),
        (SecretSource(file="nowhere"), "secret A: file nowhere cannot be read: No such file or directory"),
        (SecretSource(file="."), "secret A: file . cannot be read: Is a directory"),
        (SecretSource(file="empty"), "secret A: file empty is empty"),
        (SecretSource(file="bytes"), "secret A: file bytes is not UTF-8 text"),
        (SecretSource(file="zero"), "secret A: file zero holds a NUL byte, which no environment variable can"),
        (SecretSource(file="large"), "secret A: file large is larger than 1 MB"),
        (SecretSource(command="exit 3"), "secret A: command exit 3 ended with status 3"),
        (SecretSource(command="true"), "secret A: command true is empty"),
    ],
)
def test_a_secret_that_cannot_be_read_is_refused_naming_its_source(
    source: SecretSource, said: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"caf\xe9")
    (tmp_path / "zero").write_bytes(b"a\0b")
    (tmp_path / "large").write_bytes(b"x" * 1_000_001)
    with pytest.raises(Refused) as raised:
        sources(tmp_path, EMPTY="").resolve({"A": source}, "secrets")
    assert raised.value.message == said
    assert raised.value.where == "cloudnorth.yaml:9 secrets.A"
    assert raised.value.next
    assert raised.value.status == ExitStatus.REFUSED


def test_all_that_cannot_be_read_is_told_at_once(tmp_path: Path) -> None:
    wanted = {"A": SecretSource(env="NOT_A"), "B": SecretSource(env="B"), "C": SecretSource(file="not-c")}
    with pytest.raises(Refused) as raised:
        sources(tmp_path, B=SECRET).resolve(wanted, "secrets")
    assert raised.value.message == "2 secrets cannot be read"
    first, second = raised.value.evidence
    assert first == "cloudnorth.yaml:9 secrets.A  secret A: environment variable NOT_A is not set"
    assert second.startswith("cloudnorth.yaml:9 secrets.C  secret C: file not-c")
    assert raised.value.next == ("read -rs NOT_A && export NOT_A", "ls -l not-c")


def test_what_a_failing_command_printed_is_not_told(tmp_path: Path) -> None:
    source = SecretSource(command=f"echo {SECRET[:7]}$REST; echo the vault is sealed >&2; exit 1")
    with pytest.raises(Refused) as raised:
        sources(tmp_path, REST=SECRET[7:]).resolve({"A": source})
    assert raised.value.evidence == ("the vault is sealed",)
    assert SECRET not in f"{raised.value.message} {raised.value.evidence}"


def test_no_error_of_a_file_holds_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "latin").write_bytes(SECRET.encode() + b"\xe9")
    with pytest.raises(Refused) as raised:
        sources(tmp_path).resolve({"A": SecretSource(file="latin")})
    causes = [str(raised.value.__cause__), raised.value.message]
    assert not any(SECRET in cause for cause in causes)


def test_a_command_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "COMMAND_SECONDS", 0.2)
    with pytest.raises(Refused, match=r"command sleep 60 did not end within 0 s"):
        read(SecretSource(command="sleep 60"), tmp_path)


def test_a_secret_does_not_show_itself(tmp_path: Path) -> None:
    values = sources(tmp_path, A=SECRET).resolve({"A": SecretSource(env="A")})
    assert SECRET not in f"{values} {values['A']} {values!r}"


def test_what_was_read_is_hidden_from_then_on(tmp_path: Path) -> None:
    told: list[Any] = []
    journal = Journal(told.append)
    sources(tmp_path, journal, A=SECRET).resolve({"A": SecretSource(env="A")})
    journal.notice(f"connecting with {SECRET}")
    assert told[0].message == "connecting with ***"
