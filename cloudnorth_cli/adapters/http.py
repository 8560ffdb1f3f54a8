"""One GET, as a probe makes it: what came back, or why nothing did."""

from __future__ import annotations

from dataclasses import dataclass

import requests

PATIENCE = 5.0


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """0 when nothing did."""
    text: str = ""
    problem: str = ""
    """Why nothing came back."""

    def __str__(self) -> str:
        return f"HTTP {self.status}: {self.text.strip()[:200]}" if self.status else self.problem


def get(url: str, patience: float = PATIENCE) -> Answer:
    """Ask over a new connection; never raises for what the network does."""
    try:
        response = requests.get(url, timeout=patience, headers={"Connection": "close", "User-Agent": "cloudnorth"})
        return Answer(response.status_code, response.text)
    except requests.RequestException as error:
        return Answer(0, problem=f"no answer from {url}: {_reason(error)}")


def _reason(error: requests.RequestException) -> str:
    inner = error.args[0] if error.args else error
    return str(getattr(inner, "reason", inner)).rsplit(": ", 1)[-1]
