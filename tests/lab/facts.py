"""lab.json: what a lab that is up is made of and where its faces are. Written last, so it stands for a whole lab."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.lab.aws.names import PORT as AWS_PORT
from tests.lab.settings import Settings


@dataclass(frozen=True)
class LabNode:
    """A node that is up: its Kubernetes name, address, pods' range, and the process whose end ends it."""

    name: str
    address: str
    pods: str
    process: int


@dataclass(frozen=True)
class Lab:
    """A lab that is up. Paths are absolute; addresses are reachable from the machine."""

    name: str
    network: str
    machine: str  # the machine's own address on the lab's link: where pods reach a server of a test's own
    address: str
    registry: str  # host:port, plain HTTP
    api: str
    services: str
    pods: str
    kubeconfig: Path
    context: str
    docker_socket: Path
    bin: Path
    database_url: Path
    base_image: str
    logs: Path
    registry_access_log: Path
    cgroup: int
    versions: dict[str, str]
    nodes: tuple[LabNode, ...]

    @property
    def aws(self) -> Path:
        """The folder of what a shell is given in which AWS's names lead to the double; not there in an older lab."""
        return self.kubeconfig.parent / "aws"

    @property
    def aws_endpoint(self) -> str:
        """Where the double answers without TLS and names, as AWS_ENDPOINT_URL wants it."""
        return f"http://{self.address}:{AWS_PORT}"

    @property
    def docker_host(self) -> str:
        """The engine's address as DOCKER_HOST wants it."""
        return f"unix://{self.docker_socket}"


def path(settings: Settings) -> Path:
    """Where lab.json lies."""
    return settings.run / "lab.json"


def write(settings: Settings, lab: Lab) -> None:
    """Put lab.json in place in one move."""
    part = path(settings).with_suffix(".part")
    part.write_text(json.dumps(asdict(lab), indent=2, default=str) + "\n")
    part.rename(path(settings))


def read(settings: Settings) -> Lab | None:
    """The lab as lab.json tells it; None when there is none, or one that an older lab wrote."""
    try:
        found = json.loads(path(settings).read_text())
        paths = ("kubeconfig", "docker_socket", "bin", "database_url", "logs", "registry_access_log")
        nodes = tuple(LabNode(**node) for node in found.pop("nodes"))
        return Lab(**{**found, **{key: Path(found[key]) for key in paths}, "nodes": nodes})
    except (OSError, ValueError, KeyError, TypeError):
        return None
