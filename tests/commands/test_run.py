"""`run` and `exec`: what they print is the command's own, and so is the exit status."""

from __future__ import annotations

from tests.conftest import Cloudnorth


def test_lines_are_printed_as_they_are_and_go_where_they_went(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("run", "-e", "test", "-s", "api", "shop", "seed", "--products", "100x")
    assert (ran.status, ran.out, ran.err) == (0, "api runs shop seed --products 100x\n", "a warning\n")


def test_the_status_of_a_command_is_ours_and_told(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("run", "-e", "test", "-s", "api", "--", "exit", "7")
    assert ran.status == 7
    assert ran.out == "api runs exit 7\n"
    assert "`exit 7` ended with status 7" in ran.err


def test_events_hold_each_line_and_its_stream(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("run", "-o", "json", "-e", "test", "-s", "api", "seed")
    assert [(event["stream"], event["line"]) for event in ran.events[:-1]] == [
        ("stdout", "api runs seed"),
        ("stderr", "a warning"),
    ]
    assert ran.result["outcome"] == "done"


def test_options_behind_the_command_are_its_own(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("run", "-e", "test", "-s", "api", "ls", "-o", "--env", "x")
    assert ran.out == "api runs ls -o --env x\n"


def test_which_service_is_asked_where_there_are_several(cloudnorth: Cloudnorth) -> None:
    for verb in ("run", "exec"):
        ran = cloudnorth(verb, "-e", "test", "ls")
        assert ran.status == 2
        assert "which service? --service api or storefront" in ran.err


def test_exec_says_nothing_about_the_end(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("exec", "-e", "test", "-s", "api", "exit", "3")
    assert (ran.status, ran.out, ran.err) == (3, "", "")
    told = cloudnorth("exec", "-e", "test", "-s", "api", "-o", "json", "exit", "3")
    assert (told.status, told.result["outcome"], told.events[0]["line"]) == (3, "failed", "api has exit 3")
