"""Which images a Dockerfile builds on."""

from __future__ import annotations

import pytest

from cloudnorth_cli.adapters.dockerfile import base_images


def images(text: str, args: dict[str, str] | None = None, target: str | None = None) -> tuple[str, ...]:
    return base_images(text, args or {}, target, "linux/arm64")


def test_an_argument_before_the_first_from_is_filled_in_and_given_ones_win() -> None:
    text = "ARG TAG=3.11\nARG BASE=python:${TAG}\nFROM $BASE\nARG TAG=9\n"
    assert images(text) == ("python:3.11",)
    assert images(text, {"TAG": "3.12"}) == ("python:3.12",)
    assert images(text, {"BASE": "pypy"}) == ("pypy",)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("${X:-a}", "a"),
        ("${X-a}", "a"),
        ("${EMPTY:-a}", "a"),
        ("b${EMPTY-a}", "b"),
        ("${SET:-a}", "set"),
        ("b${SET:+a}", "ba"),
        ("b${X:+a}", "b"),
        ("tool:$TARGETARCH", "tool:arm64"),
        ("${X}", "${X}"),
        ('"quoted"', "quoted"),
    ],
)
def test_variables_are_filled_as_docker_fills_them(written: str, meant: str) -> None:
    assert images(f"ARG SET=set EMPTY=\nFROM --platform=$BUILDPLATFORM {written} AS x\n") == (meant,)


def test_only_the_stages_that_the_target_needs_count() -> None:
    text = """
    FROM golang AS tools
    FROM node AS pages
    FROM python AS api
    COPY --from=tools /bin/x /x
    FROM nginx AS front
    COPY --chown=1:1 --from=pages /dist /dist
    RUN --mount=type=bind,from=busybox,target=/b --mount=type=cache,target=/c ls
    """
    assert images(text, target="api") == ("golang", "python")
    assert images(text, target="FRONT") == ("busybox", "nginx", "node")
    assert images(text) == ("busybox", "nginx", "node")


def test_scratch_and_stages_by_number_are_no_images() -> None:
    assert images("FROM python AS a\nFROM scratch\nCOPY --from=0 /x /x\n") == ("python",)


def test_continued_lines_comments_and_here_documents_are_read_as_docker_reads_them() -> None:
    text = (
        "# syntax=docker/dockerfile:1\n"
        "FROM \\\n  # said in between\n\n  python:3.11 \\\n  AS a\n"
        "RUN <<EOF cat <<-'TWO'\nFROM no\nEOF\nFROM neither\n\tTWO\n"
        "COPY <<FILE /etc/x\nFROM never\nFILE\n"
        "run echo 'FROM not this'\n"
        "from a\n"
    )
    assert images(text) == ("python:3.11",)


def test_the_escape_directive_is_followed() -> None:
    assert images("# escape=`\nFROM `\n python\nRUN dir c:\\\nRUN FROM x\n") == ("python",)


def test_a_here_document_that_does_not_end_is_none() -> None:
    assert images("FROM a AS x\nRUN echo 1 <<nothing\nFROM b\n") == ("b",)


def test_an_empty_dockerfile_builds_on_nothing() -> None:
    assert images("") == ()
