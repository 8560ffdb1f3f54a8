"""What an error says to machines: one line, its details as evidence, and commands that work when pasted."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import jsonschema
import msgspec
import pytest

from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import CloudnorthError, Refused, UsageError
from cloudnorth_cli.events import Problem, Result, encode
from tests.conftest import Cloudnorth
from tests.tool import SCHEMA

PACKAGE = Path(__file__).resolve().parents[1] / "cloudnorth_cli"
COMMENT = re.compile(r"\S +# ")
"""A comment behind a command."""


def events_of(problem: Problem) -> dict[str, object]:
    result = Result(command="deploy", exit_status=4, outcome="failed", error=problem, next=problem.next, run="r")
    told: dict[str, object] = msgspec.json.decode(encode(result))
    return told | {"at": "2026-11-26T07:15:31Z"}


@pytest.mark.parametrize("kind", [CloudnorthError, Refused, UsageError])
def test_what_an_error_says_in_more_than_one_line_is_evidence_from_the_second_on(kind: type[CloudnorthError]) -> None:
    error = kind("the chart is no YAML: while parsing\n  in line 3\r\n  in line 4", evidence=["proof"])
    assert error.message == "the chart is no YAML: while parsing"
    assert error.evidence == ("  in line 3", "  in line 4", "proof")
    assert SCHEMA.is_valid(events_of(outcome.problem(error)))
    assert kind("").message == ""


@pytest.mark.parametrize("message", ["two\nlines", "ends in one\n", "an old\rMac's"])
def test_the_schema_takes_no_message_of_two_lines(message: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(events_of(Problem(code="c", message=message)))


@pytest.mark.parametrize(
    "command",
    ["cloudnorth deploy   # once mended", "# nothing", "cloudnorth --config FILE …", "two\nlines", "", "ls\n"],
)
def test_the_schema_takes_no_next_that_is_no_command(command: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(events_of(Problem(code="c", message="m", next=(command,))))


def test_no_text_of_the_tool_has_a_comment_behind_a_command() -> None:
    texts = [
        (file.name, node.value)
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert len(texts) > 1000
    assert [one for one in texts if COMMENT.search(one[1].partition("\n")[0])] == []


def test_every_mistake_of_a_file_is_told_in_one_line_each(cloudnorth: Cloudnorth, project: Path) -> None:
    file = project / "cloudnorth.yaml"
    file.write_text(file.read_text().replace("protected: true", "regsitry: {}").replace("notes:", "ntoes:"))
    error = cloudnorth("deploy", "-e", "test", "-o", "json").result["error"]
    first, *rest = [
        "environments.prod.regsitry is not a known key",
        "did you mean: registry",
        "cloudnorth.yaml:8:27  environments.test.ntoes is not a known key",
        "did you mean: notes",
    ]
    assert (error["message"], error["where"], error["evidence"]) == (first, "cloudnorth.yaml:7:27", rest)
    assert cloudnorth("deploy", "-e", "test").err.splitlines() == [f"cloudnorth.yaml:7:27  {first}", *rest]


def test_a_secret_that_lacks_is_asked_for_by_a_line_that_a_shell_takes(tmp_path: Path) -> None:
    """Typed at a prompt: it is on no screen and in no history."""
    line = "read -rs TOKEN && export TOKEN"
    done = subprocess.run(["bash", "-c", f"{line}; printenv TOKEN"], input="s3cret\n", capture_output=True, text=True)
    assert done.stdout == "s3cret\n"
