"""What the lab is called, where it stands on the network and in the file system; versions.toml read once."""

from __future__ import annotations

import ipaddress
import os
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.lab.errors import LabError

HERE = Path(__file__).parent
LINK_NAME_MAX = 15  # IFNAMSIZ - 1: the name is also the name of the link


@dataclass(frozen=True)
class Settings:
    """One lab's name and place; everything else is worked out from the two."""

    name: str
    network: ipaddress.IPv4Network

    @property
    def run(self) -> Path:
        """The folder of the lab's faces: sockets, kubeconfig, programs, lab.json."""
        return Path("/run") / self.name

    @property
    def state(self) -> Path:
        """The folder of everything heavy that ends with the lab."""
        return Path("/var/lib") / self.name

    def address(self, node: int = 1) -> str:
        """The address of a node, counted from 1; node 1 is the lab's own (registry, engine, API server)."""
        return str(self.network[256 * (node - 1) + 2])

    def gateway(self, node: int = 1) -> str:
        """The other end of a node's link: the machine for node 1, node 1 for the others."""
        return str(self.network[256 * (node - 1) + 1])

    @property
    def docker_bridge(self) -> str:
        """Address and prefix of the Docker engine's own bridge."""
        return f"{self.network[32 * 256 + 1]}/24"

    @property
    def services(self) -> str:
        """The range of the Services' ClusterIPs."""
        return f"{self.network[64 * 256]}/18"

    @property
    def pods(self) -> str:
        """The range of all pods' addresses; each node has a /24 of it."""
        return f"{self.network[128 * 256]}/17"

    def node_pods(self, node: int) -> str:
        """The pods' range of one node."""
        return f"{self.network[(127 + node) * 256]}/24"

    @property
    def kubernetes_service(self) -> str:
        """The first ClusterIP, which Kubernetes gives its own API."""
        return str(self.network[64 * 256 + 1])

    @property
    def dns_service(self) -> str:
        """The ClusterIP of CoreDNS, the tenth by kubeadm's habit."""
        return str(self.network[64 * 256 + 10])

    @property
    def registry(self) -> str:
        """Host and port of the registry, the same name from the machine, the engine and the nodes."""
        return f"{self.address()}:5000"

    @property
    def api(self) -> str:
        """The API server's URL."""
        return f"https://{self.address()}:6443"

    def node_name(self, node: int) -> str:
        """The Kubernetes name of a node."""
        return f"lab-{node}"


class Versions:
    """versions.toml as it stands."""

    def __init__(self, path: Path = HERE / "versions.toml") -> None:
        self.path = path

    @cached_property
    def table(self) -> dict[str, Any]:
        """The whole file."""
        return tomllib.loads(self.path.read_text())

    def go(self, program: str) -> str:
        """The version of a program built with Go, such as `v1.34.4`."""
        return str(self.table["go"][program])

    @property
    def suite(self) -> str:
        """The Debian release that packages come from."""
        return str(self.table["debian"]["suite"])

    def packages(self, root: str) -> list[str]:
        """The Debian packages of a root file system."""
        return [str(name) for name in self.table["debian"][root]]

    def image(self, repository: str) -> str:
        """`repository:tag` of one of the lab's own images."""
        return f"{repository}:{self.table['images'][repository]}"


VERSIONS = Versions()


def load_settings(name: str | None = None, network: str | None = None) -> Settings:
    """The lab's settings: an argument, else the environment, else versions.toml. Raises LabError on a bad one."""
    table = VERSIONS.table["lab"]
    name = name or os.environ.get("CLOUDNORTH_LAB_NAME") or str(table["name"])
    network = network or os.environ.get("CLOUDNORTH_LAB_RANGE") or str(table["range"])
    if len(name) > LINK_NAME_MAX or not name.replace("-", "").isalnum():
        raise LabError(f"the lab's name {name!r} must be letters, digits and dashes, at most {LINK_NAME_MAX}")
    try:
        parsed = ipaddress.IPv4Network(network)
    except ValueError as error:
        raise LabError(f"the lab's range {network!r}: {error}") from error
    if parsed.prefixlen != 16 or not parsed.is_private:
        raise LabError(f"the lab's range {network} must be a private /16")
    return Settings(name, parsed)


def search_path() -> str:
    """PATH with the folders of the administrator's programs, which a person's own may lack."""
    return os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def cache_dir() -> Path:
    """Where built programs and images are kept between labs; may be deleted at any time while no lab is up."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "cloudnorth-lab"
