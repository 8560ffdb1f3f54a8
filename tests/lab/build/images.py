"""The lab's own images, packed from roots and programs in the cache: one layer each, no engine needed.

Each is kept as the three files that a registry wants (layer, config, manifest), so a warm start only sends them.
Format: OCI image specification 1.0, with Docker's media types, which Debian's older engine and registry both read.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.build.debian import build_root, fingerprint, root
from tests.lab.build.go import program
from tests.lab.build.steps import made_once
from tests.lab.errors import LabError
from tests.lab.settings import VERSIONS, cache_dir

MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CHUNK = 1 << 20
CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"


@dataclass(frozen=True)
class Recipe:
    """What an image is made of: a whole root, or files by their place in the image; and its configuration."""

    reference: str
    root: str = ""
    files: Mapping[str, Path] = field(default_factory=dict)
    config: Mapping[str, object] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where the packed image lies in the cache."""
        made_of = fingerprint((root(self.root).name if self.root else sorted(self.files), sorted(self.config.items())))
        return cache_dir() / "images" / f"{self.reference.replace('/', '_').replace(':', '-')}-{made_of}"


def recipes() -> list[Recipe]:
    """Every image that the lab brings along."""
    debian = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
    # pip asks its own bundle, not the system's, unless told.
    certificates = [f"SSL_CERT_FILE={CERTIFICATES}", f"PIP_CERT={CERTIFICATES}"]
    return [
        Recipe(VERSIONS.image("base/python"), root="python", config={"Env": debian + certificates, "Cmd": ["python3"]}),
        Recipe(VERSIONS.image("lab/mariadb"), root="mariadb", config={"Env": debian, "Cmd": ["mariadbd"]}),
        Recipe(
            VERSIONS.image("lab/pause"),
            files={"bin/busybox": root("lab") / "bin/busybox"},
            config={"Entrypoint": ["/bin/busybox", "sleep", "infinity"], "User": "65535:65535"},
        ),
        _single("coredns"),
        _single("metrics-server"),
    ]


def _single(name: str) -> Recipe:
    """An image with one static program."""
    binary = program(name)
    reference = f"lab/{name}:{VERSIONS.go(name)}"
    return Recipe(reference, files={name: binary}, config={"Entrypoint": [f"/{name}"], "User": "65534:65534"})


def build_images() -> None:
    """Pack what the cache lacks."""
    for recipe in recipes():
        with made_once(recipe.folder, f"the image {recipe.reference}") as into:
            if into is not None:
                if recipe.root:
                    build_root(recipe.root)
                pack(recipe, into)


def pack(recipe: Recipe, into: Path) -> None:
    """Write the files of an image into a folder."""
    tar = _root_tar(root(recipe.root)) if recipe.root else _files_tar(recipe.files)
    diff, layer = _compress(tar, into / "layer")
    config = json.dumps(
        {
            "architecture": _architecture(),
            "os": "linux",
            "config": dict(recipe.config),
            "rootfs": {"type": "layers", "diff_ids": [diff]},
        }
    ).encode()
    (into / "config").write_bytes(config)
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": {"mediaType": CONFIG_TYPE, "size": len(config), "digest": digest(config)},
        "layers": [{"mediaType": LAYER_TYPE, "size": (into / "layer").stat().st_size, "digest": layer}],
    }
    (into / "manifest").write_text(json.dumps(manifest))


def digest(content: bytes) -> str:
    """The content's name in a registry."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _compress(chunks: Iterator[bytes], to: Path) -> tuple[str, str]:
    """Write gzip; the digests of what came in and of what was written."""
    plain, packed = hashlib.sha256(), hashlib.sha256()
    squeeze = zlib.compressobj(level=1, wbits=31)  # 31: a gzip header; level 1, as this is sent over loopback only
    with to.open("wb") as out:
        for chunk in chunks:
            plain.update(chunk)
            data = squeeze.compress(chunk)
            packed.update(data)
            out.write(data)
        rest = squeeze.flush()
        packed.update(rest)
        out.write(rest)
    return f"sha256:{plain.hexdigest()}", f"sha256:{packed.hexdigest()}"


def _root_tar(folder: Path) -> Iterator[bytes]:
    argv = ["tar", "--create", "--sort=name", "--numeric-owner", "--exclude=./dev/*", "-C", str(folder), "."]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as tar:
        assert tar.stdout
        while chunk := tar.stdout.read(CHUNK):
            yield chunk
    if tar.returncode:
        raise LabError(f"tar of {folder} failed with {tar.returncode}")


def _files_tar(files: Mapping[str, Path]) -> Iterator[bytes]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, source in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = source.stat().st_size, 0o755
            with source.open("rb") as content:
                tar.addfile(entry, content)
    yield buffer.getvalue()


def _architecture() -> str:
    shown = subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True)
    return shown.stdout.strip()
