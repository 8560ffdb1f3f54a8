"""What runs and its data: anew, more or fewer, a command in it, kept by the machine, copied, stopped."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cloudnorth_cli.cli import options as o
from cloudnorth_cli.cli.verbs import do, verb

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run


@verb(epilog=o.examples("restart", "restart -e prod -s api"))
def restart(ctx: typer.Context, env: o.Env = None, service: o.Services = None) -> int:
    """Start the services anew without interruption."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.restart import restart

        opened = doors.changing(run, env, service, files=False)
        return restart(opened.platform, opened.environment, opened.request, run.journal)

    return do(ctx, work)


@verb(epilog=o.examples("scale api=4", "scale -e prod api=4 storefront=2"))
def scale(
    ctx: typer.Context,
    counts: Annotated[
        list[str],
        typer.Argument(metavar="SERVICE=N...", help="How many of which service.", autocompletion=o.completing.counts),
    ],
    env: o.Env = None,
) -> int:
    """Change how many of a service serve, without interruption."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.scale import scale

        wanted = doors.counts(counts)
        opened = doors.changing(run, env, list(wanted), files=False)
        return scale(opened.platform, opened.environment, wanted, opened.request, run.journal)

    return do(ctx, work)


@verb(
    "run",
    epilog=o.examples("run shop seed --products 100", "run -e prod -s api shop users --admin > users.csv"),
    context_settings=o.COMMAND_OF_OTHERS,
)
def run_(
    ctx: typer.Context,
    words: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="A program and its arguments.")],
    env: o.Env = None,
    service: o.OneService = None,
) -> int:
    """Run a command once with the files and secrets that serve.

    Its lines go to stdout and stderr, its exit status is ours. It has no input.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import run as commands

        environment, platform = doors.reading(run, env, None, [service] if service else None)
        return commands.run(platform, environment, run.journal, commands.the_service(environment, service), words)

    return do(ctx, work, reading=True)


@verb(
    "exec",
    epilog=o.examples("exec", "exec -e prod -s api python3", "exec -e prod -s api --no-tty cat /etc/hosts"),
    context_settings=o.COMMAND_OF_OTHERS,
)
def exec_(
    ctx: typer.Context,
    words: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND...]", help="A program and its arguments; default: sh.")
    ] = None,
    env: o.Env = None,
    service: o.OneService = None,
    no_tty: Annotated[bool, typer.Option("--no-tty", help="Give it no terminal, although there is one.")] = False,
) -> int:
    """Run a command in an instance that serves, at your terminal.

    Its input and output are ours, and so is its exit status.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import run as commands

        environment, platform = doors.reading(run, env, None, [service] if service else None)
        return commands.exec_(
            platform,
            environment,
            run.journal,
            commands.the_service(environment, service),
            words or ["sh"],
            attached=run.options.output != "json",
            tty=not no_tty,
        )

    return do(ctx, work, reading=True)


@verb(
    epilog=o.examples(
        "service install -e server --user shop --print", "sudo cloudnorth service install -e server --user shop"
    ).replace("cloudnorth sudo ", "sudo ")
)
def service(
    ctx: typer.Context,
    action: Annotated[
        Literal["status", "install", "uninstall", "run"],
        typer.Argument(metavar="[status|install|uninstall]", help="install writes a systemd unit and starts it."),
    ] = "status",
    env: o.Env = None,
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="With install: the unprivileged user that everything runs as.")
    ] = None,
    show: Annotated[bool, typer.Option("--print", help="With install: only print the unit.")] = False,
) -> int:
    """Keep an environment of this machine running from boot on.

    Ports 80 and 443 are Caddy's then without root. Releases are deployed as the service's user.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import service

        if action == "status" or show:
            environment, platform = doors.reading(run, env)
            return service.status(platform, environment) if not show else service.show(platform, environment, user)
        opened = doors.changing(run, env, files=False)
        if action == "run":
            return service.run(opened.platform, opened.request)
        change = service.install if action == "install" else service.uninstall
        return change(opened.platform, opened.environment, run.journal, user)

    return do(ctx, work, reading=action in ("status", "run") or show)


@verb(epilog=o.examples("down -e local", "down -e local --delete-data", "down -e prod --confirm prod"))
def down(
    ctx: typer.Context,
    env: o.Env = None,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Then delete its data, history, releases and backups too.")
    ] = False,
    confirm: o.Confirm = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Stop everything of an environment; its data stays."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.down import down

        opened = doors.changing(run, env, files=False)
        ask = (lambda question: True) if yes else run.ask
        return down(
            opened.platform,
            opened.environment,
            opened.request,
            run.journal,
            confirm,
            delete_data=delete_data,
            ask=ask,
        )

    return do(ctx, work)


@verb(epilog=o.examples("backup", "backup --list"))
def backup(
    ctx: typer.Context,
    env: o.Env = None,
    listed: Annotated[bool, typer.Option("--list", help="Make none; show those that are kept.")] = False,
) -> int:
    """Copy the data while it is in use (local platform)."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import backup

        if listed:
            environment, platform = doors.reading(run, env)
            return backup.listed(platform, environment)
        opened = doors.changing(run, env, files=False)
        return backup.backup(opened.platform, opened.environment, run.journal)

    return do(ctx, work, reading=listed)


@verb(epilog=o.examples("restore", "restore 12", "restore /mnt/copies/12"))
def restore(
    ctx: typer.Context,
    which: Annotated[
        str | None, typer.Argument(metavar="[BACKUP]", help="Its number or folder; default: the newest.")
    ] = None,
    env: o.Env = None,
    confirm: o.Confirm = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Put a backup in the place of the data (local platform).

    The services stop meanwhile; what was there is kept as a backup.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.restore import restore

        opened = doors.changing(run, env, files=False)
        ask = (lambda question: True) if yes else run.ask
        return restore(opened.platform, opened.environment, opened.request, run.journal, which, confirm, ask=ask)

    return do(ctx, work)
