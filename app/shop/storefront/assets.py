"""Style sheet, script, fonts and pictures, under names that change with their content.

They are answered here under /static, or, when STATIC_URL is set, by whoever serves what `shop assets DIR` wrote: a
bucket, a CDN. A file's name holds its hash, so that it may be kept for ever, and a page of the last release finds its
own files for as long as nobody deletes them.
"""

import base64
import gzip
import hashlib
import re
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOR_EVER = "public, max-age=31536000, immutable"

TYPES = {
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
    "webp": "image/webp",
    "jpg": "image/jpeg",
    "woff2": "font/woff2",
    "txt": "text/plain",
}

UNKNOWN = "parcel"
"""What is shown for a product whose picture only a later release has."""

# Anybody may show them: a style sheet from a CDN asks for its fonts from another origin.
_OPEN = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}


class Asset:
    """One file, read and hashed when it is first asked for."""

    def __init__(self, name: str, source: Traversable, assets: "Assets") -> None:
        self.name = name
        self._source = source
        self._assets = assets

    @cached_property
    def body(self) -> bytes:
        """The content; a style sheet names its fonts by their hashed names, beside it."""
        content = self._source.read_bytes()
        if self.name.endswith(".css"):
            named = re.compile(rb"url\(([a-z0-9.-]+)\)")
            content = named.sub(lambda found: b"url(%s)" % self._assets[found[1].decode()].hashed.encode(), content)
        return content

    @cached_property
    def zipped(self) -> bytes | None:
        """The content for `Content-Encoding: gzip`; None where that would save nothing."""
        return gzip.compress(self.body, mtime=0) if self.media_type.startswith("text/") else None

    @cached_property
    def digest(self) -> str:
        """Twelve digits of the content's SHA-256."""
        return hashlib.sha256(self.body).hexdigest()[:12]

    @cached_property
    def integrity(self) -> str:
        """For the attribute `integrity` (Subresource Integrity)."""
        return "sha384-" + base64.b64encode(hashlib.sha384(self.body).digest()).decode()

    @property
    def hashed(self) -> str:
        """The name with the digest in it: shop.0123456789ab.css."""
        stem, _, kind = self.name.rpartition(".")
        return f"{stem}.{self.digest}.{kind}"

    @property
    def media_type(self) -> str:
        """Its Content-Type."""
        return TYPES[self.name.rpartition(".")[2]]


class Picture(NamedTuple):
    """The addresses of a product's picture: WebP 400 and 800 pixels wide, and a JPEG of 400."""

    small: str
    large: str
    fallback: str


class Assets:
    """All files; `base` is where browsers find them."""

    def __init__(self, static_url: str = "") -> None:
        self.base = static_url or "/static"
        self.elsewhere = bool(static_url)
        sources = [file for folder in ("static", "pictures") for file in (files("shop.storefront") / folder).iterdir()]
        self._all = {file.name: Asset(file.name, file, self) for file in sources}
        self._hues: dict[str, list[int]] = {}
        for name in self._all:
            if found := re.fullmatch(r"([a-z]+)-(\d+)-400\.webp", name):
                self._hues.setdefault(found[1], []).append(int(found[2]))

    def __getitem__(self, name: str) -> Asset:
        return self._all[name]

    def url(self, name: str) -> str:
        """The address of the file called `name`."""
        return f"{self.base}/{self._all[name].hashed}"

    def picture(self, motif: str, hue: int) -> Picture:
        """The picture of `motif` whose colour is nearest to `hue` (degrees)."""
        known = motif if motif in self._hues else UNKNOWN
        nearest = min(self._hues[known], key=lambda own: min((own - hue) % 360, (hue - own) % 360))
        stem = f"{known}-{nearest}"
        return Picture(self.url(f"{stem}-400.webp"), self.url(f"{stem}-800.webp"), self.url(f"{stem}-400.jpg"))

    @property
    def motifs(self) -> list[str]:
        """What there is a picture of."""
        return sorted(self._hues)

    def routes(self) -> list[Route]:
        """GET /static/NAME.DIGEST.KIND; answered with STATIC_URL, too, for pages that were made before it was set."""
        return [Route("/static/{name}", self._answer)]

    def export(self, folder: Path) -> int:
        """Writes all files under their hashed names; what is there already stays. Returns how many there are."""
        folder.mkdir(parents=True, exist_ok=True)
        for asset in self._all.values():
            (folder / asset.hashed).write_bytes(asset.body)
        return len(self._all)

    async def _answer(self, request: Request) -> Response:
        found = re.fullmatch(r"([a-z0-9-]+)\.([0-9a-f]{12})\.([a-z0-9]+)", request.path_params["name"], re.IGNORECASE)
        asset = self._all.get(f"{found[1]}.{found[3]}") if found else None
        if not found or asset is None:
            raise HTTPException(404)
        # While two releases serve side by side, a page of one may ask the other for its style sheet: better our
        # version of it, for once, than a page without any.
        headers = {**_OPEN, "cache-control": FOR_EVER if found[2] == asset.digest else "no-cache"}
        body = asset.body
        if asset.zipped is not None:
            headers["vary"] = "Accept-Encoding"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["content-encoding"], body = "gzip", asset.zipped
        return Response(body, 200, headers, asset.media_type)
