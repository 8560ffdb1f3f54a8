"""From source to a release and back: build, push, deploy, and what is kept out of an environment."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cloudnorth_cli.cli import options as o
from cloudnorth_cli.cli.verbs import do, verb

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run


@verb(
    epilog=o.examples(
        "deploy -e prod", "deploy -e prod -s api", "deploy -e prod --images images.json", "deploy -e local --watch"
    )
)
def deploy(
    ctx: typer.Context,
    env: o.Env = None,
    service: o.Services = None,
    images: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Deploy images built elsewhere (build --out FILE).")
    ] = None,
    image: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=REF", help="Deploy this image of a service; may be repeated."),
    ] = None,
    first: Annotated[
        bool, typer.Option("--first", help="Protected environment: the very first install is meant.")
    ] = False,
    allow_dirty: Annotated[
        bool, typer.Option("--allow-dirty", help="Protected environment: deploy changes that are not committed.")
    ] = False,
    allow_older: Annotated[
        bool, typer.Option("--allow-older", help="Protected environment: deploy a commit older than what serves.")
    ] = False,
    force_conflicts: Annotated[
        bool, typer.Option("--force-conflicts", help="Take over fields that somebody changed by hand in the cluster.")
    ] = False,
    allow_findings: Annotated[
        str | None,
        typer.Option(metavar="REASON", help="Scan gate: deploy images with findings; the reason is recorded."),
    ] = None,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Leave a failed release as it is, to look at it.")
    ] = False,
    no_hold: Annotated[
        bool, typer.Option("--no-hold", help="Deploy what is held or frozen; hold nothing that is taken back.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the release that a stopped or killed run left half way.")
    ] = False,
    watch: Annotated[
        bool,
        typer.Option("--watch", "-w", help="On this machine: release every saved file, reload pages; Ctrl-C ends."),
    ] = False,
    wait_lock: o.WaitLock = None,
    timeout: o.Timeout = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Bring the code to an environment, verified, or take it back."""

    def watching(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.watch import watch

        return watch(doors.again_and_again(run, env, service), run.journal)

    def work(run: "Run") -> "Result":
        if watch:
            return watching(run)
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import guard
        from cloudnorth_cli.commands.deploy import deploy
        from cloudnorth_cli.commands.resume import resume as resumed

        opened = doors.changing(
            run,
            env,
            service,
            images=doors.images(images, image),
            written=images,
            first=first,
            force_conflicts=force_conflicts,
            allow_findings=doors.reason("--allow-findings", allow_findings),
            rollback=not no_rollback,
            hold=not no_hold,
            wait_lock=doors.patience(wait_lock),
            timeout=timeout,
        )
        doors.telling(run, opened)
        ask = (lambda question: True) if yes else run.ask
        protect = guard.protect(
            opened.environment, opened.request, ask, allow_dirty=allow_dirty, allow_older=allow_older
        )
        do = resumed if resume else deploy
        result = do(opened.platform, opened.environment, opened.request, run.journal, protect)
        return doors.with_notes(result, opened.environment)

    return do(ctx, work)


@verb(epilog=o.examples("rollback -e prod", "rollback -e prod --to 41"))
def rollback(
    ctx: typer.Context,
    env: o.Env = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE|COMMIT",
            help="Its number, or the commit that it was made from; default: before.",
            autocompletion=o.completing.releases,
        ),
    ] = None,
    message: o.Message = None,
    no_hold: Annotated[
        bool, typer.Option("--no-hold", help="Don't keep out what is taken back; go to one that is held.")
    ] = False,
    take_lock: Annotated[
        bool, typer.Option("--take-lock", help="Take the lock from a run that has it, which stops; pass a freeze.")
    ] = False,
    wait_lock: o.WaitLock = None,
    timeout: o.Timeout = None,
) -> int:
    """Put the release before back, or an earlier one. Needs the cluster and nothing else.

    What is taken back is held: deploying it again is refused until `lock release`.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.rollback import rollback

        opened = doors.changing(
            run,
            env,
            files=False,
            hold=not no_hold,
            take_lock=take_lock,
            wait_lock=doors.patience(wait_lock),
            timeout=timeout,
        )
        doors.telling(run, opened)
        return rollback(opened.platform, opened.environment, opened.request, run.journal, to, message or "")

    return do(ctx, work)


@verb(epilog=o.examples("lock -e prod", 'lock acquire -e prod -m "stocktaking"', "lock release -e prod"))
def lock(
    ctx: typer.Context,
    action: Annotated[
        Literal["show", "acquire", "release"],
        typer.Argument(metavar="[show|acquire|release]", help="acquire freezes the environment; release lifts it."),
    ] = "show",
    env: o.Env = None,
    message: o.Message = None,
) -> int:
    """Show who holds an environment and what is kept out of it.

    `acquire` freezes it: every change is refused until `release`, which also lets in
    again what a rollback took back.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands import lock

        if action == "show":
            environment, platform = doors.reading(run, env)
            return lock.show(platform, environment)
        opened = doors.changing(run, env, files=False)
        if action == "acquire":
            return lock.acquire(opened.platform, opened.environment, opened.request, run.journal, message or "")
        return lock.release(opened.platform, opened.environment, run.journal)

    return do(ctx, work, reading=action == "show")


@verb(epilog=o.examples("build -e prod --out images.json", "build -e prod --explain"))
def build(
    ctx: typer.Context,
    env: o.Env = None,
    service: o.Services = None,
    out: o.Out = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Build nothing; say what changed since the last build.")
    ] = False,
) -> int:
    """Build the images that the registry lacks."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.build import build
        from cloudnorth_cli.commands.build import explain as explained

        if explain:
            return explained(*doors.reading(run, env, None, service, files=True), tuple(service or ()))
        change = doors.changing(run, env, service, written=out)
        return build(change.platform, change.environment, change.request, run.journal, out)

    return do(ctx, work, reading=explain)


@verb(epilog=o.examples("push -e prod --out images.json"))
def push(ctx: typer.Context, env: o.Env = None, service: o.Services = None, out: o.Out = None) -> int:
    """Bring the built images to the registry."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.push import push

        opened = doors.changing(run, env, service, written=out)
        return push(opened.platform, opened.environment, opened.request, run.journal, out)

    return do(ctx, work)
