"""How many bytes a push sent, told from the registry's manifest: what went over the wire, not what was unpacked."""

from __future__ import annotations

from cloudnorth_cli.adapters.push_stream import Pushed
from cloudnorth_cli.adapters.registry import Registry
from cloudnorth_cli.errors import CloudnorthError


def summary(registry: Registry, path: str, pushed: Pushed) -> str:
    """`12.4 MB of 96.1 MB (rest was there)`; only `pushed` where the registry does not tell sizes."""
    try:
        sizes = _sizes(registry, path, pushed.digest)
    except (CloudnorthError, KeyError, TypeError):
        return "pushed"
    sent = sum(size for ids, size in sizes if any(name.startswith(short) for short in pushed.sent for name in ids))
    total = sum(size for _, size in sizes)
    return f"{megabytes(sent)} of {megabytes(total)}" + (" (rest was there)" if sent < total else "")


def megabytes(size: int) -> str:
    """`96.1 MB`, `275 B`: powers of ten, as registries and networks count."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _sizes(registry: Registry, path: str, digest: str) -> list[tuple[tuple[str, str], int]]:
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
