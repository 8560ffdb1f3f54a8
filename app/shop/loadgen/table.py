"""A run's result as the lines that stand at its end."""

from typing import Any

from shop.loadgen.live import name_of


def lines(result: dict[str, Any]) -> list[str]:
    """The table, and one line that a script can check."""
    shown = [_HEAD]
    for release in result["releases"]:
        shown.append(_row(name_of(release["service"], release["release"]), release))
    shown += ["", *(_row(kind["kind"], kind) for kind in result["kinds"]), ""]
    sender, orders = result["sender"], result["orders"]
    for name, counted in (("statuses", result["statuses"]), ("errors", result["errors"])):
        if counted:
            shown.append(f"{name}: " + ", ".join(f"{what} {count}" for what, count in counted.items()))
    if orders:
        shown.append("orders: " + ", ".join(f"{what} {count}" for what, count in orders.items()))
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


_HEAD = f"{'':<26}  requests       ok sold out  failed dropped  p50 ms  p95 ms  p99 ms"


def _row(name: str, part: dict[str, Any]) -> str:
    took = part["latency_ms"]
    counts = f"{part['requests']:>9} {part['ok']:>8} {part['sold_out']:>8} {part['failed']:>7} {part['dropped']:>7}"
    return f"{name:<26} {counts} {took['p50']:>7} {took['p95']:>7} {took['p99']:>7}"
