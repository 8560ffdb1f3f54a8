"""A pod's log, told line by line from a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cloudnorth_cli.adapters.kube_paths import path
from cloudnorth_cli.errors import CloudnorthError
from cloudnorth_cli.platforms.kubernetes.site import Site


class PodLog(threading.Thread):
    """Reads one container's log from its beginning to its end."""

    def __init__(self, site: Site, pod: str, tell: Callable[[str], None], container: str | None = None) -> None:
        super().__init__(name=f"log of {pod}", daemon=True)
        self.lines: list[str] = []
        self._site = site
        self._pod = pod
        self._query: dict[str, Any] = {"container": container} if container else {}
        self._tell_line = tell

    def run(self) -> None:
        place = f"{path('Pod', self._site.namespace, self._pod)}/log"
        try:
            with self._site.api.stream(place, follow="true", **self._query) as pieces:
                rest = b""
                for piece in pieces:
                    *whole, rest = (rest + piece).split(b"\n")
                    for line in whole:
                        self._tell(line)
                if rest:
                    self._tell(rest)
        except CloudnorthError as error:
            self._site.journal.notice(f"the log of {self._pod} cannot be read: {error.message}", "warning")

    def finish(self, seconds: float = 5.0) -> str:
        """Wait for the log's end; returns the last line that says anything."""
        self.join(seconds)
        return next((line for line in reversed(self.lines) if line), "")

    def _tell(self, line: bytes) -> None:
        text = self._site.mask(line.decode(errors="replace").rstrip())
        self.lines.append(text)
        self._tell_line(text)
