"""A run as one HTML file that needs nothing else: figures, and a time line that colours the releases."""

from importlib.resources import files
from typing import Any

import jinja2

from shop.loadgen.live import name_of

COLOURS = ("#2f6fb4", "#e08a1e", "#7a4fb5", "#2e9c8f", "#b8478f", "#7d8b2a", "#5a6b7b", "#a0642c")
"""For releases, in the order in which they were first seen."""

WIDTH, HEIGHT = 920, 200
"""Of a drawing, in its own units."""


def page(result: dict[str, Any]) -> str:
    """The page of a run's result."""
    templates = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["zip"] = zip
    template = templates.from_string((files("shop.loadgen") / "report.html").read_text())
    releases = [
        {**release, "name": name_of(release["service"], release["release"]), "colour": COLOURS[number % len(COLOURS)]}
        for number, release in enumerate(result["releases"])
    ]
    return template.render(
        result=result,
        releases=releases,
        bars=_bars(result, releases),
        latency=_latency(result),
        width=WIDTH,
        height=HEIGHT,
    )


def _bars(result: dict[str, Any], releases: list[dict[str, Any]]) -> dict[str, Any]:
    """Stacked bars, a column a second: how many requests each release answered; red on top what failed."""
    timeline = result["timeline"]
    highest = max((sum(second["releases"].values()) for second in timeline), default=1)
    step = WIDTH / max(1, _seconds(result))
    drawn, failures = [], []
    for second in timeline:
        x, y = second["second"] * step, float(HEIGHT)
        for number, count in second["releases"].items():
            tall = count / highest * HEIGHT
            y -= tall
            about = f"second {second['second']}: {releases[int(number)]['name']} {count}"
            shape = {"x": x, "y": y, "width": max(step - 0.5, 0.5), "height": tall}
            drawn.append({**shape, "colour": releases[int(number)]["colour"], "about": about})
        if second["failed"]:
            failures.append(
                {"x": x, "width": max(step - 0.5, 2), "count": second["failed"], "second": second["second"]}
            )
    return {"drawn": drawn, "failures": failures, "highest": highest, "seconds": _seconds(result)}


def _latency(result: dict[str, Any]) -> dict[str, Any]:
    """Two lines over the same seconds."""
    timeline = result["timeline"]
    highest = max((second["p99_ms"] for second in timeline), default=0.0) or 1.0
    step = WIDTH / max(1, _seconds(result))

    def line(name: str) -> str:
        points = (
            f"{second['second'] * step + step / 2:.1f},{HEIGHT - second[name] / highest * HEIGHT:.1f}"
            for second in timeline
        )
        return " ".join(points)

    return {"p50": line("p50_ms"), "p99": line("p99_ms"), "highest": highest}


def _seconds(result: dict[str, Any]) -> int:
    return int(result["timeline"][-1]["second"]) + 1 if result["timeline"] else 1
