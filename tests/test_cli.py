"""What people type, and what they are told when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import Cloudnorth

VERBS = (
    *("deploy", "status", "logs", "history", "rollback", "restart", "scale", "run"),
    *("lock", "service", "exec", "build", "push", "provision", "drift", "doctor", "cleanup", "outputs"),
    *("config", "explain", "kubeconfig", "token", "backup", "restore", "down", "completion"),
)


def test_bare_it_shows_the_help(cloudnorth: Cloudnorth) -> None:
    bare, asked = cloudnorth(), cloudnorth("--help")
    assert bare.status == asked.status == 0
    assert bare.out == asked.out


def test_help_shows_every_verb_before_any_option(cloudnorth: Cloudnorth) -> None:
    shown = cloudnorth("--help").out
    verbs, options = shown.split("Every day:")[1].split("Options", 1)
    listed = [line.split()[0] for line in verbs.splitlines() if line.startswith("  ")]
    assert listed == list(VERBS)
    assert "..." not in verbs, "a description that does not fit is none"
    assert "--output" in options


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_explains_itself_with_an_example(cloudnorth: Cloudnorth, verb: str) -> None:
    shown = cloudnorth(verb, "--help")
    assert shown.status == 0
    assert f"  cloudnorth {verb}" in shown.out.split("Examples:")[1]
    assert max(map(len, shown.out.splitlines())) <= 80


@pytest.mark.parametrize("words", [("-o", "json", "history", "-e", "test"), ("history", "-e", "test", "-o", "json")])
def test_options_stand_before_or_behind_the_verb(cloudnorth: Cloudnorth, words: tuple[str, ...]) -> None:
    assert cloudnorth(*words).result["history"] == []


def test_the_option_behind_the_verb_wins(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("-o", "json", "history", "-o", "plain", "-e", "test", CLOUDNORTH_OUTPUT="json")
    assert ran.out == "nothing was deployed yet\n"


def test_variables_stand_for_options(cloudnorth: Cloudnorth, project: Path) -> None:
    other = project / "other.yaml"
    (project / "cloudnorth.yaml").rename(other)
    environ = {"CLOUDNORTH_ENV": "test", "CLOUDNORTH_OUTPUT": "json", "CLOUDNORTH_CONFIG": "other.yaml"}
    ran = cloudnorth("deploy", CLOUDNORTH_REPORT="report.json", **environ)
    assert ran.result["environment"] == "test"
    assert json.loads((project / "report.json").read_text())["environment"] == "test"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("deplyo",), "did you mean 'deploy'"),
        (("deploy", "--envv", "prod"), "--env"),
        (("deploy", "-e", "prd"), "did you mean: prod"),
        (("deploy", "-e", "test", "-s", "apu"), "did you mean: api"),
        (("logs", "-e", "test", "-s", "apu"), "did you mean: api"),
        (("deploy", "-e", "test", "--image", "api"), "SERVICE=REFERENCE"),
        (("deploy", "-e", "test", "--image", "apu=r/x:1"), "did you mean: api"),
        (("deploy", "-e", "test", "--images", "missing.json"), "missing.json"),
        (("logs", "-e", "test", "--since", "soon"), "not a duration"),
        (("history", "--limit", "0"), "--limit"),
        (("status", "--context", "lab"), "--release"),
        (("deploy", "-o", "xml"), "'json'"),
        (("deploy",), "--env"),
    ],
)
def test_a_mistake_is_exit_2_and_what_was_meant_is_named(
    cloudnorth: Cloudnorth, words: tuple[str, ...], told: str
) -> None:
    ran = cloudnorth(*words)
    assert ran.status == 2
    assert told.lower() in ran.err.lower()
    assert ran.out == ""
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("deploy", "--envv", "x", "-o", "json"),
        ("-o", "json", "deplyo"),
        ("deploy", "-ojson", "-e", "prd"),
        ("status", "--output=json", "extra"),
    ],
)
def test_a_mistake_ends_in_a_result_too(cloudnorth: Cloudnorth, words: tuple[str, ...], project: Path) -> None:
    ran = cloudnorth(*words, "--report", "report.json")
    assert ran.result["exit_status"] == ran.status == 2
    assert ran.result["error"]["message"]
    assert len(ran.events) == 1
    assert json.loads((project / "report.json").read_text()) == ran.result


def test_a_report_that_cannot_be_written_is_told_once(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("deploy", "-e", "test", "--report", "/nonexistent/x.json")
    assert ran.status == 2
    assert ran.err == "--report /nonexistent/x.json cannot be written\n"


def test_a_mistake_ends_in_a_result_where_a_variable_asks_for_it(cloudnorth: Cloudnorth) -> None:
    assert cloudnorth("deplyo", CLOUDNORTH_OUTPUT="json").result["exit_status"] == 2


def test_a_mistake_in_the_configuration_is_shown_with_its_place(cloudnorth: Cloudnorth, project: Path) -> None:
    path = project / "cloudnorth.yaml"
    path.write_text(path.read_text().replace("protected", "protectd"))
    ran = cloudnorth("deploy", "-e", "test")
    assert ran.status == 2
    first, hint = ran.err.splitlines()
    assert first.startswith("cloudnorth.yaml:7:")
    assert "protectd" in first
    assert hint == "did you mean: protected"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("cloudnorth dep", ["deploy"]),
        ("cloudnorth deploy --ou", ["--output"]),
        ("cloudnorth deploy -e p", ["prod"]),
        ("cloudnorth logs -s s", ["storefront"]),
        ("cloudnorth completion z", ["zsh"]),
        ("cloudnorth explain crash", ["crash-at-start"]),
        ("cloudnorth scale st", ["storefront="]),
    ],
)
def test_bash_completes_verbs_options_environments_and_services(
    cloudnorth: Cloudnorth, capfd: pytest.CaptureFixture[str], line: str, words: list[str]
) -> None:
    environ = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" "))}
    with pytest.raises(SystemExit) as ended:
        cloudnorth(_CLOUDNORTH_COMPLETE="complete_bash", **environ)
    assert ended.value.code == 0
    assert capfd.readouterr().out.split() == words


def test_completion_is_silent_where_the_configuration_is_wrong(
    cloudnorth: Cloudnorth, capfd: pytest.CaptureFixture[str], project: Path
) -> None:
    (project / "cloudnorth.yaml").write_text("nothing: [")
    with pytest.raises(SystemExit):
        cloudnorth(_CLOUDNORTH_COMPLETE="complete_bash", COMP_WORDS="cloudnorth deploy -e p", COMP_CWORD="3")
    assert capfd.readouterr() == ("\n", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_this_program(cloudnorth: Cloudnorth, shell: str) -> None:
    assert f"_CLOUDNORTH_COMPLETE=complete_{shell}" in cloudnorth("completion", shell).out


def test_the_script_for_zsh_serves_as_a_file_of_fpath_and_when_it_is_sourced(cloudnorth: Cloudnorth) -> None:
    script = cloudnorth("completion", "zsh").out
    assert script.startswith("#compdef cloudnorth\n")  # compinit looks at the first line only
    assert "== loadautofunc ]]; then _cloudnorth_completion" in script
    assert "else compdef _cloudnorth_completion cloudnorth; fi" in script


def test_live_without_a_terminal_is_plain(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("deploy", "-e", "test", "-o", "live")
    assert "\x1b" not in ran.err + ran.out
    assert "✓ watch" in ran.err


def test_a_c_locale_gets_ascii(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("deploy", "-e", "test", LANG="C", LC_CTYPE="C.UTF-8")
    assert (ran.err + ran.out).isascii()
    assert "ok   watch" in ran.err


def test_a_name_that_is_no_utf_8_is_a_mistake_like_any_other(cloudnorth: Cloudnorth) -> None:
    for output in ("plain", "json"):
        ran = cloudnorth("deploy", "-e", "pr\udcff", "-o", output)
        assert ran.status == 2
        assert "Traceback" not in ran.err
