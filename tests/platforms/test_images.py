"""Images: what is built, what is pushed, and what is never contacted. Registry over HTTP; no engine is needed here."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Failed, Refused, UsageError
from cloudnorth_cli.events import Journal, Step
from cloudnorth_cli.model import Actor, Request, Source
from cloudnorth_cli.platforms.images import Images
from cloudnorth_cli.settings import Build, Docker, Environment, EnvironmentFile, Registry, SecretSource, Service
from tests.registry_double import RegistryDouble, registry_double

DEPLOY = Request(source=Source(commit="8f3c1d2"), actor=Actor(who="me@here", run="1"))
NO_ENGINE = Docker(host="unix:///nowhere/docker.sock")


@pytest.fixture
def double() -> Iterator[RegistryDouble]:
    with registry_double() as double:
        yield double


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("print('hello')\n")
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / ".dockerignore").write_text(".cloudnorth\n")
    return tmp_path


def environment(root: Path, registry: Registry | None, **services: Service) -> Environment:
    return Environment(
        project="shop",
        name="test",
        root=root,
        config_path=root / "cloudnorth.yaml",
        services=services,
        migrate=None,
        verify=(),
        file=EnvironmentFile(platform="kubernetes", registry=registry, docker=NO_ENGINE),
    )


def images(root: Path, double: RegistryDouble, **services: Service) -> Images:
    given = services or {"api": Service(build=Build())}
    return Images(environment(root, Registry(host=double.host, insecure=True), **given), Journal())


def test_nothing_is_built_and_no_engine_is_contacted_when_the_registry_has_the_tag(
    root: Path, double: RegistryDouble
) -> None:
    ours = images(root, double)
    tag = ours.explain_build(["api"])[0].tag
    digest = double.put("shop/api", tag)
    journal = Journal()

    with journal.step("build") as build:
        (artifact,) = ours.build([], build)
    with journal.step("push") as push:
        (image,) = ours.push([artifact], push)

    assert (artifact.digest, artifact.built) == (digest, False)
    assert image.reference == f"{double.host}/shop/api@{digest}"
    assert build.summary == f"api {tag[:8]} unchanged"
    assert push.summary == "0 B, the registry has it"
    assert {line.split()[0] for line in double.asked} == {"HEAD"}


def test_where_something_has_to_be_built_a_missing_engine_is_refused(root: Path, double: RegistryDouble) -> None:
    journal = Journal()
    with journal.step("build") as step, pytest.raises(Refused) as refusal:
        images(root, double).build(["api"], step)
    assert refusal.value.status == ExitStatus.REFUSED
    assert refusal.value.message.startswith("the Docker engine at unix:///nowhere/docker.sock does not answer: No such")
    assert refusal.value.next == ("docker --host unix:///nowhere/docker.sock info",)


def test_check_contacts_the_registry_and_no_engine(root: Path, double: RegistryDouble) -> None:
    images(root, double).check(DEPLOY)
    assert double.asked == ["GET /v2/"]


def test_check_refuses_a_context_with_git(root: Path, double: RegistryDouble) -> None:
    (root / ".git").mkdir()
    (root / ".git/HEAD").touch()
    with pytest.raises(Refused, match=r"add \.git"):
        images(root, double).check(DEPLOY)


def test_a_service_whose_image_is_given_needs_no_files(tmp_path: Path, double: RegistryDouble) -> None:
    ours = images(tmp_path, double, api=Service(build=Build()), web=Service(build=Build(context="nowhere")))
    ours.check(msgspec.structs.replace(DEPLOY, images={"api": "x", "web": "y"}))
    with pytest.raises(Refused, match="nowhere"):
        ours.check(msgspec.structs.replace(DEPLOY, images={"api": "x"}, services=("api", "web")))


def test_a_registry_that_is_gone_is_refused_before_anything_is_built(root: Path) -> None:
    with registry_double() as double:
        ours = images(root, double)
    for contact in (lambda: ours.check(DEPLOY), lambda: ours.build([], Step("build", Journal()))):
        with pytest.raises(Refused, match="Connection refused") as refusal:
            contact()
        assert refusal.value.code == "registry-unreachable"


def test_an_environment_without_a_registry_is_told_where_it_is_missing(root: Path) -> None:
    with pytest.raises(UsageError, match=r"environments\.test\.registry is missing"):
        Images(environment(root, None, api=Service(build=Build())), Journal()).check(DEPLOY)


def test_a_service_that_is_not_there_is_told_with_those_that_are(root: Path, double: RegistryDouble) -> None:
    with pytest.raises(UsageError, match="no service apj; there are api"):
        images(root, double).check(msgspec.structs.replace(DEPLOY, services=("apj",)))


def test_a_path_in_the_registry_and_a_name_of_its_own_make_the_repository(root: Path, double: RegistryDouble) -> None:
    registry = Registry(host=f"{double.host}/us", insecure=True)
    ours = Images(environment(root, registry, api=Service(build=Build(), repository="shop-api")), Journal())
    digest = double.put("us/shop-api", ours.explain_build([])[0].tag)
    (artifact,) = ours.build([], Step("build", Journal()))
    assert (artifact.repository, artifact.digest) == (f"{double.host}/us/shop-api", digest)


def test_another_base_image_behind_the_same_name_is_another_tag(root: Path, double: RegistryDouble) -> None:
    (root / "Dockerfile").write_text(f"ARG TAG=3\nFROM {double.host}/base/python:$TAG\n")
    (root / ".dockerignore").write_text(".cloudnorth\n")
    tags = []
    for manifest in ({"one": 1}, {"two": 2}, {"one": 1}):
        double.put("base/python", "3", manifest)
        tags.append(images(root, double).explain_build([])[0].tag)
    assert tags[0] == tags[2] != tags[1]
    assert double.asked == ["HEAD /v2/base/python/manifests/3"] * 3


def test_two_services_on_one_base_ask_for_it_once(root: Path, double: RegistryDouble) -> None:
    (root / "Dockerfile").write_text(f"FROM {double.host}/base/python:3\n")
    double.put("base/python", "3")
    images(root, double, api=Service(build=Build()), web=Service(build=Build(target="x"))).explain_build([])
    assert double.asked == ["HEAD /v2/base/python/manifests/3"]


def test_a_base_image_that_nobody_knows_counts_by_its_name(root: Path, double: RegistryDouble) -> None:
    (root / "Dockerfile").write_text(f"FROM {double.host}/base/none:1\n")
    first = images(root, double).explain_build([])[0].tag
    assert images(root, double).explain_build([])[0].tag == first
    (root / "Dockerfile").write_text(f"FROM {double.host}/base/none:2\n")
    assert images(root, double).explain_build([])[0].tag != first


def test_explain_says_what_changed_since_the_last_build(root: Path, double: RegistryDouble) -> None:
    ours = images(root, double, api=Service(build=Build(args={"A": "1"})))
    (first,) = ours.explain_build([])
    assert first.previous_tag is None
    double.put("shop/api", first.tag)
    ours.build([], Step("build", Journal()))

    (root / "app.py").write_text("print('hullo')\n")
    (root / "new.py").touch()
    (second,) = images(root, double, api=Service(build=Build(args={"A": "2"}))).explain_build([])
    assert second.previous_tag == first.tag != second.tag
    assert (second.added, second.removed) == (("new.py",), ())
    assert second.changed == ("build argument A", "app.py")


def test_what_is_remembered_of_a_build_does_not_make_a_tree_dirty(root: Path, double: RegistryDouble) -> None:
    ours = images(root, double)
    double.put("shop/api", ours.explain_build([])[0].tag)
    ours.build([], Step("build", Journal()))
    assert (root / ".cloudnorth/.gitignore").read_text() == "*\n"


def test_a_memory_that_cannot_be_read_is_none(root: Path, double: RegistryDouble) -> None:
    broken = root / ".cloudnorth/builds/test/api.json"
    broken.parent.mkdir(parents=True)
    broken.write_text('{"recipe": 1, "files": 3}')
    assert images(root, double).explain_build([])[0].previous_tag is None


PUSH = """
import sys, urllib.request
host, name = sys.argv[1].split("/", 1)
path, tag = name.rsplit(":", 1)
url = f"http://{host}/v2/{path}/manifests/{tag}"
urllib.request.urlopen(urllib.request.Request(url, data=b"{}", method="PUT"))
print("pushed", tag)
"""


def test_a_command_that_builds_and_pushes_needs_no_engine(root: Path, double: RegistryDouble) -> None:
    (root / "push.py").write_text(PUSH)
    build = Build(command=f"{sys.executable} push.py {{image}}")
    ours = images(root, double, api=Service(build=build))
    (artifact,) = ours.build([], Step("build", Journal()))
    assert artifact.built
    assert artifact.digest == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_a_command_that_fails_is_told_with_its_last_lines(root: Path, double: RegistryDouble) -> None:
    ours = images(root, double, api=Service(build=Build(command="echo no rule to make image; exit 2")))
    with pytest.raises(Failed, match="building api failed with status 2") as failure:
        ours.build([], Step("build", Journal()))
    assert failure.value.evidence == ("no rule to make image",)


def test_images_made_elsewhere_are_resolved_to_their_digests(root: Path, double: RegistryDouble) -> None:
    one, two = double.put("a", "1"), double.put("b", "2")
    found = images(root, double).resolve({"api": f"{double.host}/a:1", "web": f"{double.host}/b@{two}"})
    assert [(image.service, image.digest, image.tag) for image in found] == [("api", one, "1"), ("web", two, "")]


def test_an_image_that_the_registry_does_not_have_is_refused_by_name(root: Path, double: RegistryDouble) -> None:
    wanted = f"{double.host}/a@sha256:{'0' * 64}"
    with pytest.raises(Refused) as refusal:
        images(root, double).resolve({"api": wanted})
    assert refusal.value.code == "image-missing"
    assert wanted in refusal.value.message


def test_what_names_no_image_is_a_usage_error(root: Path, double: RegistryDouble) -> None:
    with pytest.raises(UsageError, match="api: 'A B' does not name an image"):
        images(root, double).resolve({"api": "A B"})


def test_the_registry_password_is_read_from_its_source_and_never_shown(
    root: Path, double: RegistryDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.login = ("jenkins", "hunter2")
    registry = Registry(
        host=double.host, insecure=True, username="jenkins", password=SecretSource(env="REGISTRY_PASSWORD")
    )
    given = environment(root, registry, api=Service(build=Build()))
    with pytest.raises(Refused, match="REGISTRY_PASSWORD is not set"):
        Images(given, Journal()).check(DEPLOY)
    monkeypatch.setenv("REGISTRY_PASSWORD", "wrong2")
    with pytest.raises(Refused) as refusal:
        Images(given, Journal()).check(DEPLOY)
    assert "wrong2" not in str(refusal.value)
    monkeypatch.setenv("REGISTRY_PASSWORD", "hunter2")
    Images(given, Journal()).check(DEPLOY)


def test_what_docker_login_left_is_used(
    root: Path, double: RegistryDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    double.login = ("jenkins", "hunter2")
    (tmp_path / "docker").mkdir()
    auth = {"auths": {double.host: {"auth": base64.b64encode(b"jenkins:hunter2").decode()}}}
    (tmp_path / "docker/config.json").write_text(json.dumps(auth))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    images(root, double).check(DEPLOY)


def test_a_registry_that_is_gone_at_the_push_is_a_failure(root: Path) -> None:
    with registry_double() as double:
        ours = images(root, double)
        double.put("shop/api", ours.explain_build([])[0].tag)
        artifacts = ours.build([], Step("build", Journal()))
    with pytest.raises(CloudnorthError, match="Connection refused") as failure:
        ours.push(artifacts, Step("push", Journal()))
    assert failure.value.status == ExitStatus.FAILED
