"""What a protected environment asks before anything is changed."""

from __future__ import annotations

from collections.abc import Callable

from cloudnorth_cli.adapters import git
from cloudnorth_cli.commands import outcome
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Record, Request
from cloudnorth_cli.settings import Environment

Ask = Callable[[str], bool]
"""Puts a question to a person; raises Refused naming the flag where there is no terminal."""


def protect(
    environment: Environment,
    request: Request,
    ask: Ask,
    *,
    allow_dirty: bool = False,
    allow_older: bool = False,
) -> Callable[[Record | None], None]:
    """The guard of a deploy: called with what serves, raises Refused where a protected environment says no."""

    def guard(served: Record | None) -> None:
        if not environment.file.protected:
            return
        deploy = outcome.command(environment, "deploy")
        source = request.source
        if source.dirty and not allow_dirty:
            commit = source.commit.removesuffix(git.DIRTY)
            raise Refused(
                f"{environment.name} is protected and the working tree differs from commit {commit}",
                code="dirty-tree",
                next=("git status", f"{deploy} --allow-dirty"),
            )
        if not (served and served.release.id) and not request.first:  # an empty id: somebody else's Helm release
            raise Refused(
                f"{environment.name} is protected and nothing that cloudnorth deployed serves there yet",
                code="first-install",
                next=(f"{deploy} --first",),
            )
        if served and not allow_older and git.is_older(environment.root, source, than=served.source):
            raise Refused(
                f"commit {source.commit} is older than {served.source.commit}, which serves {environment.name}",
                code="older-commit",
                next=("git pull", f"{deploy} --allow-older"),
            )
        was = f" (release {served.release} serves)" if served else ""
        if not ask(f"deploy {source.commit or environment.project} to {environment.name}{was}?"):
            raise Refused("not confirmed", code="not-confirmed")

    return guard
