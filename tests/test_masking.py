"""Secrets in what is told, in every way in which programs write texts."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from cloudnorth_cli.events import Journal, Output, Result
from cloudnorth_cli.masking import STARS, Masker, masker
from cloudnorth_cli.model import Change

VALUE = 'p/a s"s+wörd?\\&=%'
WAYS = {
    "plain": VALUE,
    "JSON": json.dumps(VALUE),
    "JSON as UTF-8": json.dumps(VALUE, ensure_ascii=False),
    "URL": quote(VALUE),
    "URL, strictly": quote(VALUE, safe=""),
    "URL, small digits": "p%2fa%20s%22s%2bw%c3%b6rd%3f%5c%26%3d%25",
    "form": quote_plus(VALUE),
    "Python": repr({"a": VALUE})[6:-1],
    "Python, ASCII": ascii(VALUE),
    "base64": base64.b64encode(VALUE.encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(VALUE.encode()).decode(),
    "base64 after a user": base64.b64encode(f"me:{VALUE}@host".encode()).decode(),
    "base64 after others": base64.b64encode(f"shop:{VALUE}".encode()).decode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_writing_a_value_is_masked(way: str) -> None:
    told = masker([VALUE])(f"dsn={WAYS[way]}; ok")
    assert STARS in told
    assert told.startswith("dsn=")
    assert told.endswith("; ok")
    assert not any(WAYS[other].strip('"') in told for other in WAYS)


def test_lines_of_a_value_are_masked_one_by_one() -> None:
    mask = masker(["-----BEGIN KEY-----\nQUJDREVGRw==\n}\n"])
    assert mask("read QUJDREVGRw==") == "read ***"
    assert mask("a }") == "a }"


def test_the_longer_of_two_values_is_masked_whole() -> None:
    assert masker(["hunter2", "hunter2-and-more"])("with hunter2-and-more") == "with ***"


def test_what_is_too_short_to_protect_anything_stays() -> None:
    assert masker(["", "a", "ab"])("a table") == "a table"


def test_a_value_is_masked_wherever_an_event_holds_it() -> None:
    told: list[object] = []
    journal = Journal(told.append, run="run-hunter2")
    before = Output(step="build", source="docker", line="hunter2")
    journal.emit(before)
    journal.hide("hunter2")
    journal.emit(before)
    journal.emit(
        Result(command="deploy", exit_status=0, outcome="done", outputs={"a": ["hunter2", 7]}, next=("x hunter2",))
    )
    first, second, result = told
    assert isinstance(first, Output)
    assert isinstance(second, Output)
    assert isinstance(result, Result)
    assert (first.line, second.line) == ("hunter2", STARS)
    assert result.outputs == {"a": [STARS, 7]}
    assert result.next == (f"x {STARS}",)


def test_names_that_machines_look_for_stay() -> None:
    mask = Masker(["created", "api"])
    change = Change(workload="deployment/api", service="api", change="created")
    assert mask.everywhere(change) == change


def test_the_project_s_own_names_stay_in_sentences_too() -> None:
    told: list[Any] = []
    journal = Journal(told.append)
    journal.spare("shop", "prod")
    journal.hide("shop", "hunter2")
    journal.notice("shop serves with hunter2")
    assert told[0].message == "shop serves with ***"


def test_what_holds_no_secret_is_the_same_thing() -> None:
    mask = Masker(["hunter2"])
    event = Output(step="build", source="docker", line="fine")
    assert mask.everywhere(event) is event


def test_the_form_of_a_value_is_kept() -> None:
    mask = Masker(["hunter2"])
    now = datetime.now(UTC)
    assert mask.everywhere(("hunter2", ["hunter2"], {"k": now}, None, 3)) == (STARS, [STARS], {"k": now}, None, 3)
