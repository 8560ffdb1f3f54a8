"""The chart's own hooks, watched while Helm runs them: what it waits for is told, and what cannot end well is ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

from cloudnorth_cli.adapters.kube import Json
from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.events import Step
from cloudnorth_cli.model import PodFailure
from cloudnorth_cli.platforms.kubernetes.manifest import Document
from cloudnorth_cli.platforms.kubernetes.site import Site
from cloudnorth_cli.platforms.kubernetes.watching import evidence
from cloudnorth_cli.rollout import causes, pods
from cloudnorth_cli.rollout.observed import dig, key, name

INTERVAL = 0.5


class HookWatch:
    """Looks at the pods of the hooks from a thread of its own, for as long as Helm runs."""

    def __init__(self, site: Site, documents: Iterable[Document], step: Step) -> None:
        self.failure: PodFailure | None = None
        """Why a hook will not do, with its pod's last lines, taken while they are there."""
        self._site = site
        self._step = step
        self._hooks = {document.key for document in documents if document.hook and document.pod_spec}
        self._seen: dict[str, float] = {}
        self._told: set[str] = set()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, stop: Callable[[], None]) -> None:
        """`stop` ends Helm, which would wait for the hook until its own time is up."""
        if self._hooks:
            self._thread = threading.Thread(target=self._run, args=(stop,), name="hooks", daemon=True)
            self._thread.start()

    def end(self) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join(1.0)

    def _run(self, stop: Callable[[], None]) -> None:
        while not self._ended.wait(INTERVAL):
            try:
                if self._look():
                    stop()
                    return
            except CloudnorthError:
                # While the cluster is away nothing is judged; Helm has its own time-out.
                continue

    def _look(self) -> bool:
        """Whether a hook can never end well. One that ended badly may be tried again; its words are kept."""
        for pod in self._site.api.items(path("Pod", self._site.namespace)):
            hook = self._hook_of(pod)
            if hook is None:
                continue
            shown = pods.show(pod, None)
            if dig(pod, "status", "phase") in {"Pending", "Running"}:
                self._step.waiting(f"{hook}: {name(pod)} {shown.state}")
            sign = causes.of_pod(pod)
            if sign and self._long_enough(pod, sign):
                self._keep(hook, pod, sign.cause, sign.message)
                return True
            if dig(pod, "status", "phase") == "Failed" and name(pod) not in self._told:
                self._told.add(name(pod))
                self._keep(hook, pod, "hook-failed", f"failed: {shown.detail or shown.state}")
        return False

    def _keep(self, hook: str, pod: Json, cause: str, message: str) -> None:
        failure = PodFailure(cause=cause, message=f"the chart's hook {hook} {message}", pod=name(pod))
        self.failure = evidence(self._site, failure)

    def _hook_of(self, pod: Json) -> str | None:
        if key(pod) in self._hooks:
            return key(pod)
        owners = dig(pod, "metadata", "ownerReferences", default=[])
        return next((hook for one in owners if (hook := f"{one['kind'].lower()}/{one['name']}") in self._hooks), None)

    def _long_enough(self, pod: Json, sign: causes.Sign) -> bool:
        since = self._seen.setdefault(causes.pod_key(pod, sign), time.monotonic())
        return time.monotonic() - since >= sign.patience
