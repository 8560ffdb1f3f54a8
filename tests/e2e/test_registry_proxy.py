"""The misbehaving registry is a registry else: seen by a real `docker push`.

How a push ends that is refused or breaks is seen by the tool's own tests; the engine tries for 50 s each.
"""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator

import pytest
import requests

from tests.e2e.registry_proxy import Fault, registry_proxy
from tests.lab.fixture import Lab, lab

pytestmark = pytest.mark.lab
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lab, str]]:
    here = lab()
    folder = tmp_path_factory.mktemp("image")
    (folder / "Dockerfile").write_text(f"FROM {here.base_image}\nCOPY Dockerfile /{uuid.uuid4().hex}\n")
    name = f"e2e-proxy-{uuid.uuid4().hex[:8]}"
    docker(here, "build", "-q", "-t", name, str(folder))
    yield here, name
    docker(here, "rmi", "-f", name)


def docker(here: Lab, *words: str) -> str:
    done = subprocess.run([f"{here.bin}/docker", "-H", here.docker_host, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("fault", ["none", "digest changes"])
def test_what_was_pushed_is_read_back_unless_somebody_else_pushed(image: tuple[Lab, str], fault: Fault) -> None:
    here, name = image
    with registry_proxy(here.machine, here.registry, fault) as proxy:
        target = f"{proxy.host}/e2e/{name}"
        docker(here, "tag", name, target)
        pushed = docker(here, "push", target).rpartition("digest: ")[2].split()[0]
        docker(here, "rmi", target)
        url = f"http://{proxy.host}/v2/e2e/{name}/manifests/latest"
        read = requests.head(url, headers={"Accept": MANIFEST}, timeout=10).headers["Docker-Content-Digest"]
    assert (read == pushed) == (fault == "none")
