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


def _names(key: str, ctx: typer.Context) -> list[str]:
    from cloudnorth_cli.config import load_project
    from cloudnorth_cli.config.tree import Table
    from cloudnorth_cli.errors import CloudnorthError

    try:
        table = load_project(ctx.find_root().params.get("config"), Path.cwd(), os.environ).tree.get(key)
    except CloudnorthError:
        return []
    return list(table.entries) if isinstance(table, Table) else []
