"""How a verb is written down beside its options, and the one way from a parsed line to a run."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run


class Verb:
    """A verb before it is one of the tool's: its signature is its options, its docstring its help."""

    def __init__(self, function: Callable[..., int | None], name: str | None, settings: dict[str, Any]) -> None:
        self.function = function
        self.name = name or function.__name__
        self.settings = settings


def verb(name: str | None = None, **settings: Any) -> Callable[[Callable[..., int | None]], Verb]:
    """Write down a verb; `settings` are those of Typer's `command`, `name` where it is not the function's."""
    return lambda function: Verb(function, name, settings)


def do(ctx: typer.Context, work: "Callable[[Run], Result]", *, reading: bool = False) -> int:
    """Do a verb's work as a run. Returns the exit status."""
    from cloudnorth_cli import session
    from cloudnorth_cli.typed import typed

    return session.run(
        str(ctx.info_name), ctx.obj, typed(ctx.meta["arguments"]), ctx.meta["watch"], work, reading=reading
    )
