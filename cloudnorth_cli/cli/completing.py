"""Words that a shell completes from the nearest cloudnorth.yaml. Silent where there is none, or it is wrong."""

import os
from pathlib import Path

import typer


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
    """Numbers of releases to go back to, newest first; of environments on this machine alone: a cluster is not asked
    while somebody types."""
    from cloudnorth_cli import config
    from cloudnorth_cli.errors import CloudnorthError
    from cloudnorth_cli.events import Journal
    from cloudnorth_cli.platforms import open_platform

    try:
        loaded = config.load_project(ctx.find_root().params.get("config"), Path.cwd(), os.environ)
        environment = config.environment(loaded, ctx.params.get("env"), os.environ, files=False)
        if environment.platform != "local":
            return []
        kept = open_platform(environment, Journal()).history(20)
    except CloudnorthError:
        return []
    numbers = dict.fromkeys(str(record.release.number) for record in kept if record.verified_at)
    return [number for number in numbers if number.startswith(incomplete)]


def _names(key: str, ctx: typer.Context) -> list[str]:
    from cloudnorth_cli.config import load_project
    from cloudnorth_cli.config.tree import Table
    from cloudnorth_cli.errors import CloudnorthError

    try:
        table = load_project(ctx.find_root().params.get("config"), Path.cwd(), os.environ).tree.get(key)
    except CloudnorthError:
        return []
    return list(table.entries) if isinstance(table, Table) else []
