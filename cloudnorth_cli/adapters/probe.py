"""One GET of a local address: whether a process is ready, what the front answers."""

from __future__ import annotations

import http.client
from dataclasses import dataclass

PATIENCE = 2.0
"""Seconds for one answer."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    """0 when nothing did."""
    body: bytes = b""
    problem: str = ""
    """Why nothing came back."""

    @property
    def good(self) -> bool:
        """200 to 399, as a kubelet's HTTP probe counts (kubernetes.io, "Configure Probes")."""
        return 200 <= self.status < 400

    def __str__(self) -> str:
        return f"answers {self.status}" if self.status else self.problem


def get(address: str, path: str, patience: float = PATIENCE) -> Answer:
    """Ask `127.0.0.1:PORT` for a path; never raises for what the network does."""
    connection = http.client.HTTPConnection(address, timeout=patience)
    try:
        connection.request("GET", path, headers={"User-Agent": "cloudnorth", "Connection": "close"})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(1 << 20))
    except TimeoutError:
        return Answer(0, problem=f"gives no answer within {patience:.0f} s")
    except OSError as error:
        return Answer(0, problem=f"takes no connection ({error.strerror or error})")
    except http.client.HTTPException as error:
        return Answer(0, problem=f"speaks no HTTP ({type(error).__name__})")
    finally:
        connection.close()
