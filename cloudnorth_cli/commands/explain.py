"""`cloudnorth explain CODE`: the page of a cause, which comes with the tool."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.events import Result
from cloudnorth_cli.suggestions import closest

_PACKAGE = Path(__file__).resolve().parents[1]
FOLDERS = (_PACKAGE / "causes", _PACKAGE.parent / "docs" / "causes")
"""Where the pages are: in an installed package, in a checkout."""


def explain(code: str | None) -> Result:
    """The page of a code, or the codes that there are. Raises UsageError for one that is none."""
    pages = {page.stem: page for page in _pages()}
    if code is None:
        text = "\n".join(f"{name:<22} {_title(pages[name])}" for name in sorted(pages))
    elif code in pages:
        text = pages[code].read_text(encoding="utf-8").rstrip()
    else:
        close = closest(code, pages)
        raise UsageError(
            f"there is no page about {code}",
            code="cause-unknown",
            evidence=[f"did you mean: {close}"] if close else [],
            next=("cloudnorth explain",),
        )
    return Result(command="explain", exit_status=0, outcome="done", text=text)


def known(code: str) -> bool:
    """Whether there is a page about a code."""
    return any(page.stem == code for page in _pages())


def codes() -> tuple[str, ...]:
    """Every code that there is a page about."""
    return tuple(sorted(page.stem for page in _pages()))


def _pages() -> Iterator[Path]:
    folder = next((folder for folder in FOLDERS if folder.is_dir()), None)
    return (page for page in folder.glob("*.md") if page.stem != "README") if folder else iter(())


def _title(page: Path) -> str:
    """The first sentence below the heading."""
    lines = page.read_text(encoding="utf-8").split("\n\n", 2)
    return " ".join(lines[1].split()) if len(lines) > 1 else ""
