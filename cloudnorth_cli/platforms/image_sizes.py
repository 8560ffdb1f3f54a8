"""How many bytes a push sent, told from the registry's manifest: what went over the wire, not what was unpacked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cloudnorth_cli.adapters.push_stream import Pushed
from cloudnorth_cli.adapters.registry import Registry
from cloudnorth_cli.errors import CloudnorthError


@dataclass(frozen=True)
class Sent:
    """What became of one image's bytes."""

    service: str
    size: int | None
    """Bytes sent; None where the registry does not tell sizes."""
    total: int
    """Bytes of all layers; 0 where the image was there before and nothing was asked."""


def sent(service: str, registry: Registry, path: str, pushed: Pushed) -> Sent:
    """The bytes of a push; a registry that does not tell them is no failure."""
    try:
        layers = _layers(registry, path, pushed.digest)
    except (CloudnorthError, KeyError, TypeError):
        return Sent(service, None, 0)
    size = sum(size for ids, size in layers if any(name.startswith(short) for short in pushed.sent for name in ids))
    return Sent(service, size, sum(size for _, size in layers))


def summary(pushes: Sequence[Sent]) -> str:
    """`api 12.4 MB of 96.1 MB · web 0 B (rest was there)`, or `0 B, the registry has them all`."""
    if all(push.size == push.total == 0 for push in pushes):
        return "0 B, the registry has " + ("them all" if len(pushes) > 1 else "it")
    told = " · ".join(map(_told, pushes))
    partly = any(push.size is not None and 0 < push.total != push.size for push in pushes)
    return told + (" (rest was there)" if partly else "")


def megabytes(size: int) -> str:
    """`96.1 MB`, `275 B`: powers of ten, as registries and networks count."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _told(push: Sent) -> str:
    if push.size is None:
        return f"{push.service} sent"
    return f"{push.service} {megabytes(push.size)} of {megabytes(push.total)}" if push.total else f"{push.service} 0 B"


def _layers(registry: Registry, path: str, digest: str) -> list[tuple[tuple[str, str], int]]:
    """For each layer the hex of its digests, packed and unpacked (engines name layers by one or the other)."""
    manifest = registry.manifest(path, digest) or {}
    config = registry.config(path, manifest["config"]["digest"]) or {}
    unpacked = config["rootfs"]["diff_ids"]
    return [
        ((_hex(layer["digest"]), _hex(own)), int(layer["size"]))
        for layer, own in zip(manifest["layers"], unpacked, strict=False)
    ]


def _hex(digest: str) -> str:
    return digest.removeprefix("sha256:")
