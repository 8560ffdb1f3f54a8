"""One look at a rollout: ready, failed with its causes, or what it waits for."""

from __future__ import annotations

from collections.abc import Iterator

from cloudnorth_cli.model import Pod, PodFailure, Verdict, Workload
from cloudnorth_cli.rollout import causes, pods
from cloudnorth_cli.rollout.observed import Object, Observed, Seen, Tracked, dig, is_true, key, name
from cloudnorth_cli.rollout.readiness import progress
from cloudnorth_cli.rollout.revision import all_pods, new_pods


def judge(observed: Observed, tracked: Tracked, seen: Seen) -> tuple[Verdict, Seen]:
    """Judge the new revision of the tracked workloads from one observation.

    `seen` is what the judgement before returned ({} at first): signs that need patience are counted from there.
    """
    workloads = _tracked(observed, tracked)
    steps = _steps(workloads, observed, tracked)
    shown = tuple(_pods(workloads, observed, tracked))
    failures, seen = _failures(workloads, observed, tracked, seen)
    done = all(step.done for step in steps)
    late = observed.at - tracked.started >= tracked.timeout
    if late and not done and not failures:
        failures = tuple(_never_ready(workloads, steps, observed, tracked))
    state = "failed" if failures else "ready" if done else "progressing"
    waiting = "" if state == "ready" else _waiting_for(steps, shown)
    return (
        Verdict(state=state, workloads=steps, pods=shown, failures=failures, waiting_for=waiting or _counts(steps)),  # type: ignore[arg-type]
        seen,
    )


def _tracked(observed: Observed, tracked: Tracked) -> dict[str, Object]:
    return {key(workload): workload for workload in observed.workloads if key(workload) in tracked.workloads}


def _steps(workloads: dict[str, Object], observed: Observed, tracked: Tracked) -> tuple[Workload, ...]:
    return tuple(
        progress(workloads[what], service, observed)
        if what in workloads
        else Workload(name=what, service=service, wanted=1, updated=0, ready=0, done=False)
        for what, service in tracked.workloads.items()
    )


def _pods(workloads: dict[str, Object], observed: Observed, tracked: Tracked) -> Iterator[Pod]:
    """New pods, and old ones as long as they are there."""
    for what, workload in workloads.items():
        new = {name(pod) for pod in new_pods(workload, observed)}
        for pod in all_pods(workload, observed):
            shown = pods.show(pod, tracked.workloads[what])
            if name(pod) in new:
                yield shown
            elif shown.state != "ending" and dig(pod, "status", "phase") in {"Running", "Pending"}:
                yield pods.show(pod, tracked.workloads[what], "old")


def _failures(
    workloads: dict[str, Object], observed: Observed, tracked: Tracked, seen: Seen
) -> tuple[tuple[PodFailure, ...], Seen]:
    still: dict[str, float] = {}
    found = []
    for what, workload in workloads.items():
        subject = tracked.workloads[what] or name(workload)
        signs = [(workload, causes.of_workload(workload, observed), "")]
        signs += [(pod, causes.of_pod(pod), name(pod)) for pod in new_pods(workload, observed)]
        for thing, sign, pod in signs:
            if sign is None:
                continue
            remembered = causes.pod_key(thing, sign)
            still[remembered] = seen.get(remembered, observed.at)
            if observed.at - still[remembered] >= sign.patience:
                found.append(PodFailure(cause=sign.cause, message=f"{subject} {sign.message}", pod=pod or what))
    return _most_telling(found), still


def _most_telling(failures: list[PodFailure]) -> tuple[PodFailure, ...]:
    """Pods' own reasons before what controllers conclude from them."""
    return tuple(sorted(failures, key=lambda failure: failure.cause == "progress-deadline"))


def _never_ready(
    workloads: dict[str, Object], steps: tuple[Workload, ...], observed: Observed, tracked: Tracked
) -> Iterator[PodFailure]:
    """Time is up: say of each workload that is not done how far it came and what its pods say."""
    for step in steps:
        if step.done:
            continue
        subject = step.service or step.name
        workload = workloads.get(step.name)
        message = f"{subject} is not ready after {tracked.timeout:.0f} s: {step.ready} of {step.wanted} new pods ready"
        pod = next((p for p in new_pods(workload, observed) if not is_true(p, "Ready")), None) if workload else None
        if pod is None:
            yield PodFailure(cause="never-ready", message=message, pod=step.name)
            continue
        shown = pods.show(pod, step.service)
        sign = causes.of_pod(pod)
        detail = sign.message if sign else f"{shown.state} {shown.detail}".strip()
        yield PodFailure(cause=sign.cause if sign else "never-ready", message=f"{message}; {detail}", pod=shown.name)


def _waiting_for(steps: tuple[Workload, ...], shown: tuple[Pod, ...]) -> str:
    """`api 2/4; api-6d9c7-x2x8q starting`."""
    behind = next((pod for pod in shown if not pod.ready and pod.release is None), None)
    told = f"{behind.name} {behind.state}" if behind else ""
    if behind and behind.detail and behind.detail != behind.state:
        told += f" ({behind.detail})"
    if not told and any(step.ready >= step.wanted and not step.done for step in steps):
        told = "the old pods' end" if any(pod.release == "old" for pod in shown) else "the controller"
    return "; ".join(part for part in (_counts(steps), told) if part)


def _counts(steps: tuple[Workload, ...]) -> str:
    return " · ".join(f"{step.service or step.name.partition('/')[2]} {step.ready}/{step.wanted}" for step in steps)
