"""`doctor`: every planted fault is found, all well is exit 0, and what hangs holds nobody up."""

from __future__ import annotations

import json
import shutil
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudnorth_cli.commands import doctor as command
from cloudnorth_cli.commands.permissions import KINDS, permissions
from cloudnorth_cli.config import project as configuration
from cloudnorth_cli.events import Journal, Result
from cloudnorth_cli.platforms import Check, Seen, open_platform
from cloudnorth_cli.platforms.kubernetes import checkup_cluster
from tests import tool
from tests.adapters.aws_keys import ACCOUNT, REGION, keys
from tests.conftest import Cloudnorth
from tests.lab import deployer
from tests.registry_double import RegistryDouble, registry_double
from tests.servers import Answering, served

__all__ = ["keys"]
NAMESPACE = "/api/v1/namespaces/shop"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass
class ApiServer:
    """What the API server answers; a test changes it to plant a fault."""

    port: int = 0
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    """Path to status and body; every other list is empty."""
    denied: set[tuple[str, str]] = field(default_factory=set)
    """(verb, resource) that SelfSubjectAccessReview does not allow."""
    late: float = 0.0
    """Seconds that its clock is ahead."""
    reviews: int = 0

    def answer(self, path: str) -> tuple[int, Any]:
        if path in self.answers:
            return self.answers[path]
        if path == "/version":
            return 200, {"gitVersion": "v1.34.0"}
        if path == NAMESPACE:
            return 200, {"kind": "Namespace", "metadata": {"name": "shop"}}
        return 200, {"kind": "List", "metadata": {}, "items": []}

    def review(self, asked: dict[str, Any]) -> bool:
        self.reviews += 1
        resource = "/".join(part for part in (asked["resource"], asked.get("subresource")) if part)
        return not ({(asked["verb"], resource), ("*", "*")} & self.denied if asked["verb"] != "*" else self.denied)


@contextmanager
def api_server() -> Iterator[ApiServer]:
    made = ApiServer()

    class Handler(Answering):
        def do_GET(self) -> None:
            self.answer(*made.answer(self.path.partition("?")[0]))

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.path == REVIEW, "doctor changes nothing"
            self.answer(201, {"status": {"allowed": made.review(body["spec"]["resourceAttributes"])}})

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + made.late, usegmt=True)

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        made.port = server.server_port
        yield made


@dataclass
class World:
    """A project with everything that a deploy needs; tests break one thing."""

    root: Path
    api: ApiServer
    registry: RegistryDouble
    config: dict[str, Any]

    @property
    def env(self) -> dict[str, Any]:
        return dict(self.config["environments"])["prod"]  # type: ignore[no-any-return]

    def tool(self, name: str, printed: str) -> None:
        file = self.root / "bin" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ncat <<'E'\n{printed}\nE\n")
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def revision(self, status: str) -> None:
        labels = {"owner": "helm", "name": "shop", "version": "3", "status": status}
        thing = {"metadata": {"name": "sh.helm.release.v1.shop.v3", "labels": labels}}
        self.api.answers[f"{NAMESPACE}/secrets"] = 200, {"kind": "SecretList", "metadata": {}, "items": [thing]}

    def deployment(self, **metadata: Any) -> None:
        mine = {"meta.helm.sh/release-name": "shop", "meta.helm.sh/release-namespace": "shop"}
        thing = {
            "metadata": {"name": "api", "annotations": mine} | metadata,
            "spec": {"template": {"spec": {"containers": []}}},
        }
        answer = {"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {}, "items": [thing]}
        self.api.answers["/apis/apps/v1/namespaces/shop/deployments"] = 200, answer

    def quota(self, used: str, hard: str) -> None:
        quota = {"metadata": {"name": "small"}, "status": {"used": {"pods": used}, "hard": {"pods": hard}}}
        self.api.answers[f"{NAMESPACE}/resourcequotas"] = 200, {"kind": "L", "metadata": {}, "items": [quota]}

    def kubeconfig(self, server: str) -> None:
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {"token": "a-token"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
        }
        (self.root / "kubeconfig").write_text(yaml.safe_dump(config))

    def doctor(self, env: str = "prod", limit: float = command.LIMIT) -> Result:
        (self.root / "cloudnorth.yaml").write_text(yaml.safe_dump(self.config))
        loaded = configuration.load_project(self.root / "cloudnorth.yaml", self.root, {})
        environment = configuration.environment(loaded, env, {}, files=False)
        return command.doctor(open_platform(environment, Journal()), environment, limit)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setenv("TOKEN", "kept-to-itself")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-login"))
    monkeypatch.delenv("CI", raising=False)
    with api_server() as api, registry_double() as registry:
        service = {"image": f"{registry.host}/shop/api:1", "workloads": ["deployment/api"]}
        registry.put("shop/api", "1")
        environment = {
            "platform": "kubernetes",
            "namespace": "shop",
            "cluster": {"context": "test", "kubeconfig": "kubeconfig"},
            "registry": {"host": registry.host, "insecure": True},
            "helm": {"chart": "chart", "command": str(tmp_path / "bin" / "helm")},
            "terraform": {"command": str(tmp_path / "bin" / "terraform")},
            "secrets": {"TOKEN": {"env": "TOKEN"}},
        }
        config = {"version": 1, "project": "shop", "services": {"api": service}, "environments": {"prod": environment}}
        made = World(tmp_path, api, registry, config)
        made.tool("helm", "v3.18.4")
        made.tool("terraform", '{"terraform_version": "1.11.2"}')
        made.kubeconfig(f"http://127.0.0.1:{api.port}")
        (tmp_path / "chart").mkdir()
        (tmp_path / "chart" / "Chart.yaml").write_text("name: shop\n")
        made.revision("deployed")
        made.deployment()
        yield made


def test_all_well_is_exit_0(world: World) -> None:
    result = world.doctor()
    assert [one for one in result.checks or () if one.state != "well"] == []
    assert result.exit_status == 0
    assert result.seconds < 5
    assert world.api.reviews == 1, "who may everything is asked once"


def built_by_old_helm(world: World) -> None:
    world.tool("helm", "v3.12.0")


def helm_gone(world: World) -> None:
    (world.root / "bin" / "helm").unlink()


def chart_gone(world: World) -> None:
    (world.root / "chart" / "Chart.yaml").unlink()


def old_terraform(world: World) -> None:
    world.tool("terraform", '{"terraform_version": "1.5.7"}')


def context_gone(world: World) -> None:
    world.env["cluster"]["context"] = "elsewhere"


def cluster_away(world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world.kubeconfig(f"http://127.0.0.1:{free.getsockname()[1]}")


def not_let_in(world: World) -> None:
    world.api.answers["/version"] = 401, {"message": "Unauthorized"}


def namespace_gone(world: World) -> None:
    world.api.answers[NAMESPACE] = 404, {"message": "not found"}
    world.api.denied |= {("*", "*"), ("create", "namespaces")}


def no_right(world: World) -> None:
    world.api.denied |= {("any", "any"), ("create", "leases")}


def pending(world: World) -> None:
    world.revision("pending-upgrade")


def kept_by_argo(world: World) -> None:
    world.deployment(labels={"argocd.argoproj.io/instance": "shop"})


def of_another_release(world: World) -> None:
    world.deployment(annotations={"meta.helm.sh/release-name": "other"})


def used_up(world: World) -> None:
    world.quota("10", "10")


def clock_off(world: World) -> None:
    world.api.late = 400.0


def registry_clock(world: World) -> None:
    world.registry.late = -90


def secret_gone(world: World) -> None:
    world.env["secrets"]["OTHER"] = {"file": "nowhere"}


def image_gone(world: World) -> None:
    world.registry.manifests.clear()


def registry_denies(world: World) -> None:
    world.registry.login = ("anna", "right")


def registry_away(world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        world.env["registry"]["host"] = f"127.0.0.1:{free.getsockname()[1]}"


def engine_away(world: World) -> None:
    world.config["services"]["api"] = {"build": {"context": "."}, "repository": "shop/api"}
    world.env["docker"] = {"host": "unix:///nowhere/docker.sock"}
    (world.root / "Dockerfile").write_text("FROM scratch\n")


FAULTS: dict[Callable[[World], None], tuple[str, str]] = {
    built_by_old_helm: ("helm", "helm-version"),
    helm_gone: ("helm", "helm-missing"),
    chart_gone: ("helm", "chart-missing"),
    old_terraform: ("terraform", "terraform-version"),
    context_gone: ("cluster", "wrong-context"),
    cluster_away: ("cluster", "cluster-unreachable"),
    not_let_in: ("cluster", "unauthorized"),
    namespace_gone: ("namespace", "namespace-missing"),
    no_right: ("rights", "forbidden"),
    pending: ("release", "release-pending"),
    kept_by_argo: ("release", "release-foreign"),
    of_another_release: ("release", "release-foreign"),
    used_up: ("quota", "quota-exceeded"),
    clock_off: ("clock", "clock"),
    registry_clock: ("registry", "clock"),
    secret_gone: ("secrets", "secret-missing"),
    image_gone: ("images", "image-not-found"),
    registry_denies: ("registry", "registry-denied"),
    registry_away: ("registry", "registry-unreachable"),
    engine_away: ("docker", "docker-unreachable"),
}


@pytest.mark.parametrize("plant", FAULTS, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found_with_what_mends_it(world: World, plant: Callable[[World], None]) -> None:
    plant(world)
    result = world.doctor()
    found = {(one.name, each.code): each for one in result.checks or () for each in one.findings}
    assert FAULTS[plant] in found, result.checks
    finding = found[FAULTS[plant]]
    assert finding.message
    assert all(each.next for one in result.checks or () for each in one.findings), "each names what mends it"
    assert result.exit_status == 3
    assert result.outcome == "refused"
    assert "kept-to-itself" not in str(result)


def test_what_needs_the_cluster_is_not_asked_while_it_is_away(world: World) -> None:
    cluster_away(world)
    states = {one.name: one.state for one in world.doctor().checks or ()}
    skipped = ("token", "namespace", "rights", "release", "quota", "clock", "images")
    assert {states[name] for name in skipped} == {"skipped"}
    assert states["secrets"] == states["helm"] == "well"


def test_a_full_disk_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = type(shutil.disk_usage("/"))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage(10**10, 10**10 - 5, 5))
    assert "disk" in {each.code for one in world.doctor().checks or () for each in one.findings}


def test_rights_that_only_some_verbs_need_are_told_and_no_finding(world: World) -> None:
    world.api.denied |= {("any", "any"), ("create", "pods/exec"), ("get", "ingresses")}
    (rights,) = (one for one in world.doctor().checks or () if one.name == "rights")
    assert rights.state == "well"
    assert "not 2 that only some" in rights.summary


def test_the_rights_asked_for_are_those_of_the_role_that_the_lab_deploys_with() -> None:
    assert checkup_cluster.ROLE == deployer.ROLE
    printed = {one.work: one for one in permissions().permissions or ()}
    assert yaml.safe_load(printed["deploy"].rbac or "") == yaml.safe_load(deployer.ROLE.read_text())
    role = yaml.safe_load(deployer.ROLE.read_text())
    asked = {(right[0], right[1], "/".join(part for part in right[2:4] if part)) for right in checkup_cluster.rights()}
    assert asked == {
        (verb, group, resource)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.fixture
def hole() -> Iterator[str]:
    """An address that takes connections and never answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(64)
        yield f"127.0.0.1:{taken.getsockname()[1]}"


def nothing_answers(world: World, hole: str) -> None:
    engine_away(world)
    world.kubeconfig(f"http://{hole}")
    world.env["registry"]["host"] = hole
    world.env["docker"]["host"] = f"tcp://{hole}"
    world.env["secrets"]["SLOW"] = {"command": "sleep 60"}


def test_everything_black_holed_is_told_within_ten_seconds(world: World, hole: str) -> None:
    nothing_answers(world, hole)
    began = time.monotonic()
    result = world.doctor()
    assert time.monotonic() - began < 10
    silent = {one.name for one in result.checks or () for each in one.findings if each.code == "no-answer"}
    assert {"cluster", "registry", "docker", "secrets"} <= silent
    assert all(each.next for one in result.checks or () for each in one.findings)


@pytest.mark.slow
@pytest.mark.parametrize(("bound", "status"), [(5, 0), (10, 3)], ids=["well", "black-holed"])
def test_the_program_ends_in_time_though_checks_still_hang(world: World, hole: str, bound: float, status: int) -> None:
    if status:
        nothing_answers(world, hole)
    (world.root / "cloudnorth.yaml").write_text(yaml.safe_dump(world.config))
    began = time.monotonic()
    ran = tool.cloudnorth("doctor", "-e", "prod", cwd=world.root)
    assert time.monotonic() - began < bound
    assert ran.status == status, ran.out + ran.err


def test_aws_black_holed_is_told_within_ten_seconds(
    world: World, hole: str, keys: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{hole}")
    engine_away(world)
    (world.root / "terraform").mkdir()
    (world.root / "terraform" / "prod.s3.tfbackend").write_text('bucket = "b"\nkey = "k"\n')
    world.env["aws"] = {"account": ACCOUNT, "region": REGION}
    world.env["terraform"]["backend"] = "prod.s3.tfbackend"
    world.env["cluster"] = {"eks": "shop-prod"}
    world.env["registry"] = {"ecr": {}}
    world.env["secrets"] |= {"A": {"secretsmanager": "shop/a"}, "B": {"ssm": "/b"}}
    began = time.monotonic()
    result = world.doctor()
    assert time.monotonic() - began < 10
    wrong = {one.name: one for one in result.checks or () if one.state == "wrong"}
    assert {"aws", "cluster", "registry", "secrets"} <= wrong.keys()
    assert all(each.next for one in wrong.values() for each in one.findings)


def test_a_check_that_breaks_hides_no_other() -> None:
    def broken() -> Seen:
        raise ZeroDivisionError("of ours")

    first, second = command.examine((Check("a", broken), Check("b", lambda: Seen("fine"))), 1.0)
    assert (first.findings[0].code, second.state) == ("check-broke", "well")


@pytest.mark.parametrize(
    ("text", "number"), [("1500m", 1.5), ("2Gi", 2 * 1024**3), ("3k", 3000), ("7", 7), ("1M", 1e6)]
)
def test_quantities_of_kubernetes(text: str, number: float) -> None:
    assert checkup_cluster.quantity(text) == number


@pytest.fixture
def here(world: World) -> World:
    """The same project on this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = {"build": {"context": "."}, "run": "python3 -m http.server {port}"}
    world.config["services"] = {"web": service}
    world.config["environments"]["local"] = {"platform": "local", "port": port}
    (world.root / "Dockerfile").write_text("FROM scratch\n")
    return world


def test_on_this_machine_all_is_well_and_nothing_of_a_cluster_is_asked(here: World) -> None:
    result = here.doctor("local")
    assert result.exit_status == 0, result.checks
    names = {one.name for one in result.checks or ()}
    assert names == {"python", "tools", "services", "port", "disk", "data", "runtime"}
    assert not (here.root / "data").exists(), "doctor changes nothing"


def test_a_taken_port_and_a_missing_command_are_found_here(here: World) -> None:
    del here.config["services"]["web"]["run"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        here.config["environments"]["local"]["port"] = taken.getsockname()[1]
        codes = {each.code for one in here.doctor("local").checks or () for each in one.findings}
    assert codes == {"port-taken", "no-run"}


def test_a_data_folder_that_others_read_is_found(here: World) -> None:
    here.doctor("local")
    from cloudnorth_cli.platforms.local.place import place

    loaded = configuration.load_project(here.root / "cloudnorth.yaml", here.root, {})
    home = place(configuration.environment(loaded, "local", {}, files=False)).home
    home.mkdir(parents=True)
    home.chmod(0o755)
    codes = {each.code for one in here.doctor("local").checks or () for each in one.findings}
    assert codes == {"data-folder"}


def test_a_runtime_folder_that_is_too_long_for_a_socket_is_found(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from cloudnorth_cli.platforms.local import checkup

    monkeypatch.setattr(checkup, "LONGEST_PATH", 20)
    codes = {each.code for one in here.doctor("local").checks or () for each in one.findings}
    assert codes == {"runtime-folder"}


def test_on_the_command_line_it_is_lines_or_one_object(cloudnorth: Cloudnorth) -> None:
    well = cloudnorth("doctor", "-e", "test")
    assert (well.status, well.err) == (0, "")
    assert well.out.splitlines()[-1] == "test: all well."
    bad = cloudnorth("doctor", "-e", "test", FAKE="unhealthy")
    assert (bad.status, bad.err) == (3, "")
    assert "it is broken  [fake-broken]" in bad.out
    assert "next: cloudnorth status --env E" in bad.out
    shown = cloudnorth("doctor", "-e", "test", "-o", "json", FAKE="unhealthy")
    assert len(shown.out.splitlines()) == 1
    assert [one["state"] for one in shown.result["checks"]] == ["wrong", "skipped"]


def test_permissions_are_printed_for_each_kind_of_work(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("doctor", "--permissions")
    assert ran.status == 0
    for kind in KINDS:
        assert f"# {kind}: IAM policy" in ran.out
    found = {one["work"]: one for one in cloudnorth("doctor", "--permissions", "-o", "json").result["permissions"]}
    assert all(one["iam"]["Version"] == "2012-10-17" for one in found.values())
    reader = yaml.safe_load(found["read"]["rbac"])
    assert "secrets" not in {name for rule in reader["rules"] for name in rule["resources"]}
