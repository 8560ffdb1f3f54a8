"""The load: wrk as fast as it goes, `shop loadgen` at a fixed rate; both on the core that the server does not have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jwt

from benchmarks.shop.processes import pinned
from benchmarks.shop.servers import APP, KEY

CORE = 1
CONNECTIONS = 32
SHOPPERS = 500
"""Carts that are added to in turn, three products each, so that none is ever full (99 of a product)."""

ADD = """
local tokens, products, turn = {%s}, {%s}, 0
request = function()
  turn = turn + 1
  local product = products[math.floor(turn / #tokens) %% #products + 1]
  local headers = {["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. tokens[turn %% #tokens + 1]}
  return wrk.format("POST", "/api/cart/items", headers, '{"product":"' .. product .. '","quantity":1}')
end
"""


@dataclass(frozen=True)
class Load:
    """What a run came to: requests a second, 99th percentile in milliseconds, answers that were no 2xx or 3xx."""

    rate: float
    p99_ms: float
    failed: int
    requests: int


def token(number: int) -> str:
    """A guest's token, as the shop would give it."""
    claims = {"sub": f"guest:bench{number}", "iat": 1_700_000_000, "exp": 4_000_000_000, "jti": f"{number:016x}"}
    return jwt.encode(claims, KEY, "HS256")


def adding(folder: Path, products: list[str]) -> Path:
    """wrk's script for "add to cart"."""
    script = folder / "add.lua"
    tokens = ",".join(f'"{token(number)}"' for number in range(SHOPPERS))
    script.write_text(ADD % (tokens, ",".join(f'"{slug}"' for slug in products[:3])))
    return script


def wrk(url: str, seconds: int, script: Path | None = None) -> Load:
    """As many requests as the server answers."""
    words = [
        "wrk",
        "-t1",
        f"-c{CONNECTIONS}",
        f"-d{seconds}s",
        "--latency",
        "--timeout",
        "20s",
        *(["-s", str(script)] if script else []),
        url,
    ]
    ran = subprocess.run(pinned(CORE, *words), capture_output=True, text=True)
    if ran.returncode:
        raise RuntimeError(f"{' '.join(words)}: {ran.stdout}{ran.stderr}")
    said = ran.stdout
    unit = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    p99 = re.search(r"99%\s+([0-9.]+)(us|ms|s)", said)
    rate = re.search(r"Requests/sec:\s+([0-9.]+)", said)
    total = re.search(r"(\d+) requests in", said)
    if not (p99 and rate and total):
        raise RuntimeError(f"wrk says something else than it used to:\n{said}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = sum(int(number) for number in re.findall(r"(?:connect|read|write|timeout) (\d+)", said))
    return Load(float(rate[1]), float(p99[1]) * unit[p99[2]], int(failed[1] if failed else 0) + broken, int(total[1]))


def at_rate(url: str, path: str, rate: float, seconds: float) -> Load:
    """A fixed rate, each request at its time; latency counts from then."""
    words = [sys.executable, "-m", "shop", "loadgen", "--url", url, "--path", path, "--json"]
    words += ["--rate", f"{rate:g}", "--seconds", f"{seconds:g}"]
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(APP)}
    ran = subprocess.run(pinned(CORE, *words), env=environ, capture_output=True, text=True)
    told = json.loads(ran.stdout)
    counted = told["requests"]
    failed = counted["failed"] + counted["dropped"]
    return Load(told["sender"]["rate"], told["latency_ms"]["p99"], failed, counted["sent"])
