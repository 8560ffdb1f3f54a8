"""How many pods a service has: who sets that number, and setting it."""

from __future__ import annotations

from collections.abc import Mapping

from cloudnorth_cli.adapters.kube import Conflict, Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Step
from cloudnorth_cli.platforms.kubernetes import manifest, records
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.preparing import services_of
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout.observed import dig, key, name

_WITH_A_NUMBER = ("Deployment", "StatefulSet")
MANAGER = "cloudnorth"
"""Under which the API server notes who set the number."""


def scale(site: Site, counts: Mapping[str, int], step: Step) -> dict[str, str | None]:
    """Set the numbers of the services' workloads; returns those, by key to their services. Raises Refused."""
    there = {key(thing): thing for thing in records.workloads(site)}
    named = services_of(site, {what: Document("", "", thing) for what, thing in there.items()})
    chosen = {service: _the_one(service, named, there, site) for service in counts}
    for service, what in chosen.items():
        _free_to_scale(site, service, there[what], step)
    owners = _set_by_chart(site)
    for service, what in chosen.items():
        _set(site, there[what], counts[service])
        in_chart = owners.get(what)
        if in_chart is None:
            step.notice(f"{what} has no number in the chart: {counts[service]} stays until it is scaled again")
        else:
            step.notice(f"the chart says replicas: {in_chart} for {what}; the next deploy puts that back", "warning")
    return {what: service for service, what in chosen.items()}


def _the_one(service: str, named: Mapping[str, str | None], there: Mapping[str, Json], site: Site) -> str:
    mine = [what for what, of in named.items() if of == service]
    able = [what for what in mine if there[what]["kind"] in _WITH_A_NUMBER]
    if not mine:
        raise Refused(f"nothing of {service} runs in namespace {site.namespace}", code="nothing-runs")
    if len(able) != 1:
        why = "runs once on each node" if not able else f"runs in {' and '.join(able)}"
        raise Refused(
            f"{service} {why}: name the one workload to scale in services.{service}.workloads", code="not-scalable"
        )
    return able[0]


def _free_to_scale(site: Site, service: str, thing: Json, step: Step) -> None:
    """Raises Refused where an autoscaler sets the number: it would put its own back within seconds."""
    try:
        scalers = site.api.items(path("HorizontalPodAutoscaler", site.namespace))
    except Refused as error:
        if error.code != "forbidden":
            raise
        step.notice(f"whether an autoscaler sets the number of {service} may not be read", "warning")
        return
    for scaler in scalers:
        target = dig(scaler, "spec", "scaleTargetRef", default={})
        if (target.get("kind"), target.get("name")) == (thing["kind"], name(thing)):
            least, most = dig(scaler, "spec", "minReplicas", default=1), dig(scaler, "spec", "maxReplicas")
            raise Refused(
                f"{service} is scaled by horizontalpodautoscaler/{name(scaler)}, from {least} to {most} pods;"
                " change its bounds in the chart's values and deploy",
                code="autoscaled",
                where=f"horizontalpodautoscaler/{name(scaler)} in namespace {site.namespace}",
                next=(f"cloudnorth deploy --env {site.environment.name}",),
            )


def _set_by_chart(site: Site) -> dict[str, int | None]:
    """The numbers that stand in the manifest of the revision that serves, by workload; None where there is none."""
    revisions = records.revisions(site) or ()
    deployed = next((one for one in revisions if one.status == "deployed"), None)
    if deployed is None:
        return {}
    documents = manifest.parse(site.run(site.helm().manifest(deployed.number)).output)
    found = manifest.workloads(documents, site.namespace)
    return {what: dig(document.body, "spec", "replicas") for what, document in found.items()}


def _set(site: Site, thing: Json, count: int) -> None:
    place = path(str(thing["kind"]), site.namespace, name(thing))
    # Not by the `scale` subresource: who deploys may patch workloads, and needs no further right.
    site.api.patch(place, {"spec": {"replicas": count}}, fieldManager=MANAGER)
    _disown(site, place)


def _disown(site: Site, place: str) -> None:
    """Leave the number to the chart: an entry of our own in `managedFields` would make the next deploy a conflict."""
    for _ in range(5):
        thing = site.api.get(place)
        entries = thing["metadata"].get("managedFields") or []
        kept = [entry for entry in entries if entry.get("manager") != MANAGER]
        if kept == entries:
            return
        body = {"metadata": {"managedFields": kept, "resourceVersion": thing["metadata"]["resourceVersion"]}}
        try:
            site.api.patch(place, body)
            return
        except Conflict:
            continue  # its status was written in between
