"""Every cause of a failed rollout with its stable code, and how long its sign must stand before it is believed.

The table in docs/causes/README.md is made from this one; each code has a page beside it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """One cause."""

    title: str
    """What is wrong, in a few words."""
    patience: float
    """Seconds between the observation that first shows it and the verdict."""
    why: str
    """The reason for just so many."""


CAUSES: dict[str, Bound] = {
    "crash-at-start": Bound(
        "the program ends with an error", 0.0, "the same container has ended twice: the second end is the patience"
    ),
    "ends-by-itself": Bound("the program ends without an error", 0.0, "as crash-at-start"),
    "oom": Bound("killed for want of memory", 0.0, "as crash-at-start"),
    "init-failed": Bound("an init container ends with an error", 0.0, "as crash-at-start"),
    "liveness-failed": Bound("killed by its liveness probe", 0.0, "killed twice: the second kill is the patience"),
    "startup-failed": Bound("killed by its startup probe", 0.0, "killed twice; the probe itself says how long"),
    "readiness-failed": Bound(
        "runs and is never ready",
        60.0,
        "or twice what the probe needs to say no, or twice what the pods before took, if that is longer: "
        "nothing but time tells a slow start from one that never ends",
    ),
    "program-missing": Bound("the image lacks the program", 0.0, "an image does not change"),
    "wrong-architecture": Bound("built for another processor", 0.0, "an image does not change"),
    "container-not-created": Bound("the runtime cannot make the container", 5.0, "a device or name may come free"),
    "image-name-invalid": Bound("the image's name is no name", 0.0, "a name does not change"),
    "image-not-found": Bound("the image is not in its registry", 5.0, "a tag that is being pushed may settle"),
    "image-denied": Bound("the registry lets nobody in", 5.0, "a pull secret may come with the same release"),
    "image-unreachable": Bound("the registry does not answer", 60.0, "a registry may be back in a moment"),
    "config-missing": Bound(
        "a Secret, ConfigMap or key is missing",
        20.0,
        "it may come with the same release, or from a controller, and the kubelet looks again only after up to 15 s",
    ),
    "quota-exceeded": Bound("the namespace's quota is used up", 5.0, "a pod that is ending frees its share"),
    "pods-refused": Bound("admission or the API refuses the pods", 5.0, "a webhook may be starting"),
    "unschedulable": Bound(
        "no node takes the pod",
        60.0,
        "10 s once an autoscaler has said no, 600 s once it has said that a node is on its way; 60 s where none speaks",
    ),
    "volume-pending": Bound(
        "its volume claim is not bound", 60.0, "a volume takes its time to be made; 10 s where its class is unknown"
    ),
    "volume-not-mounted": Bound("its volume cannot be mounted", 60.0, "a volume may still be let go by another node"),
    "job-failed": Bound("a Job of the release failed", 0.0, "its controller has given up"),
    "hook-failed": Bound("a hook of the chart failed", 0.0, "its controller has given up"),
    "hook-timeout": Bound("a hook of the chart does not end", 0.0, "rollout.timeout is over"),
    "workload-gone": Bound("the workload was deleted meanwhile", 5.0, "a re-created one is back by then"),
    "verify-failed": Bound(
        "the release does not answer as itself", 0.0, "`times`, `for` and `max_error_ratio` of the check say how long"
    ),
    "progress-deadline": Bound("no progress for too long", 0.0, "progressDeadlineSeconds of the Deployment is over"),
    "never-ready": Bound("not ready when the time is over", 0.0, "rollout.timeout is over"),
}

REFUSED_BY_AUTOSCALER = 10.0
NODE_ON_ITS_WAY = 600.0
CLASS_UNKNOWN = 10.0
EARLIER_READY = 30.0
"""Seconds of being ready after which earlier ends of a container are forgotten."""


def patience(code: str) -> float:
    return CAUSES[code].patience
