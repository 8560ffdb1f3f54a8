"""The images of a registry as people read them: what stays and why, what goes."""

from __future__ import annotations

from cloudnorth_cli.events import Result
from cloudnorth_cli.model import StoredImage
from cloudnorth_cli.render import lines
from cloudnorth_cli.render.screen import Screen

_FATES = {"deletable": "can go", "deleted": "deleted"}


def images(result: Result, screen: Screen) -> list[str]:
    """A row for each image, by repository, the newest first; below each other where the screen is narrow."""
    found = result.cleanup.images if result.cleanup else ()
    if not found:
        return []
    if screen.narrow:
        return [line for one in found for line in _block(one, screen)]
    rows = [("IMAGE", "TAG", "DIGEST", "SIZE", "PUSHED", "KEPT BECAUSE"), *map(_row, found)]
    head, *body = lines.columns(rows)
    told = [screen.letters(line) for line in body]
    painted = [line if one.kept else screen.paint(line, "red") for one, line in zip(found, told, strict=True)]
    return [screen.paint(head, "dim"), *painted]


def _row(one: StoredImage) -> tuple[str, ...]:
    tag = one.tags[0] if one.tags else "-"
    more = f" +{len(one.tags) - 1}" if len(one.tags) > 1 else ""
    size = f"{one.bytes / 1e6:.1f} MB" if one.bytes else "-"
    return (one.repository, tag + more, one.digest[7:19], size, lines.stamp(one.pushed_at), _why(one))


def _block(one: StoredImage, screen: Screen) -> list[str]:
    name, tag, digest, size, pushed, why = _row(one)
    return [
        *lines.wrapped(screen, f"{name}  {tag}  {why}"),
        *lines.wrapped(screen, f"{digest}, {size}, {pushed}", "  "),
    ]


def _why(one: StoredImage) -> str:
    """What goes has no reason; the column says so, for screens without colours."""
    return one.kept or f"({_FATES.get(one.fate, one.fate)})"
