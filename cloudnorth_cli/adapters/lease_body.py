"""What stands in a Lease of ours: who holds it, from where, at what commit, in which run and step."""

from __future__ import annotations

from datetime import UTC, datetime

from cloudnorth_cli.adapters import this_process
from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.model import LockStatus, Request

PREFIX = "cloudnorth.io"
MARGIN = 5.0
"""Seconds over a Lease's duration in which it is not yet called abandoned: the API server's clock tells whole ones."""


def body(namespace: str, name: str, request: Request, verb: str, duration: float) -> Json:
    now = _now()
    actor = request.actor
    told = {
        "who": actor.who,
        "run": actor.run,
        "url": actor.run_url or "",
        "commit": request.source.commit,
        "verb": verb,
        "since": now,
        "process": this_process.name(),
    }
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": {"app.kubernetes.io/managed-by": "cloudnorth"},
            "annotations": {f"{PREFIX}/{key}": value for key, value in told.items()},
        },
        "spec": {
            "holderIdentity": f"{actor.who} {actor.run}",
            "leaseDurationSeconds": int(duration),
            "acquireTime": now,
            "renewTime": now,
        },
    }


def renewed(lease: Json, step: str) -> Json:
    metadata = lease["metadata"]
    annotations = {**(metadata.get("annotations") or {}), f"{PREFIX}/step": step}
    return {
        **lease,
        "metadata": {**metadata, "annotations": annotations},
        "spec": {**lease["spec"], "renewTime": _now()},
    }


def status(lease: Json, now: datetime) -> LockStatus:
    """`now`: by the API server's clock, against which its own times of writing are told."""
    since = lease["spec"].get("acquireTime")
    written = [str(field["time"]) for field in lease["metadata"].get("managedFields") or [] if field.get("time")]
    silent = (now - datetime.fromisoformat(max(written))).total_seconds() if written else None
    lasts = float(lease["spec"].get("leaseDurationSeconds") or 0) + MARGIN
    gone = this_process.is_gone(note(lease, "process"))
    return LockStatus(
        holder=who(lease),
        since=datetime.fromisoformat(since) if since else None,
        run=note(lease, "run") or None,
        run_url=note(lease, "url") or None,
        commit=note(lease, "commit"),
        verb=note(lease, "verb"),
        step=note(lease, "step"),
        abandoned=gone or (silent is not None and silent > lasts),
        silent_seconds=max(0.0, silent) if silent is not None else None,
    )


def told(lease: Json) -> str:
    """`anna@laptop (deploy 8f3c1d2, in watch)`."""
    doing = " ".join(part for part in (note(lease, "verb"), note(lease, "commit")) if part)
    parts = [part for part in (doing, f"in {note(lease, 'step')}" if note(lease, "step") else "") if part]
    return f"{who(lease)} ({', '.join(parts)})" if parts else who(lease)


def who(lease: Json) -> str:
    return note(lease, "who") or str(lease["spec"].get("holderIdentity") or "somebody")


def note(lease: Json, name: str) -> str:
    return str((lease["metadata"].get("annotations") or {}).get(f"{PREFIX}/{name}", ""))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
