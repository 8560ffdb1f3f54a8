"""Words that a shell completes from the nearest cloudnorth.yaml. Silent where there is none, or it is wrong."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import typer

PATIENCE = 1.0
"""Seconds that a cluster may take to say which releases it keeps, while somebody waits with a finger on Tab."""


def environments(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names for --env."""
    return [name for name in _names("environments", ctx) if name.startswith(incomplete)]


def services(ctx: typer.Context, incomplete: str) -> list[str]:
    """Names for --service."""
    return [name for name in _names("services", ctx) if name.startswith(incomplete)]


def counts(ctx: typer.Context, incomplete: str) -> list[str]:
    """`web=` for SERVICE=N."""
    return [f"{name}=" for name in _names("services", ctx) if name.startswith(incomplete)]


def causes(incomplete: str) -> list[str]:
    """Codes that have a page."""
    from cloudnorth_cli.commands.explain import codes

    return [code for code in codes() if code.startswith(incomplete)]


def releases(ctx: typer.Context, incomplete: str) -> list[str]:
    """Numbers of releases to go back to, newest first; none where a cluster does not say so in a moment."""
    from cloudnorth_cli import config
    from cloudnorth_cli.errors import CloudnorthError
    from cloudnorth_cli.events import Journal
    from cloudnorth_cli.platforms import open_platform

    try:
        loaded = config.load_project(ctx.find_root().params.get("config"), Path.cwd(), os.environ)
        environment = config.environment(loaded, ctx.params.get("env"), os.environ, files=False)
    except CloudnorthError:
        return []

    def numbers() -> list[str]:
        kept = open_platform(environment, Journal()).history(20)
        return list(dict.fromkeys(str(record.release.number) for record in kept if record.verified_at))

    return [number for number in _in_a_moment(numbers) if number.startswith(incomplete)]


def _in_a_moment(ask: Callable[[], list[str]]) -> list[str]:
    """The answer, or nothing where it fails or takes long: a line that is being typed is no place to say why."""
    answers: list[list[str]] = []

    def work() -> None:
        try:
            answers.append(ask())
        except Exception:
            return

    asking = threading.Thread(target=work, daemon=True)
    asking.start()
    asking.join(PATIENCE)
    return answers[0] if answers else []


def _names(key: str, ctx: typer.Context) -> list[str]:
    from cloudnorth_cli.config import load_project
    from cloudnorth_cli.config.tree import Table
    from cloudnorth_cli.errors import CloudnorthError

    try:
        table = load_project(ctx.find_root().params.get("config"), Path.cwd(), os.environ).tree.get(key)
    except CloudnorthError:
        return []
    return list(table.entries) if isinstance(table, Table) else []
