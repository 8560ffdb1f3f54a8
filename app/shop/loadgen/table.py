"""A run's result as the lines that stand at its end."""

from typing import Any

from shop.loadgen.live import name_of

WIDE = 88
"""Columns that the whole table needs; a narrower terminal is shown fewer."""


def lines(result: dict[str, Any], width: int = WIDE) -> list[str]:
    """The table, as wide as there is room, and at the end one line that a script can check."""
    row = _wide if width >= WIDE else _narrow
    shown = [row("", None)]
    shown += [row(name_of(one["service"], one["release"]), one) for one in result["releases"]]
    shown += ["", *(row(one["kind"], one) for one in result["kinds"]), ""]
    sender, orders = result["sender"], result["orders"]
    for name, counted in (("statuses", result["statuses"]), ("errors", result["errors"]), ("orders", orders)):
        if counted:
            shown.append(f"{name}: " + ", ".join(f"{what} {count}" for what, count in counted.items()))
    late = sender["late_ms"]
    shown.append(
        f"sends: {sender['rate']:g}/s of {result['rate']:g}/s asked for, late p50 {late['p50']:g} ms, "
        f"p99 {late['p99']:g} ms, max {late['max']:g} ms; {sender['late']} over {sender['late_over_ms']:g} ms"
    )
    requests, took = result["requests"], result["latency_ms"]
    shown.append(
        f"sent={requests['sent']} failed={requests['failed']} dropped={requests['dropped']} "
        f"p50_ms={took['p50']:g} p95_ms={took['p95']:g} p99_ms={took['p99']:g}"
    )
    return shown


def _wide(name: str, part: dict[str, Any] | None) -> str:
    if part is None:
        return f"{'':<26}  requests       ok sold out  failed dropped  p50 ms  p95 ms  p99 ms"
    took = part["latency_ms"]
    counts = f"{part['requests']:>9} {part['ok']:>8} {part['sold_out']:>8} {part['failed']:>7} {part['dropped']:>7}"
    return f"{name:<26} {counts} {took['p50']:>7} {took['p95']:>7} {took['p99']:>7}"


def _narrow(name: str, part: dict[str, Any] | None) -> str:
    if part is None:
        return f"{'':<15}    ok  bad drop  p99 ms"
    well = part["ok"] + part["sold_out"]
    return f"{name[-15:]:<15} {well:>5} {part['failed']:>4} {part['dropped']:>4} {part['latency_ms']['p99']:>7}"
