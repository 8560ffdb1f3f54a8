"""What serves, what it says, who deployed it, what is configured: verbs that change nothing."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cloudnorth_cli.cli import options as o
from cloudnorth_cli.cli.verbs import do, verb

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run


@verb(epilog=o.examples("status -e prod", "status -e prod -o json"))
def status(
    ctx: typer.Context,
    env: o.Env = None,
    context: o.Context = None,
    namespace: o.Namespace = None,
    release: o.Release = None,
) -> int:
    """Show what serves and whether it is well.

    Exit status 7 when it is not. Without --env and without a default environment: a line for each.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.status import status, statuses

        place = doors.elsewhere(run, context, namespace, release)
        several = None if place else doors.overview(run, env)
        return statuses(several) if several else status(*doors.reading(run, env, place))

    return do(ctx, work, reading=True)


@verb(
    epilog=o.examples(
        "logs -f",
        "logs -e prod -s api --since 10m",
        "logs -e prod --since-deploy",
        "logs -e prod --previous",
        "logs -e prod --since 2h --source cloudwatch",
    )
)
def logs(
    ctx: typer.Context,
    env: o.Env = None,
    service: o.Services = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as lines come, until Ctrl-C.")] = False,
    previous: Annotated[bool, typer.Option("--previous", help="Of what died and was started anew.")] = False,
    since: Annotated[str | None, typer.Option(metavar="10m", help="Only lines of the last 90s, 10m, 2h.")] = None,
    since_deploy: Annotated[
        bool, typer.Option("--since-deploy", help="Only lines since the release that serves was begun.")
    ] = False,
    tail: Annotated[
        int | None, typer.Option(metavar="N", help="Begin with the last N lines of each; -1: all. Default 100.")
    ] = None,
    source: Annotated[
        Literal["running", "cloudwatch"],
        typer.Option(metavar="cloudwatch", help="Read what CloudWatch keeps, of pods that are gone too."),
    ] = "running",
    context: o.Context = None,
    namespace: o.Namespace = None,
    release: o.Release = None,
) -> int:
    """Show the services' logs."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.logs import logs

        _, platform = doors.reading(run, env, doors.elsewhere(run, context, namespace, release), service)
        query = doors.query(service, follow, previous, since, tail, since_deploy=since_deploy, source=source)
        return logs(platform, query, run.journal, run.wanted)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("history -e prod --limit 5"))
def history(
    ctx: typer.Context,
    env: o.Env = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="How many, the newest first.")] = 20,
    context: o.Context = None,
    namespace: o.Namespace = None,
    release: o.Release = None,
) -> int:
    """Show who deployed what, and how it went."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.history import history

        _, platform = doors.reading(run, env, doors.elsewhere(run, context, namespace, release))
        return history(platform, limit)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("config -e prod"))
def config(ctx: typer.Context, env: o.Env = None) -> int:
    """Show every setting of an environment and where it comes from.

    Secrets are not read; where they come from is told.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors

        return doors.config(run, env)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("explain crash-at-start", "explain"))
def explain(
    ctx: typer.Context,
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="As in [brackets]; without: all.", autocompletion=o.completing.causes),
    ] = None,
) -> int:
    """Show what a cause of a failed rollout means, and what to do."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.commands.explain import explain

        return explain(code)

    return do(ctx, work, reading=True)
