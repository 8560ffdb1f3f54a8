"""What `doctor` looks at on the kubernetes platform: tools, cluster, registry. Reads only."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from datetime import UTC, datetime

from cloudnorth_cli import shell
from cloudnorth_cli.adapters import buildkit, docker, kube_expiry, terraform
from cloudnorth_cli.adapters.reference import parse
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.durations import told
from cloudnorth_cli.errors import CloudnorthError, Refused
from cloudnorth_cli.model import Finding
from cloudnorth_cli.platforms import Check, Seen, checkups
from cloudnorth_cli.platforms.kubernetes import (
    checkup_aws,
    checkup_balancer,
    checkup_cluster,
    credentials,
    records,
)
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.registries import Registries

TOOL_SECONDS = 3.0
"""In which a tool has to tell its version."""


def checks(site: Site) -> tuple[Check, ...]:
    return tuple(_checks(site))


def _checks(site: Site) -> Iterator[Check]:
    file = site.environment.file
    builds = any(service.build for service in site.environment.services.values())
    yield Check("helm", lambda: _helm(site))
    if builds:
        yield Check("docker", lambda: _docker(site))
    if file.terraform:
        yield Check("terraform", lambda: _terraform(site))
    yield from checkup_aws.checks(site.environment)
    yield Check("cluster", lambda: _cluster(site))
    yield Check("token", lambda: _credentials(site), needs="cluster")
    yield from checkup_cluster.checks(site)
    yield from checkup_balancer.checks(site)
    if file.registry:
        yield Check("registry", lambda: _registry(site, builds=builds))
    yield Check("images", lambda: _images(site), needs="cluster")
    yield from checkups.sources(site.environment, site.journal)
    yield checkups.disk(site.environment.root)


def _where(site: Site, key: str) -> str:
    return f"{site.environment.config_path.name} environments.{site.environment.name}.{key}"


def _helm(site: Site) -> Seen:
    try:
        version = site.helm_version
    except CloudnorthError as error:
        advice = error.next or (f"{site.settings.command} version",)
        raise Refused(error.message, code=error.code, where=_where(site, "helm"), next=advice) from error
    chart = site.environment.root / site.settings.chart
    if not (site.settings.chart.startswith("oci://") or site.settings.version or (chart / "Chart.yaml").exists()):
        raise Refused(
            f"{site.settings.chart} holds no Chart.yaml",
            code="chart-missing",
            where=_where(site, "helm.chart"),
            next=(f"ls {shlex.quote(str(chart))}",),
        )
    return Seen(f"{'.'.join(map(str, version))}, chart {site.settings.chart}")


def _docker(site: Site) -> Seen:
    settings = site.environment.file.docker
    docker.Engine(settings.host).ping()
    # A client can have BuildKit without the plug-in: what counts is the option that our builds are given.
    asked = shell.Command((settings.command, "build", "--help"), environ=buildkit.environ(settings))
    try:
        done = shell.run(asked, timeout=TOOL_SECONDS, check=False)
    except CloudnorthError as error:
        raise Refused(error.message, code="docker-missing", where=_where(site, "docker.command")) from error
    if done.status != 0 or "--progress" not in done.output:
        raise Refused(
            f"{settings.command} has no BuildKit, which builds the images",
            code="buildx-missing",
            where=_where(site, "docker.command"),
            next=(f"DOCKER_BUILDKIT=1 {settings.command} build --help",),
        )
    return Seen("the engine answers")


def _terraform(site: Site) -> Seen:
    settings = site.environment.file.terraform
    assert settings is not None
    line = shell.Command((settings.command, "version", "-json"), environ={"CHECKPOINT_DISABLE": "1"})
    where, advice = _where(site, "terraform.command"), (f"{settings.command} version",)
    try:
        said = shell.run(line, timeout=TOOL_SECONDS, check=False).output
        version = terraform.check_version(said, settings.command)
    except CloudnorthError as error:
        raise Refused(error.message, code=error.code, where=where, next=error.next or advice) from error
    return Seen(version)


def _cluster(site: Site) -> Seen:
    context = site.context
    try:
        version = site.api.get("/version").get("gitVersion", "")
    except CloudnorthError as error:
        advice = error.next or (shlex.join(("kubectl", *site.way, "version")),)
        place = site.kubeconfig if site.eks is None else _where(site, "cluster.eks")
        raise Refused(error.message, code=error.code, where=error.where or place, next=advice) from error
    return Seen(f"{version} at {site.api.server}, context {context}")


def _credentials(site: Site) -> Seen:
    ends = kube_expiry.ends(site.kubeconfig, site.context)
    if ends is None:
        return Seen("no end is known")
    credentials.last_long_enough(site, records.store(site).all())
    return Seen(f"until {ends:%Y-%m-%dT%H:%M:%SZ}, {told((ends - site.api.now()).total_seconds())} from now")


def _registry(site: Site, *, builds: bool) -> Seen:
    """It answers, takes our credentials, and lets us push where we build."""
    known = Registries(site.environment, site.journal)
    names = [name for name, service in site.environment.services.items() if service.build]
    if not builds:
        host = site.environment.registry_host
        try:
            known.of(parse(f"{host}/any")).check()
        except CloudnorthError as error:
            raise Refused(
                error.message,
                code=error.code,
                where=_where(site, "registry"),
                next=error.next or (f"docker login {host}",),
            ) from error
        return Seen(f"{host} answers", _apart(site, known))
    repositories = [known.repository(name) for name in names]
    found = side_by_side(lambda repository: _pushed(known, repository), repositories)
    # A registry that is away is one thing to mend, however many repositories are in it.
    findings = tuple({(one.code, one.message): one for one in found if one}.values())
    apart = () if findings else _apart(site, known)
    seen = f"{site.environment.registry_host}: {len(repositories)} repositories can be written"
    return Seen(seen, (*findings, *apart))


def _apart(site: Site, known: Registries) -> tuple[Finding, ...]:
    """Where its clock is far from ours: the tokens that it gives seem to have ended, or not to have begun."""
    host = site.environment.registry_host or ""
    now = known.of(parse(f"{host}/any")).now()
    seconds = (datetime.now(UTC) - now).total_seconds() if now else 0.0
    if abs(seconds) <= checkup_cluster.CLOCK:
        return ()
    side = "ahead of" if seconds > 0 else "behind"
    message = f"the clock of this machine is {abs(seconds):.0f} s {side} the registry's; its tokens are refused"
    return (Finding(code="clock", message=message, where=host, next=("timedatectl status",)),)


def _pushed(known: Registries, repository: str) -> Finding | None:
    try:
        known.look_push_allowed(repository)
    except CloudnorthError as error:
        host = repository.partition("/")[0]
        advice = error.next or (f"docker login {host}",)
        return Finding(code=error.code, message=error.message, where=repository, next=advice)
    return None


def _images(site: Site) -> Seen:
    """What serves, and images that are made elsewhere, are still there: a rollback and a restarted pod pull them."""
    known = Registries(site.environment, site.journal)
    served = records.serving(site)
    wanted = {f"{one.repository}@{one.digest}" for one in (served.images if served else ()) if one.digest}
    wanted |= {service.image for service in site.environment.services.values() if service.image}
    if not wanted:
        return Seen("none serve yet")
    found = side_by_side(lambda reference: _pulled(known, reference), sorted(wanted))
    return Seen(f"{len(wanted)} looked for", tuple(one for one in found if one))


def _pulled(known: Registries, reference: str) -> Finding | None:
    advice = (f"docker manifest inspect {shlex.quote(reference)}",)
    try:
        name = parse(reference)
        there = known.of(name).digest(name.path, name.digest or name.tag or "latest")
    except CloudnorthError as error:
        return Finding(code=error.code, message=error.message, where=reference, next=error.next or advice)
    except ValueError as error:
        return Finding(code="image-name-invalid", message=str(error), where=reference, next=advice)
    if there is None:
        return Finding(code="image-not-found", message=f"the registry has no {reference}", where=reference, next=advice)
    return None
