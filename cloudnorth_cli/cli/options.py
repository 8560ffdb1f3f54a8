"""The options that several verbs share, each with its help text."""

import copy
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from cloudnorth_cli.cli import completing
from cloudnorth_cli.options import Options, Output

Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The cloudnorth.yaml; default: here or in a folder above. [CLOUDNORTH_CONFIG]"),
]
Shown = Annotated[
    Output | None,
    typer.Option(
        "--output",
        "-o",
        envvar="CLOUDNORTH_OUTPUT",
        show_envvar=False,
        metavar="auto|live|plain|json",
        help="How to show what happens; json for scripts. [CLOUDNORTH_OUTPUT]",
    ),
]
Report = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        envvar="CLOUDNORTH_REPORT",
        show_envvar=False,
        help="Also write the result to FILE as JSON. [CLOUDNORTH_REPORT]",
    ),
]
Verbose = Annotated[
    bool,
    typer.Option(
        "--verbose",
        "-v",
        envvar="CLOUDNORTH_VERBOSE",
        show_envvar=False,
        help="Show each command that is run, to be pasted, and what it prints. [CLOUDNORTH_VERBOSE]",
    ),
]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colours. [NO_COLOR]")]

Env = Annotated[
    str | None,
    typer.Option(
        "--env",
        "-e",
        metavar="NAME",
        help="Which environment. [CLOUDNORTH_ENV]",
        autocompletion=completing.environments,
    ),
]
Services = Annotated[
    list[str] | None,
    typer.Option(
        "--service",
        "-s",
        metavar="NAME",
        help="Only this service; may be repeated.",
        autocompletion=completing.services,
    ),
]
OneService = Annotated[
    str | None,
    typer.Option(
        "--service",
        "-s",
        metavar="NAME",
        help="Which service; needed where there are several.",
        autocompletion=completing.services,
    ),
]
COMMAND_OF_OTHERS = {"allow_interspersed_args": False}
"""For verbs that end in a command line of somebody else: what begins with a dash behind its first word is its own."""
Out = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write it to FILE.")]
ExitCode = Annotated[bool, typer.Option("--exit-code", help="End with status 8 where something would change.")]
Confirm = Annotated[
    str | None, typer.Option(metavar="NAME", help="Protected environment: its name, to say that it is meant.")
]
Context = Annotated[
    str | None,
    typer.Option(
        "--context", "--cluster", metavar="NAME", help="Without a cloudnorth.yaml: context of the kubeconfig."
    ),
]
Namespace = Annotated[str | None, typer.Option(metavar="NAME", help="Without a cloudnorth.yaml: the namespace.")]
Release = Annotated[str | None, typer.Option(metavar="NAME", help="Without a cloudnorth.yaml: the Helm release.")]


Message = Annotated[
    str | None, typer.Option("--message", "-m", metavar="TEXT", help="Why, for whoever is refused because of it.")
]
Timeout = Annotated[
    str | None,
    typer.Option(metavar="15m", help="At most so long until all is ready; over what is configured."),
]
WaitLock = Annotated[
    str | None,
    typer.Option(
        metavar="15m",
        envvar="CLOUDNORTH_WAIT_LOCK",
        show_envvar=False,
        help="Wait so long while somebody else holds the environment. [CLOUDNORTH_WAIT_LOCK]",
    ),
]


DAILY = ("deploy", "status", "logs", "history", "rollback", "restart", "scale", "run")
"""Verbs that the help shows first: most days need no others."""


class VerbsFirst(TyperGroup):
    """Help that shows the verbs before the options: a newcomer looks for what can be done."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        more = [name for name in self.list_commands(ctx) if name not in DAILY]
        for title, names in (("Every day", DAILY), ("Now and then", more)):
            with formatter.section(title):
                rows = [(name, verb.get_short_help_str(80)) for name in names if (verb := self.commands.get(name))]
                formatter.write_dl(rows)
        with formatter.section("Options, before or behind the verb"):
            formatter.write_dl([row for param in self.get_params(ctx) if (row := param.get_help_record(ctx))])


def examples(*commands: str) -> str:
    """For the end of a verb's help; `\\b` keeps Typer from filling the lines into a paragraph."""
    return "\n".join(["\b", "Examples:", *(f"  cloudnorth {command}" for command in commands)])


def everywhere(group: Any) -> None:
    """Accept the options of the whole program behind each verb too: `cloudnorth deploy -o json` is what people type."""
    shared = [param for param in group.params if param.name in Options.__dataclass_fields__]
    for verb in group.commands.values():
        verb.params.extend(_behind(param) for param in shared)


def _behind(param: Any) -> Any:
    ours = copy.copy(param)
    # The environment variable was read in front of the verb; read again it would beat an option that stands there.
    ours.envvar = None
    ours.expose_value = False
    ours.callback = _keep
    return ours


def _keep(ctx: Any, param: Any, value: Any) -> Any:
    if value:
        setattr(ctx.find_root().obj, param.name, Path(value) if param.name in ("config", "report") else value)
    return value
