"""A rollout watched until it is judged: from before Helm begins, beside it, and after it, evidence taken at the end."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from cloudnorth_cli import signals
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import Broken, CloudnorthError
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import PodFailure, Verdict
from cloudnorth_cli.platforms.kubernetes import writing
from cloudnorth_cli.platforms.kubernetes.evidence import evidence
from cloudnorth_cli.platforms.kubernetes.following import Following
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.rollout import Seen, Tracked, judge, probes, recording
from cloudnorth_cli.rollout.observed import dig, key, name, uid, version
from cloudnorth_cli.rollout.pods import is_beginning

TICK = 0.5
"""Seconds between two looks while nothing is told; patience runs out without news too."""
REST = 0.1
"""Least seconds between two looks; ten times what a look takes where that is more."""
LISTED_ANEW = 30.0
"""Seconds after which everything is listed anew, as a safety net."""
GATHER, GATHER_LONGEST = 3.0, 8.0
"""Seconds after the first failure in which others are waited for, so that one report names them all; as many again for
pods that only begin to run, on a node that is busy. With what the first has stood for, never longer than the second."""
MOST_FAILURES = 3
"""Pods whose evidence is taken."""
TELL_PAUSE = 0.5
"""Least seconds between two tellings of every pod."""
CREDENTIALS = 20.0
"""Seconds after which credentials that are not taken, and not made anew, are told as such."""
SETTLE, SETTLE_AGAIN = 60.0, 5.0
"""At most so many seconds of being ready are watched: of a new release, and of one that was verified before."""


class Rollout:
    """One rollout under observation. `begin` before anything is changed; then Helm; then `judged`."""

    def __init__(
        self,
        site: Site,
        workloads: Mapping[str, str | None],
        step: Step,
        *,
        hooks: Iterable[str] = (),
        settle: float = SETTLE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """workloads: by key (`deployment/api`) to their services, those that may roll.

        hooks: keys of the chart's own Jobs and Pods. settle: at most so many seconds of being ready are watched.
        """
        self.failed: Verdict | None = None
        """Why Helm was ended, with the evidence, taken while it was there."""
        self.changed: tuple[str, ...] = ()
        """What the release changed, for the evidence."""
        self._site = site
        self._step = step
        self._clock = clock
        self._recorder = writing.Recorder(site)
        kinds = {what.partition("/")[0] for what in workloads}
        self._following = Following(site, kinds, self._recorder, clock)
        self._tracked = Tracked(
            workloads, started=0.0, timeout=site.timeout, before={}, hooks=frozenset(hooks), settle=settle
        )
        self._seen: Seen = {}
        self._told: tuple[object, float] = (None, 0.0)
        self._said = ""
        self._last_words: dict[str, PodFailure] = {}
        self._listed_at = 0.0
        self._helm_ended = threading.Event()
        self._beside: threading.Thread | None = None

    def begin(self) -> None:
        """Look before anything is changed. Raises CloudnorthError."""
        self._following.begin()
        self._listed_at = self._clock()
        there = self._following.observed()
        versions = {key(thing): version(thing) for thing in (*there.workloads, *there.pods)}
        wanted = set(self._tracked.workloads) | self._tracked.hooks
        before = {what: versions[what] for what in versions if what in wanted}
        self._track(before=before, started=self._following.now)
        for kind, why in self._following.unseen.items():
            self._step.notice(
                f"{kind}s cannot be read, so their part of the evidence will be missing: {why}", "warning"
            )

    def end(self) -> None:
        """Stop watching; safe to call at any time."""
        self._helm_ended.set()
        self._following.end()
        self._recorder.close()

    def beside(self, stop: Callable[[], None]) -> None:
        """Watch from a thread of its own for as long as Helm runs; `stop` ends Helm where it waits in vain."""
        self._beside = threading.Thread(target=self._watch_helm, args=(stop,), name="rollout", daemon=True)
        self._beside.start()

    def has_begun(self) -> bool:
        """Whether any of the workloads has been changed since `begin`; takes what was told meanwhile."""
        self._following.news(0.0)
        before = self._tracked.before or {}
        now = {key(thing): version(thing) for thing in self._following.observed().workloads}
        return any(now.get(what) != before.get(what) for what in self._tracked.workloads)

    def helm_ended(self) -> None:
        """Helm is no more: nothing is judged beside it from here on."""
        self._helm_ended.set()
        if self._beside:
            self._beside.join(10.0)

    def hook_failure(self) -> PodFailure | None:
        """What a hook said that Helm found failed, even where Helm has removed it since."""
        if self.failed is None and self._tracked.hooks and self._following.look_again():
            self._keep_last_words()
        if self.failed is None and self._last_words:
            told = tuple(self._last_words.values())
            self.failed = Verdict(state="failed", workloads=(), pods=(), failures=told, changed=self.changed)
            self._recorder.write(recording.verdict(self._following.now, self.failed))
            writing.keep(self._site, self.failed)
        return self.failed.failures[0] if self.failed else None

    def applied(self, certain: Iterable[str] | None = None) -> None:
        """Helm has ended well: from here on is judged what it changed, and `certain` in any case (None: everything)."""
        self.helm_ended()
        self._following.look_again()
        now = {key(thing): version(thing) for thing in self._following.observed().workloads}
        before = self._tracked.before or {}
        sure = set(self._tracked.workloads if certain is None else certain)
        rolls = {
            what: service
            for what, service in self._tracked.workloads.items()
            if what in sure or now.get(what) != before.get(what)
        }
        limits = self._limits(rolls)
        self._track(
            workloads=rolls,
            before=None,
            started=self._following.now,
            limits=limits,
            timeout=max(limits.values(), default=0.0),
        )

    def judged(self, step: Step) -> Verdict:
        """Wait until the workloads are ready or will not be.

        While the API server is away nothing is judged. Raises Broken when it stays away until the time is up.
        """
        self._step, self._said = step, ""
        if not self._tracked.workloads:
            return Verdict(state="ready", workloads=(), pods=(), waiting_for="nothing rolls")
        self._say_limit(step)
        began = self._clock()
        while True:
            signals.check()
            verdict = self._look(began)
            if verdict and verdict.state in {"ready", "failed"} and (verdict := self._sure(verdict)):
                break
        self._recorder.write(recording.verdict(self._following.now, verdict))
        return self._proved(verdict) if verdict.state == "failed" else verdict

    def _look(self, began: float) -> Verdict | None:
        """One judgement after the next news; None while nothing can be seen."""
        self._following.news(TICK)
        if self._clock() - self._listed_at > LISTED_ANEW:
            self._listed_at = self._clock()
            self._following.look_again()
        if error := self._following.lost:
            self._blind(error, began)
            return None
        started = time.monotonic()
        verdict, self._seen = judge(self._following.observed(), self._tracked, self._seen)
        self._tell(verdict)
        time.sleep(max(REST, 10 * (time.monotonic() - started)))
        return verdict

    def _blind(self, error: CloudnorthError, began: float) -> None:
        lasted = self._clock() - self._following.lost_since
        if error.code == "unauthorized" and lasted > CREDENTIALS:
            raise Broken(
                f"the credentials ended while the release was rolling out: {error.message}",
                code="credentials-expired",
                where=error.where,
            ) from error
        if self._clock() - began >= self._tracked.timeout:
            raise Broken(
                f"the cluster went away while the release was rolling out: {error.message}", code=error.code
            ) from error
        self._say(f"the cluster: {error.message}")

    def _sure(self, verdict: Verdict) -> Verdict | None:
        """The verdict once more from lists that were just read: nothing is decided on what may be old."""
        if verdict.state == "failed" and (others := _others(verdict)):
            self._gather(verdict, others)
        if not self._following.look_again():
            return None
        verdict, self._seen = judge(self._following.observed(), self._tracked, self._seen)
        return verdict if verdict.state in {"ready", "failed"} else None

    def _gather(self, verdict: Verdict, others: frozenset[str]) -> None:
        """Wait for what else may come to fail."""
        now, longest = self._clock(), GATHER_LONGEST - max(failure.stood_for for failure in verdict.failures)
        until, latest = now + GATHER, now + (GATHER if self._time_is_up(verdict) else max(GATHER, longest))
        while self._clock() < min(until, latest):
            signals.check()
            self._following.news(REST)
            observed = self._following.observed().pods
            if any(is_beginning(pod) for pod in observed if name(pod) in others):
                until = self._clock() + GATHER

    def _time_is_up(self, verdict: Verdict) -> bool:
        took, limits = self._following.observed().at - self._tracked.started, self._tracked.limits
        return any(not one.done and took >= limits.get(one.name, self._tracked.timeout) for one in verdict.workloads)

    def _watch_helm(self, stop: Callable[[], None]) -> None:
        try:
            while not self._helm_ended.is_set():
                self._keep_last_words()
                verdict = self._look_beside()
                if verdict and verdict.state == "failed":
                    self._recorder.write(recording.verdict(self._following.now, verdict))
                    self.failed = self._proved(verdict)
                    stop()
                    self._remove_hooks()
                    return
        except CloudnorthError as error:
            # Helm has its own time-out; what it did is judged afterwards.
            self._step.notice(f"the rollout cannot be watched beside helm: {error.message}", "warning")

    def _look_beside(self) -> Verdict | None:
        self._following.news(TICK)
        if self._following.lost or self._helm_ended.is_set():
            return None
        verdict, self._seen = judge(self._following.observed(), self._tracked, self._seen)
        self._tell(verdict)
        if verdict.state != "failed":
            return None
        sure = self._sure(verdict)
        return None if self._helm_ended.is_set() else sure

    def _keep_last_words(self) -> None:
        """Of a hook's pod that failed, while it is there: Helm may remove it with its Job, and then run it again."""
        for pod in self._following.observed().pods:
            hook = self._hook_of(pod)
            if hook and dig(pod, "status", "phase") == "Failed" and uid(pod) not in self._last_words:
                ended = dig(pod, "status", "containerStatuses", 0, "state", "terminated", default={})
                how = f"failed: exit {ended.get('exitCode', '?')}"
                told = PodFailure(
                    cause="hook-failed",
                    message=f"the chart's hook {hook} {how}",
                    pod=str(dig(pod, "metadata", "name")),
                    reason=str(ended.get("reason", "")),
                    exit_code=ended.get("exitCode"),
                )
                self._last_words[uid(pod)] = evidence(self._site, told)

    def _hook_of(self, pod: Mapping[str, object]) -> str | None:
        owners = dig(pod, "metadata", "ownerReferences", default=[])
        mine = [key(pod), *(f"{str(one.get('kind')).lower()}/{one.get('name')}" for one in owners)]
        before = self._tracked.before or {}
        if before.get(key(pod), ("",))[0] == uid(pod):
            return None
        return next((hook for hook in mine if hook in self._tracked.hooks), None)

    def _remove_hooks(self) -> None:
        """Jobs and Pods of hooks that were running: nobody waits for them any more."""
        before = self._tracked.before or {}
        there = self._following.observed()
        for thing in (*there.workloads, *there.pods):
            if key(thing) in self._tracked.hooks and before.get(key(thing), ("",))[0] != uid(thing):
                kind, named = str(thing.get("kind")), str(dig(thing, "metadata", "name"))
                try:
                    self._site.api.delete(path(kind, self._site.namespace, named), {"propagationPolicy": "Background"})
                except CloudnorthError as error:
                    self._step.notice(f"the hook {key(thing)} could not be removed: {error.message}", "warning")

    def _proved(self, verdict: Verdict) -> Verdict:
        """With the evidence of up to three pods, kept in the run's folder too."""
        first = _worth_telling(verdict.failures)
        failures = tuple(evidence(self._site, one) for one in first[:MOST_FAILURES]) + first[MOST_FAILURES:]
        words = {one.cause: one for one in self._last_words.values()}
        failures = tuple(
            replace(one, lines=words[one.cause].lines) if not one.lines and one.cause in words else one
            for one in failures
        )
        verdict = replace(verdict, failures=failures, changed=self.changed)
        writing.keep(self._site, verdict)
        return verdict

    def _limits(self, rolls: Mapping[str, str | None]) -> dict[str, float]:
        """Seconds that each workload may take: as asked, as configured, else what its probes and deadline make."""
        there = {key(thing): thing for thing in self._following.observed().workloads}
        return {
            what: self._site.rollout_timeout(service)
            or (probes.limit(there[what]) if what in there else self._site.timeout)
            for what, service in rolls.items()
        }

    def _say_limit(self, step: Step) -> None:
        longest = max(self._tracked.limits, key=lambda what: self._tracked.limits[what])
        seconds = self._tracked.limits[longest]
        asked = self._site.rollout_timeout(self._tracked.workloads[longest])
        why = "as asked" if asked else f"from the probes and progressDeadlineSeconds of {longest}"
        step.limit(seconds, why)

    def _track(self, **changes: Any) -> None:
        self._tracked = dataclasses.replace(self._tracked, **changes)
        self._recorder.write(recording.track(self._following.now, self._tracked))

    def _tell(self, verdict: Verdict) -> None:
        what, at = self._told
        now = (verdict.workloads, verdict.pods)
        last = verdict.state in {"ready", "failed"}
        if what != now and (last or self._clock() - at >= TELL_PAUSE * max(1.0, len(verdict.pods) / 100)):
            self._told = (now, self._clock())
            self._step.rollout(verdict.workloads, verdict.pods)
        self._say(verdict.waiting_for)

    def _say(self, waiting_for: str) -> None:
        if waiting_for and waiting_for != self._said:
            self._said = waiting_for
            self._step.waiting(waiting_for)


def _others(verdict: Verdict) -> frozenset[str]:
    """Names of new pods that may still come to fail."""
    failing = {failure.pod for failure in verdict.failures}
    return frozenset(
        pod.name for pod in verdict.pods if not pod.ready and pod.release is None and pod.name not in failing
    )


def _worth_telling(failures: tuple[PodFailure, ...]) -> tuple[PodFailure, ...]:
    """One of each cause and workload first, then the others."""
    firsts: dict[tuple[str, str | None], PodFailure] = {}
    for failure in failures:
        firsts.setdefault((failure.cause, failure.service or failure.message), failure)
    return (*firsts.values(), *(one for one in failures if one not in firsts.values()))


def watch(
    site: Site,
    workloads: Mapping[str, str | None],
    step: Step,
    *,
    settle: float = SETTLE_AGAIN,
    clock: Callable[[], float] = time.monotonic,
) -> Verdict:
    """Watch workloads that are rolling already, by key to their services, until they are judged. Raises Broken."""
    if not workloads:
        return Verdict(state="ready", workloads=(), pods=(), waiting_for="nothing rolls")
    rollout = Rollout(site, workloads, step, settle=settle, clock=clock)
    try:
        rollout.begin()
        rollout.applied()
        return rollout.judged(step)
    finally:
        rollout.end()
