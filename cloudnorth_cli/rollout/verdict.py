"""One look at a rollout: ready, failed with its causes, or what it waits for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloudnorth_cli.model import Pod, PodFailure, Verdict, Waiting, Workload
from cloudnorth_cli.rollout import bounds, causes, containers, pods, probes
from cloudnorth_cli.rollout.observed import Object, Observed, Seen, Tracked, dig, is_true, key, name, uid, version
from cloudnorth_cli.rollout.readiness import progress
from cloudnorth_cli.rollout.revision import all_pods, new_pods
from cloudnorth_cli.rollout.sign import Sign

SHOWN_WAIT = 2.0
"""Seconds after which a sign that may pass is shown."""
HOOK = "the chart's hook"


@dataclass(frozen=True)
class _Found:
    """A sign on a pod or a workload, and since when it stands."""

    sign: Sign
    subject: str
    service: str | None
    thing: Object
    pod: str
    """Its name, or the workload's key."""
    since: float


def judge(observed: Observed, tracked: Tracked, seen: Seen) -> tuple[Verdict, Seen]:
    """Judge the new revision of the tracked workloads from one observation.

    `seen` is what the judgement before returned ({} at first): signs that need patience are counted from there.
    """
    memory = _Memory(observed.at, seen)
    workloads = _rolling(observed, tracked)
    steps = _steps(workloads, tracked, observed)
    shown = tuple(_shown(workloads, observed, tracked))
    found = [
        *_hooks(observed, tracked, memory),
        *_workloads(workloads, observed, tracked, memory),
        *_gone(workloads, tracked, memory),
    ]
    failures = _most_telling([one for one in found if observed.at - one.since >= one.sign.patience], observed.at)
    done = tracked.before is None and all(step.done for step in steps)
    if not done and not failures:
        failures = tuple(_late(workloads, steps, observed, tracked))
    settling = _settling(workloads, steps, observed, tracked, memory) if done and not failures else ""
    waits = tuple(_wait(one, observed.at) for one in found)
    ready = done and not failures and not settling
    state = "failed" if failures else "ready" if ready else "waiting" if waits else "progressing"
    waiting = "" if ready else settling or _waiting_for(steps, shown, waits)
    return (
        Verdict(
            state=state,  # type: ignore[arg-type]
            workloads=steps,
            pods=shown,
            failures=failures,
            waiting_for=waiting or _counts(steps),
            waits=waits,
        ),
        memory.kept,
    )


class _Memory:
    """What was seen before and still is, on the observer's clock."""

    def __init__(self, now: float, before: Seen) -> None:
        self.kept: dict[str, float] = {}
        self._now = now
        self._before = before

    def since(self, what: str) -> float:
        """When it was first seen without a break."""
        return self.kept.setdefault(what, self._before.get(what, self._now))

    def forgiven(self, pod: Object, observed: Observed) -> int:
        """Restarts after which this pod was ready for a while."""
        what, restarts = f"{uid(pod)}/forgiven", _restarts(pod)
        forgiven = self._before.get(what, 0.0)
        if is_true(pod, "Ready") and self._now - self.since(_ready(pod, observed)) >= bounds.EARLIER_READY:
            forgiven = float(restarts)
        if forgiven:
            self.kept[what] = forgiven
        return int(forgiven)


def _ready(pod: Object, observed: Observed) -> str:
    """Under which it is kept since when a pod is ready: a restart, or a liveness probe that fails, begins anew."""
    return f"{uid(pod)}/ready/{_restarts(pod)}/{containers.failed_liveness(observed.told.get(uid(pod), ()))}"


def _restarts(pod: Object) -> int:
    return sum(int(status.get("restartCount", 0)) for status in pods.container_statuses(pod))


def _rolling(observed: Observed, tracked: Tracked) -> dict[str, Object]:
    """The tracked workloads that are there, as soon as Helm has changed them."""
    there = {key(workload): workload for workload in observed.workloads if key(workload) in tracked.workloads}
    if tracked.before is None:
        return there
    return {what: thing for what, thing in there.items() if tracked.before.get(what) != version(thing)}


def _steps(workloads: dict[str, Object], tracked: Tracked, observed: Observed) -> tuple[Workload, ...]:
    wanted = tracked.workloads if tracked.before is None else {what: tracked.workloads[what] for what in workloads}
    return tuple(
        progress(workloads[what], service, observed)
        if what in workloads
        else Workload(name=what, service=service, wanted=1, updated=0, ready=0, done=False)
        for what, service in wanted.items()
    )


def _shown(workloads: dict[str, Object], observed: Observed, tracked: Tracked) -> Iterator[Pod]:
    """New pods, and old ones as long as they are there."""
    for what, workload in workloads.items():
        new = {name(pod) for pod in new_pods(workload, observed)}
        for pod in all_pods(workload, observed):
            shown = pods.show(pod, tracked.workloads[what])
            if name(pod) in new:
                yield shown
            elif shown.state != "ending" and dig(pod, "status", "phase") in {"Running", "Pending"}:
                yield pods.show(pod, tracked.workloads[what], "old")


def _workloads(workloads: dict[str, Object], observed: Observed, tracked: Tracked, memory: _Memory) -> Iterator[_Found]:
    for what, workload in workloads.items():
        service = tracked.workloads[what]
        subject = service or name(workload)
        is_job = workload.get("kind") == "Job"
        of_workload = causes.of_job(workload, hook=False) if is_job else causes.of_workload(workload, observed)
        if of_workload:
            yield _found(of_workload, subject, service, workload, _failed_pod(workload, observed), memory)
        new = new_pods(workload, observed)
        for pod in new:
            sign = causes.of_pod(pod, observed, forgiven=memory.forgiven(pod, observed), of_job=is_job)
            if sign is None and not is_true(pod, "Ready") and not is_job:
                sign = _not_ready(pod, workload, new, observed)
            if sign:
                yield _found(sign, subject, service, pod, name(pod), memory)


def _not_ready(pod: Object, workload: Object, new: tuple[Object, ...], observed: Observed) -> Sign | None:
    """A pod that runs and is not ready, as long as no other of its revision is: then it may only be slower."""
    if any(is_true(other, "Ready") for other in new):
        return None
    earlier = tuple(other for other in all_pods(workload, observed) if uid(other) != uid(pod))
    patience = probes.readiness_patience(probes.template(workload), earlier)
    return containers.not_ready(pod, patience, observed.told.get(uid(pod), ()))


def _failed_pod(workload: Object, observed: Observed) -> str:
    """The pod of a Job that tells most: the last that failed; else the workload's key."""
    if workload.get("kind") != "Job":
        return key(workload)
    failed = [pod for pod in new_pods(workload, observed) if dig(pod, "status", "phase") == "Failed"]
    failed.sort(key=lambda pod: str(dig(pod, "metadata", "creationTimestamp", default="")))
    return name(failed[-1]) if failed else key(workload)


def _hooks(observed: Observed, tracked: Tracked, memory: _Memory) -> Iterator[_Found]:
    """Hooks that can never end well. While Helm runs they are all that keeps it."""
    before = tracked.before or {}
    for thing in (*observed.workloads, *observed.pods):
        if key(thing) not in tracked.hooks or before.get(key(thing)) == version(thing):
            continue
        subject = f"{HOOK} {key(thing)}"
        for sign, what, pod in _of_hook(thing, observed):
            yield _found(sign, subject, None, what, pod, memory)


def _of_hook(thing: Object, observed: Observed) -> Iterator[tuple[Sign, Object, str]]:
    """Signs with what shows them and the pod to ask."""
    if thing.get("kind") != "Job":
        sign = causes.of_pod(thing, observed)
        if sign is None and dig(thing, "status", "phase") == "Failed":
            sign = Sign("hook-failed", "failed", reason="Failed")
        if sign:
            yield sign, thing, name(thing)
        return
    of_job = causes.of_job(thing, hook=True)
    if sign := of_job or causes.of_workload(thing, observed):
        yield sign, thing, _failed_pod(thing, observed) if of_job else key(thing)
    for pod in new_pods(thing, observed):
        if sign := causes.of_pod(pod, observed, of_job=True):
            yield sign, pod, name(pod)


def _gone(workloads: dict[str, Object], tracked: Tracked, memory: _Memory) -> Iterator[_Found]:
    """Workloads that Helm has made and that are not there."""
    if tracked.before is not None:
        return
    for what, service in tracked.workloads.items():
        if what not in workloads:
            kind, _, named = what.partition("/")
            thing = {"kind": kind, "metadata": {"name": named}}
            sign = Sign("workload-gone", "was deleted while it was rolled out", reason="NotFound")
            yield _found(sign, service or named, service, thing, what, memory)


def _found(sign: Sign, subject: str, service: str | None, thing: Object, pod: str, memory: _Memory) -> _Found:
    return _Found(sign, subject, service, thing, pod, memory.since(causes.pod_key(thing, sign)))


def _most_telling(found: list[_Found], now: float) -> tuple[PodFailure, ...]:
    """Pods' own reasons before what controllers conclude from them; of one cause, those that stand longest first."""
    hidden = {"progress-deadline", "job-failed", "hook-failed"}
    found.sort(key=lambda one: (one.sign.cause == "progress-deadline", one.since))
    own = {one.subject for one in found if one.sign.cause not in hidden}
    return tuple(
        _failure(one, now, alike=sum(o.sign.cause == one.sign.cause and o.subject == one.subject for o in found))
        for one in found
        if one.sign.cause != "hook-failed" or one.subject not in own
    )


def _failure(one: _Found, now: float, alike: int) -> PodFailure:
    sign = one.sign
    more = f", on {alike} new pods" if alike > 1 else ""
    return PodFailure(
        cause=sign.cause,
        message=f"{one.subject} {sign.message}{more}",
        pod=one.pod,
        service=one.service,
        container=sign.container,
        reason=sign.reason,
        exit_code=sign.exit_code,
        signal=pods.signal_of(sign.exit_code),
        restarts=sign.restarts,
        stood_for=round(now - one.since, 3),
        probe=sign.probe,
    )


def _wait(one: _Found, now: float) -> Waiting:
    return Waiting(
        cause=one.sign.cause,
        message=f"{one.subject} {one.sign.message}",
        pod=one.pod,
        seconds=round(now - one.since, 1),
        patience=one.sign.patience,
    )


def _settling(
    workloads: dict[str, Object], steps: tuple[Workload, ...], observed: Observed, tracked: Tracked, memory: _Memory
) -> str:
    """What is shown while ready pods are watched for a restart; "" once they have all lasted."""
    longest = 0.0
    told = ""
    for workload in workloads.values():
        if workload.get("kind") == "Job":
            continue
        needed, why = probes.window(probes.template(workload), tracked.settle)
        for pod in new_pods(workload, observed):
            lasted = observed.at - memory.since(_ready(pod, observed))
            if needed - lasted > longest:
                longest = needed - lasted
                told = f"{_counts(steps)}; to see that it lasts ({why}): {lasted:.0f} s of {needed:.0f} s"
    return told


def _late(
    workloads: dict[str, Object], steps: tuple[Workload, ...], observed: Observed, tracked: Tracked
) -> Iterator[PodFailure]:
    """Of each workload whose time is up and that is not done: how far it came and what its pods say."""
    took = observed.at - tracked.started
    if tracked.before is not None:
        yield from _hooks_late(observed, tracked) if took >= tracked.timeout else ()
        return
    for step in steps:
        limit = tracked.limits.get(step.name, tracked.timeout)
        if step.done or took < limit:
            continue
        subject = step.service or step.name
        workload = workloads.get(step.name)
        message = f"{subject} is not ready after {limit:.0f} s: {step.ready} of {step.wanted} new pods ready"
        pod = next((p for p in new_pods(workload, observed) if not is_true(p, "Ready")), None) if workload else None
        if pod is None:
            yield PodFailure(cause="never-ready", message=message, pod=step.name, service=step.service)
            continue
        shown = pods.show(pod, step.service)
        sign = causes.of_pod(pod, observed) or containers.not_ready(pod, 0.0, observed.told.get(uid(pod), ()))
        detail = sign.message if sign else f"{shown.state} {shown.detail}".strip()
        yield PodFailure(
            cause=sign.cause if sign else "never-ready",
            message=f"{message}; {detail}",
            pod=shown.name,
            service=step.service,
            container=sign.container if sign else "",
            reason=sign.reason if sign else "",
            exit_code=sign.exit_code if sign else None,
            restarts=shown.restarts,
            probe=sign.probe if sign else "",
        )


def _hooks_late(observed: Observed, tracked: Tracked) -> Iterator[PodFailure]:
    """Hooks that are still at work when the time is up."""
    before = tracked.before or {}
    for thing in (*observed.workloads, *observed.pods):
        what = key(thing)
        if what not in tracked.hooks or before.get(what) == version(thing) or is_true(thing, "Complete"):
            continue
        if dig(thing, "status", "phase") == "Succeeded":
            continue
        new = new_pods(thing, observed) if thing.get("kind") == "Job" else (thing,)
        message = f"{HOOK} {what} has not ended after {tracked.timeout:.0f} s"
        yield PodFailure(cause="hook-timeout", message=message, pod=name(new[-1]) if new else what)


def _waiting_for(steps: tuple[Workload, ...], shown: tuple[Pod, ...], waits: tuple[Waiting, ...]) -> str:
    """`api 2/4; api-6d9c7-x2x8q starting`, or the reason that may come to be a failure and its time."""
    long = [wait for wait in waits if wait.seconds >= SHOWN_WAIT or wait.patience == 0]
    if long:
        first = max(long, key=lambda wait: wait.seconds)
        given = f" of {first.patience:.0f}" if first.patience else ""
        told = f"{first.message} ({first.seconds:.0f}{given} s)"
        return "; ".join(part for part in (_counts(steps), told) if part)
    behind = next((pod for pod in shown if not pod.ready and pod.release is None), None)
    told = f"{behind.name} {behind.state}" if behind else ""
    if behind and behind.detail and behind.detail != behind.state:
        told += f" ({behind.detail})"
    if not told and any(step.ready >= step.wanted and not step.done for step in steps):
        told = "the old pods' end" if any(pod.release == "old" for pod in shown) else "the controller"
    return "; ".join(part for part in (_counts(steps), told) if part)


def _counts(steps: tuple[Workload, ...]) -> str:
    return " · ".join(f"{step.service or step.name.partition('/')[2]} {step.ready}/{step.wanted}" for step in steps)
