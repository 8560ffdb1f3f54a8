"""The table of contents of the tool. This package is the only place that speaks Typer.

Nothing that a verb needs is imported before the verb is done: `--help` costs Typer and nothing else.
"""

import copy
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import completion as shells
from typer._completion_shared import get_completion_script

from cloudnorth_cli.cli import deploying, ground, looking, running
from cloudnorth_cli.cli import options as o
from cloudnorth_cli.cli.verbs import verb
from cloudnorth_cli.options import Options

if TYPE_CHECKING:
    from cloudnorth_cli.signals import Watch

PROGRAM = "cloudnorth"
COMPLETE = "_CLOUDNORTH_COMPLETE"
"""The variable with which a shell asks for completions."""


@verb(
    epilog=o.examples(
        "completion bash >> ~/.bashrc",
        "completion zsh > ~/.zfunc/_cloudnorth",
        "completion fish > ~/.config/fish/completions/cloudnorth.fish",
    )
)
def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(metavar="bash|zsh|fish", help="Which shell.")],
) -> None:
    """Print the script that completes words in your shell."""
    script = get_completion_script(prog_name=PROGRAM, complete_var=COMPLETE, shell=shell)
    # zsh runs a file of its $fpath when the first word is to be completed, and wants the answer of that very run.
    last = f"compdef _{PROGRAM}_completion {PROGRAM}"
    either = f'if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _{PROGRAM}_completion "$@"; else {last}; fi'
    typer.echo(script.replace(last, either) if shell == "zsh" else script)


VERBS = (
    deploying.deploy,
    looking.status,
    looking.logs,
    looking.history,
    deploying.rollback,
    deploying.lock,
    running.service,
    running.restart,
    running.run_,
    running.exec_,
    running.scale,
    deploying.build,
    deploying.push,
    ground.provision,
    ground.drift,
    ground.doctor,
    ground.cleanup,
    ground.outputs,
    looking.config,
    looking.explain,
    ground.kubeconfig,
    ground.token,
    running.backup,
    running.restore,
    running.down,
    completion,
)
"""In the order of the help."""

app = typer.Typer(
    name=PROGRAM,
    cls=o.VerbsFirst,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `cloudnorth deploy`; `cloudnorth VERB --help` shows a verb's options and examples.",
)
for one in VERBS:
    app.command(one.name, **one.settings)(one.function)


def run(arguments: Sequence[str], watch: "Watch") -> int:
    """Parse a command line and do it. Returns the exit status; a wrong line is one too."""
    group: Any = typer.main.get_command(_with(arguments))
    o.everywhere(group)
    if COMPLETE in os.environ:
        # Typer registers its shells here and nowhere else.
        shells.get_completion_inspect_parameters()
    try:
        given = {"watch": watch, "arguments": arguments}
        status = group.main(args=list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=given)
    except typer.TyperException as error:
        from cloudnorth_cli.cli import usage

        return usage.told(arguments, watch, error)
    return int(status or 0)


def _with(arguments: Sequence[str]) -> typer.Typer:
    """The tool with the verb alone that the line begins with: to make the others ready takes 6 ms."""
    only = copy.copy(app)
    only.registered_commands = [one for one in app.registered_commands if one.name in arguments[:1]]
    return only if only.registered_commands and COMPLETE not in os.environ else app


@app.callback()
def cloudnorth(
    ctx: typer.Context,
    config: o.Config = None,
    output: o.Shown = None,
    report: o.Report = None,
    verbose: o.Verbose = False,
    no_color: o.NoColor = False,
    version: Annotated[bool, typer.Option("--version", help="Show the version.")] = False,
) -> None:
    """From source to a verified rollout: build, deploy, see that it serves, go back when it does not."""
    if version:
        from cloudnorth_cli import __version__

        typer.echo(f"{PROGRAM} {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit
    ctx.meta.update(ctx.obj)
    ctx.obj = Options(output or "auto", config, report, verbose, no_color)
