"""What an environment stands on: Terraform, the cluster, the registry, and whether all of it will do."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloudnorth_cli.cli import options as o
from cloudnorth_cli.cli.verbs import do, verb

if TYPE_CHECKING:
    from cloudnorth_cli.events import Result
    from cloudnorth_cli.session import Run


@verb(epilog=o.examples("provision -e dev", "provision -e prod --plan --out DIR", "provision -e prod --apply DIR"))
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
    wait_lock: o.WaitLock = None,
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
        patience = doors.patience(wait_lock) if wait_lock else None
        wishes = Wishes(
            plan, out, apply, destroy, confirm, tuple(allow_destroy or ()), exit_code, without_cluster, patience
        )
        ask = (lambda question: True) if yes else run.ask
        return Provision(
            environment, wishes, request, run.journal, ask, lambda: open_platform(environment, run.journal)
        ).run()

    return do(ctx, work)


@verb(epilog=o.examples("drift -e prod --exit-code"))
def drift(ctx: typer.Context, env: o.Env = None, exit_code: o.ExitCode = False) -> int:
    """Show what is no longer as Terraform's files say."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.drift import drift

        return drift(doors.ground(run, env)[0], run.journal, exit_code=exit_code)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("outputs -e prod", "outputs -e prod -o json"))
def outputs(ctx: typer.Context, env: o.Env = None) -> int:
    """Show what Terraform made: names, addresses, identifiers."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.outputs import outputs

        return outputs(doors.ground(run, env)[0], run.journal)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("doctor -e prod", "doctor --permissions"))
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

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("cleanup -e prod", "cleanup -e prod --apply", "cleanup -e prod --keep 3 --older-than 1h"))
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

    return do(ctx, work, reading=not apply)


@verb(epilog=o.examples("kubeconfig -e prod --out prod.kubeconfig"))
def kubeconfig(ctx: typer.Context, env: o.Env = None, out: o.Out = None) -> int:
    """Print the way to the environment's cluster, for kubectl."""

    def work(run: "Run") -> "Result":
        from cloudnorth_cli.cli import doors
        from cloudnorth_cli.commands.kubeconfig import kubeconfig

        _, platform = doors.reading(run, env)
        return kubeconfig(platform, out)

    return do(ctx, work, reading=True)


@verb(epilog=o.examples("token --cluster shop-prod --region us-east-1"))
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

    return do(ctx, work, reading=True)
