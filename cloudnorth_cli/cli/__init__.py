"""The table of contents of the tool: every verb with its options and help text. The only place that speaks Typer.

Nothing that a verb needs is imported before the verb is done: `--help` costs Typer and nothing else.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer import completion as shells
from typer._completion_shared import get_completion_script

from cloudnorth_cli.cli import options as o
from cloudnorth_cli.options import Options

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run
    from cloudnorth_cli.signals import Watch

PROGRAM = "cloudnorth"
COMPLETE = "_CLOUDNORTH_COMPLETE"
"""The variable with which a shell asks for completions."""

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


def run(arguments: Sequence[str], watch: "Watch") -> int:
    """Parse a command line and do it. Returns the exit status; a wrong line is one too."""
    group: Any = typer.main.get_command(app)
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


@app.command(
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

    return _do(ctx, work)


@app.command(epilog=o.examples("status -e prod", "status -e prod -o json"))
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

    return _do(ctx, work, reading=True)


@app.command(
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

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("history -e prod --limit 5"))
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

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("rollback -e prod", "rollback -e prod --to 41"))
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

    return _do(ctx, work)


@app.command(epilog=o.examples("lock -e prod", 'lock acquire -e prod -m "stocktaking"', "lock release -e prod"))
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

    return _do(ctx, work, reading=action == "show")


@app.command(
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

    return _do(ctx, work, reading=action in ("status", "run") or show)


@app.command(epilog=o.examples("restart", "restart -e prod -s api"))
def restart(ctx: typer.Context, env: o.Env = None, service: o.Services = None) -> int:
    """Start the services anew without interruption."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.restart import restart

        opened = doors.changing(run, env, service, files=False)
        return restart(opened.platform, opened.environment, opened.request, run.journal)

    return _do(ctx, work)


@app.command(
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

    return _do(ctx, work, reading=True)


@app.command(
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

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("scale api=4", "scale -e prod api=4 storefront=2"))
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

    return _do(ctx, work)


@app.command(epilog=o.examples("build -e prod --out images.json", "build -e prod --explain"))
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

    return _do(ctx, work, reading=explain)


@app.command(epilog=o.examples("push -e prod --out images.json"))
def push(ctx: typer.Context, env: o.Env = None, service: o.Services = None, out: o.Out = None) -> int:
    """Bring the built images to the registry."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.push import push

        opened = doors.changing(run, env, service, written=out)
        return push(opened.platform, opened.environment, opened.request, run.journal, out)

    return _do(ctx, work)


@app.command(
    epilog=o.examples("provision -e dev", "provision -e prod --plan --out DIR", "provision -e prod --apply DIR")
)
def provision(
    ctx: typer.Context,
    env: o.Env = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what there is to do; change nothing.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="With --plan: keep the plan in DIR.")] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="DIR", help="Apply the plan that is kept in DIR, and only that.")
    ] = None,
    allow_destroy: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="This database, bucket or cluster may be lost; may be repeated."),
    ] = None,
    destroy: Annotated[bool, typer.Option("--destroy", help="Destroy everything; wants --confirm.")] = False,
    confirm: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="With --destroy: the environment's name, to say that it is meant."),
    ] = None,
    exit_code: o.ExitCode = False,
    without_cluster: Annotated[
        bool, typer.Option("--without-cluster", help="The cluster cannot be reached: do without its lock and `down`.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")] = False,
) -> int:
    """Make what the environment stands on, with Terraform.

    The plan is shown; exactly that is applied. A protected environment asks before.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.provision import Provision, Wishes
        from cloudnorth_cli.platforms import open_platform

        environment, request = doors.ground(run, env)
        wishes = Wishes(plan, out, apply, destroy, confirm, tuple(allow_destroy or ()), exit_code, without_cluster)
        ask = (lambda question: True) if yes else run.ask
        return Provision(
            environment, wishes, request, run.journal, ask, lambda: open_platform(environment, run.journal)
        ).run()

    return _do(ctx, work)


@app.command(epilog=o.examples("drift -e prod --exit-code"))
def drift(ctx: typer.Context, env: o.Env = None, exit_code: o.ExitCode = False) -> int:
    """Show what is no longer as Terraform's files say."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.drift import drift

        return drift(doors.ground(run, env)[0], run.journal, exit_code=exit_code)

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("doctor -e prod", "doctor --permissions"))
def doctor(
    ctx: typer.Context,
    env: o.Env = None,
    permissions: Annotated[
        bool, typer.Option("--permissions", help="Print the rights that each kind of work needs.")
    ] = False,
) -> int:
    """See whether a deploy could succeed, and what mends it where not.

    Changes nothing. Exit status 3 where something is to be mended.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors

        if permissions:
            from cloudnorth_cli.commands.permissions import permissions as printed

            return printed()
        from cloudnorth_cli.commands.doctor import doctor

        environment, platform = doors.reading(run, env)
        return doctor(platform, environment)

    return _do(ctx, work, reading=True)


@app.command(
    epilog=o.examples("cleanup -e prod", "cleanup -e prod --apply", "cleanup -e prod --keep 3 --older-than 1h")
)
def cleanup(
    ctx: typer.Context,
    env: o.Env = None,
    apply: Annotated[bool, typer.Option("--apply", help="Delete what can go; without it nothing is deleted.")] = False,
    keep: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="The newest N images of each repository stay. Default 10.")
    ] = None,
    older_than: Annotated[
        str | None, typer.Option(metavar="1h", help="What was pushed within so long stays. Default 72h.")
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="This environment is gone: its records don't count; may be repeated."),
    ] = None,
    confirm: o.Confirm = None,
) -> int:
    """Show the registry's images and why they stay; delete the others.

    What a kept record of any environment names stays, and what runs. Refused
    where one of them cannot be read.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.cleanup import Wishes, cleanup
        from cloudnorth_cli.platforms.stored_images import StoredImages

        grace, flags = doors.grace(keep, older_than)
        wishes = Wishes(grace, apply, confirm, tuple(without or ()), flags)
        everywhere = doors.everywhere(run, wishes.without)
        environment = doors.changing(run, env, files=False).environment if apply else doors.reading(run, env)[0]
        return cleanup(environment, StoredImages(environment), everywhere, wishes, run.journal)

    return _do(ctx, work, reading=not apply)


@app.command(epilog=o.examples("outputs -e prod", "outputs -e prod -o json"))
def outputs(ctx: typer.Context, env: o.Env = None) -> int:
    """Show what Terraform made: names, addresses, identifiers."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.outputs import outputs

        return outputs(doors.ground(run, env)[0], run.journal)

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("config -e prod"))
def config(ctx: typer.Context, env: o.Env = None) -> int:
    """Show every setting of an environment and where it comes from.

    Secrets are not read; where they come from is told.
    """

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors

        return doors.config(run, env)

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("explain crash-at-start", "explain"))
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

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("kubeconfig -e prod --out prod.kubeconfig"))
def kubeconfig(ctx: typer.Context, env: o.Env = None, out: o.Out = None) -> int:
    """Print the way to the environment's cluster, for kubectl."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.kubeconfig import kubeconfig

        _, platform = doors.reading(run, env)
        return kubeconfig(platform, out)

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("token --cluster shop-prod --region us-east-1"))
def token(
    ctx: typer.Context,
    cluster: Annotated[str, typer.Option(metavar="NAME", help="Name of the EKS cluster.")],
    region: Annotated[str | None, typer.Option(metavar="NAME", help="Its region; default: this machine's.")] = None,
    role: Annotated[str | None, typer.Option(metavar="ARN", help="Of a role that is assumed.")] = None,
) -> int:
    """Print a token for an EKS cluster; kubectl asks for it."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.commands.token import token

        return token(cluster, region, role)

    return _do(ctx, work, reading=True)


@app.command(epilog=o.examples("backup", "backup --list"))
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

    return _do(ctx, work, reading=listed)


@app.command(epilog=o.examples("restore", "restore 12", "restore /mnt/copies/12"))
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

    return _do(ctx, work)


@app.command(epilog=o.examples("down -e local", "down -e local --delete-data", "down -e prod --confirm prod"))
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

    return _do(ctx, work)


@app.command(
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


def _do(ctx: typer.Context, work: "Callable[[Run], Result]", *, reading: bool = False) -> int:
    """The one way from a parsed line to a run."""
    from cloudnorth_cli import session
    from cloudnorth_cli.typed import typed

    return session.run(
        str(ctx.info_name), ctx.obj, typed(ctx.meta["arguments"]), ctx.meta["watch"], work, reading=reading
    )
