"""Names of images: `registry.example:5000/shop/api:1.2@sha256:…`, as github.com/distribution/reference reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

DEFAULT_HOST = "docker.io"

_PATH = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<path>{_PATH}(?:/{_PATH})*)(?::(?P<tag>\w[\w.-]{{0,127}}))?(?:@(?P<digest>sha256:[0-9a-f]{{64}}))?",
    re.ASCII,
)


@dataclass(frozen=True)
class Reference:
    """An image's name taken apart."""

    host: str
    """`docker.io`, `10.89.0.2:5000`."""
    path: str
    """`library/python`, `shop/api`."""
    tag: str | None
    digest: str | None

    @property
    def repository(self) -> str:
        """Host and path, as a pod may name them."""
        return f"{self.host}/{self.path}"

    @property
    def version(self) -> str:
        """What to ask the registry for: the digest, else the tag, else `latest`."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")


def parse(text: str) -> Reference:
    """Take a name apart. Raises ValueError when it is none."""
    host, _, rest = text.partition("/")
    if not rest or not (re.search(r"[.:]", host) or host == "localhost" or host.lower() != host):
        host, rest = DEFAULT_HOST, text
    if host == "index.docker.io":
        host = DEFAULT_HOST
    found = _REFERENCE.fullmatch(rest)
    if found is None:
        raise ValueError(f"{text!r} does not name an image")
    path = found["path"]
    if host == DEFAULT_HOST and "/" not in path:
        path = f"library/{path}"
    return Reference(host, path, found["tag"], found["digest"])
