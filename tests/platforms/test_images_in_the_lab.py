"""Images with the lab's real engine and registry: built, pushed, failed and interrupted."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from cloudnorth_cli.adapters import docker_config
from cloudnorth_cli.adapters import registry as client
from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Failed, Interrupted
from cloudnorth_cli.events import CommandRun, Journal, Output, Step, StepProgress, StepWaiting
from cloudnorth_cli.model import Secret
from cloudnorth_cli.platforms.images import Images
from cloudnorth_cli.settings import Build, Docker, Environment, EnvironmentFile, Registry, SecretSource, Service
from tests.lab.fixture import Lab, lab
from tests.registry_double import RegistryDouble, registry_double

pytestmark = pytest.mark.lab


@pytest.fixture(scope="session")
def the_lab() -> Lab:
    return lab()


class Shop:
    """A small project of its own, whose images nobody else has."""

    def __init__(self, root: Path, lab: Lab) -> None:
        self.root, self.lab = root, lab
        self.name = f"t-{uuid.uuid4().hex[:8]}"
        self.events: list[Any] = []
        self.journal = Journal(self.events.append)
        self.dockerfile("FROM scratch\nCOPY app.py /\n")
        (root / "app.py").write_text(f"print('{self.name}')\n")
        (root / ".dockerignore").write_text(".cloudnorth\n")

    def dockerfile(self, text: str) -> None:
        (self.root / "Dockerfile").write_text(text.replace("BASE", self.lab.base_image))

    def images(self, registry: Registry | str | None = None, **services: Service) -> Images:
        if not isinstance(registry, Registry):
            registry = Registry(host=registry or self.lab.registry, insecure=True)
        environment = Environment(
            project=self.name,
            name="test",
            root=self.root,
            config_path=self.root / "cloudnorth.yaml",
            services=services or {"api": Service(build=Build())},
            migrate=None,
            verify=(),
            file=EnvironmentFile(
                platform="kubernetes",
                registry=registry,
                docker=Docker(host=self.lab.docker_host, command=str(self.lab.bin / "docker")),
            ),
        )
        return Images(environment, self.journal)

    @property
    def step(self) -> Step:
        return Step("build", self.journal)

    def names_in_engine(self) -> list[str]:
        found = self.docker("images", "--format", "{{.Repository}}:{{.Tag}}")
        return [line for line in found.splitlines() if f"/{self.name}/" in line]

    def marked_log(self) -> list[str]:
        """What the registry was asked about this shop, up to a last line of our own: it writes its log a bit later."""
        marker = f"mark-{uuid.uuid4().hex}"
        client.Registry(self.lab.registry, insecure=True).digest(f"{self.name}/api", marker)
        deadline = time.monotonic() + 30
        while marker not in (text := self.lab.registry_access_log.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return [line for line in text.splitlines() if f"/{self.name}/" in line]

    def docker(self, *words: str) -> str:
        client = (str(self.lab.bin / "docker"), "--host", self.lab.docker_host)
        return subprocess.run((*client, *words), check=True, capture_output=True, text=True).stdout


@pytest.fixture
def shop(tmp_path: Path, the_lab: Lab) -> Iterator[Shop]:
    shop = Shop(tmp_path, the_lab)
    yield shop
    if names := shop.names_in_engine():
        shop.docker("rmi", "--force", *names)


def test_an_image_is_built_and_pushed_once_and_then_only_looked_up(shop: Shop) -> None:
    artifacts = shop.images().build([], shop.step)
    push = shop.step
    (image,) = shop.images().push(artifacts, push)
    assert artifacts[0].built
    assert artifacts[0].digest is None
    assert re.fullmatch(r"api \d+ B of \d+ B", push.summary)

    before, since = shop.marked_log(), f"{time.time():.9f}"
    (again,) = shop.images().build([], shop.step)
    push = shop.step
    assert shop.images().push([again], push) == (image,)
    assert (again.built, again.digest) == (False, image.digest)

    asked = shop.marked_log()[len(before) : -1]
    tag = f'"HEAD /v2/{shop.name}/api/manifests/{image.tag} HTTP/1.1" 200'
    assert len(asked) == 2
    assert all(tag in line for line in asked)
    events = shop.docker("events", "--since", since, "--until", f"{time.time():.9f}", "--filter", "type=image")
    assert shop.name not in events


def test_only_the_layers_that_the_registry_lacks_are_sent(shop: Shop) -> None:
    shop.dockerfile("FROM BASE\nCOPY app.py /\n")
    push = shop.step
    shop.images().push(shop.images().build([], shop.step), push)
    assert re.fullmatch(r"api \d+ B of \d+\.\d MB \(rest was there\)", push.summary)
    told = [event for event in shop.events if isinstance(event, StepProgress) and event.unit == "bytes"]
    assert told[-1].label == "1 of 1 layers"
    assert told[-1].done == told[-1].total


def test_images_that_share_a_layer_send_it_once(shop: Shop) -> None:
    shop.dockerfile(
        f"FROM BASE AS one\nRUN head -c 3000000 /dev/urandom > /{shop.name}\nFROM one AS two\nCOPY app.py /\n"
    )
    services = {name: Service(build=Build(target=stage)) for name, stage in (("api", "one"), ("web", "two"))}
    push = shop.step
    ours = shop.images(**services)
    ours.push(ours.build([], shop.step), push)
    assert re.fullmatch(r"api 3\.0 MB of [\d.]+ MB · web \d+ B of [\d.]+ MB \(rest was there\)", push.summary)


def test_one_image_for_two_services_is_built_once(shop: Shop) -> None:
    same = Service(build=Build(), repository=f"{shop.name}/all")
    artifacts = shop.images(api=same, worker=same).build([], shop.step)
    assert [(artifact.service, artifact.built) for artifact in artifacts] == [("api", True), ("worker", True)]
    assert len([event for event in shop.events if isinstance(event, CommandRun)]) == 1


def test_a_build_secret_is_mounted_and_stands_nowhere(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN", "hunter2-of-the-build")
    read = f"echo {shop.name}; cat /run/secrets/token; sha1sum /run/secrets/token"
    shop.dockerfile(f"FROM BASE\nRUN --mount=type=secret,id=token {read}\n")
    shop.images(api=Service(build=Build(secrets={"token": SecretSource(env="TOKEN")}))).build([], shop.step)
    lines = [event.line for event in shop.events if isinstance(event, Output)]
    seen_by_the_build = hashlib.sha1(b"hunter2-of-the-build", usedforsecurity=False).hexdigest()
    assert any(seen_by_the_build in line for line in lines)
    assert any("***" in line for line in lines)
    assert not any("hunter2" in str(event) for event in shop.events)
    assert "hunter2" not in shop.docker("history", "--no-trunc", shop.names_in_engine()[0])


def test_a_failing_instruction_is_named_with_its_lines(shop: Shop) -> None:
    shop.dockerfile("FROM BASE\nRUN echo one\nRUN ls /not-there\n")
    with pytest.raises(Failed, match=r"building api failed at \[3/3\] RUN ls /not-there") as failure:
        shop.images().build([], shop.step)
    assert failure.value.status == ExitStatus.FAILED
    assert any("No such file or directory" in line for line in failure.value.evidence)
    assert shop.names_in_engine() == []


def test_the_other_builds_end_when_one_fails(shop: Shop) -> None:
    shop.dockerfile(f"FROM BASE AS slow\nRUN echo {shop.name}; sleep 60\nFROM BASE AS bad\nRUN sleep 1; exit 3\n")
    services = {name: Service(build=Build(target=name)) for name in ("slow", "bad")}
    started = time.monotonic()
    with pytest.raises(Failed, match="building bad failed"):
        shop.images(**services).build([], shop.step)
    assert time.monotonic() - started < 20


def test_a_disk_that_becomes_full_during_a_build_is_told(shop: Shop) -> None:
    # 64 MB is what the engine gives a build's /dev/shm, so this fills no disk of the machine.
    shop.dockerfile("FROM BASE\nRUN dd if=/dev/zero of=/dev/shm/full bs=1M count=100\n")
    with pytest.raises(Failed) as failure:
        shop.images().build([], shop.step)
    assert (failure.value.code, failure.value.status) == ("disk-full", ExitStatus.FAILED)


def test_files_that_change_while_an_image_is_built_do_not_get_its_tag(shop: Shop) -> None:
    shop.dockerfile(f"FROM BASE\nCOPY app.py /\nRUN echo {shop.name}; sleep 1\n")

    def change(event: Any) -> None:
        shop.events.append(event)
        if isinstance(event, Output) and "RUN echo" in event.line:
            (shop.root / "app.py").write_text("changed\n")

    shop.journal = Journal(change)
    with pytest.raises(Failed, match="files changed while api was built") as failure:
        shop.images().build([], shop.step)
    assert failure.value.evidence == ("app.py",)
    assert shop.names_in_engine() == []


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGUSR1 does to the test what SIGINT does to the tool."""

    def interrupted(*_: object) -> None:
        raise Interrupted("SIGINT")

    before = signal.signal(signal.SIGUSR1, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_an_interrupt_ends_a_push_that_a_registry_stalls(shop: Shop) -> None:
    with registry_double(shop.lab.machine) as double:
        ours = shop.images(double.host)
        artifacts = ours.build([], shop.step)
        seen = threading.Event()

        def interrupt() -> None:
            until_asked(double, "PATCH")
            seen.set()
            os.kill(os.getpid(), signal.SIGUSR1)

        double.stalled = threading.Event()
        threading.Thread(target=interrupt, daemon=True).start()
        started = time.monotonic()
        with interruptible(), pytest.raises(Interrupted):
            ours.push(artifacts, shop.step)
        double.stalled.set()
    assert seen.is_set()
    assert time.monotonic() - started < 10


def until_asked(double: RegistryDouble, method: str) -> None:
    deadline = time.monotonic() + 30
    while not any(line.startswith(method) for line in double.asked):
        assert time.monotonic() < deadline, double.asked
        time.sleep(0.05)


def test_an_interrupt_ends_the_builds_and_leaves_no_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.dockerfile(f"FROM BASE AS one\nRUN echo {shop.name}; sleep 60\nFROM BASE AS two\nRUN sleep 61\n")
    services = {name: Service(build=Build(target=name)) for name in ("one", "two")}
    started: list[float] = []

    def interrupt(event: Any) -> None:
        if isinstance(event, Output) and "sleep 60" in event.line and not started:
            started.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGUSR1)

    shop.journal = Journal(interrupt)
    temporary = shop.root / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with interruptible(), pytest.raises(Interrupted):
        shop.images(**services).build([], shop.step)
    assert list(temporary.iterdir()) == []
    assert time.monotonic() - started[0] < 5
    assert not [child for child in psutil.Process().children() if "docker" in child.name()]


def test_a_registry_that_refuses_the_push_is_a_failure_before_anything_is_built(shop: Shop) -> None:
    started = time.monotonic()
    with registry_double(shop.lab.machine) as double:
        double.push_status = 403
        with pytest.raises(CloudnorthError, match="refuses to let us write") as failure:
            shop.images(double.host).build([], shop.step)
    assert (failure.value.code, failure.value.status) == ("push-denied", ExitStatus.FAILED)
    assert failure.value.next == (f"docker login {double.host}",)
    assert time.monotonic() - started < 5
    assert not any(isinstance(event, CommandRun) for event in shop.events)


def test_a_registry_that_refuses_the_push_after_the_build_is_a_failure(shop: Shop) -> None:
    with registry_double(shop.lab.machine) as double:
        ours = shop.images(double.host)
        artifacts = ours.build([], shop.step)
        double.push_status = 401
        with pytest.raises(CloudnorthError, match="refuses to let us write") as failure:
            ours.push(artifacts, shop.step)
    assert (failure.value.code, failure.value.status) == ("push-denied", ExitStatus.FAILED)


def test_a_login_is_used_for_the_push_and_stands_nowhere(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "hunter2-of-the-push")
    with registry_double(shop.lab.machine) as double:
        double.login, double.tokens = ("jenkins", "hunter2-of-the-push"), True
        password = SecretSource(env="REGISTRY_PASSWORD")
        ours = shop.images(Registry(host=double.host, insecure=True, username="jenkins", password=password))
        (image,) = ours.push(ours.build([], shop.step), shop.step)
    assert double.manifests[f"{shop.name}/api", image.tag]
    assert not any("hunter2" in str(event) for event in shop.events)


def test_the_client_takes_credentials_of_the_configuration_whatever_store_the_user_has(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path_factory.mktemp("docker")
    (theirs / "config.json").write_text('{"credsStore": "not-there"}')
    monkeypatch.setenv("DOCKER_CONFIG", str(theirs))
    with registry_double(shop.lab.machine) as double:
        base = shop.images(double.host)
        (image,) = base.push(base.build([], shop.step), shop.step)
        shop.docker("rmi", f"{image.repository}:{image.tag}")
        double.login = ("jenkins", "hunter2-of-the-base")
        login = Login("jenkins", Secret("hunter2-of-the-base"))
        more = docker_config.logged_in(double.host, login, tmp_path_factory.mktemp("ours"))
        monkeypatch.setenv("DOCKER_CONFIG", str(more["DOCKER_CONFIG"]))
        # `pull` and not `build`: BuildKit speaks HTTPS to a registry that the engine does not know by its port.
        shop.docker("pull", "--quiet", image.reference)
        shop.docker("rmi", image.reference)


def test_another_digest_behind_the_tag_than_the_pushed_one_is_a_failure_naming_both(shop: Shop) -> None:
    with registry_double(shop.lab.machine) as double:
        double.swap = True
        ours = shop.images(double.host)
        with pytest.raises(Failed, match="changed between our push and our read") as failure:
            ours.push(ours.build([], shop.step), shop.step)
    assert (failure.value.code, failure.value.status) == ("digest-changed", ExitStatus.FAILED)
    assert len(set(re.findall(r"sha256:[0-9a-f]{64}", failure.value.message))) == 2


@pytest.mark.slow
@pytest.mark.repeat  # tests/e2e/test_faults_registry.py has it daily, through the command line
def test_a_registry_that_is_gone_half_way_is_a_failure(shop: Shop) -> None:
    with registry_double(shop.lab.machine) as double:
        double.hang_up_after = 1000
        shop.dockerfile(f"FROM BASE\nRUN head -c 100000 /dev/urandom > /{shop.name}\n")
        ours = shop.images(double.host)
        with pytest.raises(CloudnorthError) as failure:
            ours.push(ours.build([], shop.step), shop.step)
    assert (failure.value.code, failure.value.status) == ("push-failed", ExitStatus.FAILED)
    told = [event.waiting_for for event in shop.events if isinstance(event, StepWaiting)]
    assert "api: the registry does not take a layer, retrying in 5 seconds" in told


def test_an_image_that_the_engine_has_under_its_tag_is_not_built_again(shop: Shop) -> None:
    (first,) = shop.images().build([], shop.step)
    (second,) = shop.images().build([], shop.step)
    assert (first.built, second.built) == (True, False)


def test_a_base_image_of_this_engine_alone_counts_by_its_id(shop: Shop) -> None:
    tags = []
    local = f"{shop.lab.registry}/{shop.name}/base:1"
    for text in ("one", "two"):
        (shop.root / "app.py").write_text(text)
        shop.dockerfile("FROM scratch\nCOPY app.py /\n")
        shop.docker("build", "--quiet", "--tag", local, str(shop.root))
        shop.dockerfile(f"FROM {local}\n")
        (shop.root / "app.py").write_text("same")
        tags.append(shop.images().explain_build([])[0].tag)
    assert tags[0] != tags[1]
    assert Engine(shop.lab.docker_host).digest(f"{shop.lab.registry}/nobody/knows:1") is None
