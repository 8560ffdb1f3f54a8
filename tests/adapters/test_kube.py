"""The API's answers as ours: over a real connection to a server that says what a test wants."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes.client import Configuration

from cloudnorth_cli import signals
from cloudnorth_cli.adapters import kube, kube_config
from cloudnorth_cli.adapters.kube import Api, Conflict, Invalid, NotFound, Unreachable
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Interrupted, Refused
from cloudnorth_cli.settings import Cluster

PODS = "/api/v1/namespaces/web/pods"


class Server(ThreadingHTTPServer):
    """Answers with what was put in, in order, the last one again and again; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.asked.append(
            (self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        )
        answers = self.server.answers
        status, told = answers.pop(0) if len(answers) > 1 else answers[0]
        data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    threading.Thread(target=made.serve_forever, args=[0.02], daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def api(server: Server) -> Api:
    configuration = Configuration()
    configuration.host = f"http://127.0.0.1:{server.server_port}"
    configuration.api_key = {"BearerToken": "t0ken"}
    configuration.api_key_prefix = {"BearerToken": "Bearer"}
    return Api(configuration, "test")


def status(message: str, **more: Any) -> dict[str, Any]:
    return {"kind": "Status", "message": message} | more


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        ((401, status("Unauthorized")), Refused, "unauthorized"),
        ((403, status('pods is forbidden: User "x" cannot list', reason="Forbidden")), Refused, "forbidden"),
        ((403, status("pods is forbidden: exceeded quota: few", reason="Forbidden")), Invalid, "object-refused"),
        ((404, status("pods not found")), NotFound, "not-found"),
        ((422, status("spec.port: Invalid value")), Invalid, "object-refused"),
        ((500, status("etcd is sick")), Unreachable, "cluster-unreachable"),
        ((502, "<html>a proxy speaks</html>"), Unreachable, "cluster-unreachable"),
    ],
)
def test_each_answer_has_its_error_with_the_apis_own_words(
    server: Server, api: Api, answer: tuple[int, Any], kind: type[CloudnorthError], code: str
) -> None:
    server.answers = [answer]
    with pytest.raises(kind) as error:
        api.get(PODS)
    assert error.value.code == code
    told = answer[1]["message"] if isinstance(answer[1], dict) else answer[1]
    assert told in error.value.message


def test_a_conflict_names_fields_and_managers(server: Server, api: Api) -> None:
    causes = [{"field": ".spec.replicas", "message": 'conflict with "kubectl" using apps/v1'}]
    server.answers = [(409, status("Apply failed", details={"causes": causes}))]
    with pytest.raises(Conflict) as error:
        api.apply(PODS + "/x", {}, "helm")
    assert error.value.causes == ('.spec.replicas: conflict with "kubectl" using apps/v1',)


def test_a_server_that_asks_for_patience_gets_it(server: Server, api: Api) -> None:
    server.answers = [(429, status("busy")), (503, status("starting")), (200, {"items": []})]
    assert api.items(PODS) == []
    assert len(server.asked) == 3


def test_patience_has_an_end(server: Server, api: Api) -> None:
    server.answers = [(503, status("starting"))]
    with pytest.raises(Unreachable):
        api.get(PODS)
    assert len(server.asked) == 4


def test_nobody_there_is_told_with_context_and_address(api: Api, server: Server) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(Unreachable) as error:
        api.get(PODS)
    assert error.value.status == ExitStatus.REFUSED
    assert error.value.retryable
    assert "context test does not answer at http://127.0.0.1" in error.value.message


def test_a_write_is_never_sent_twice_by_itself(server: Server, api: Api) -> None:
    server.answers = [(500, status("maybe written"))]
    with pytest.raises(Unreachable):
        api.create(PODS, {"kind": "Pod"})
    assert len(server.asked) == 1


def test_requests_carry_credentials_and_the_right_content(server: Server, api: Api) -> None:
    server.answers = [(200, {})]
    api.apply(PODS + "/x", {"kind": "Pod"}, "helm", force=True, dry_run=True)
    method, path, headers, body = server.asked[0]
    assert (method, path) == ("PATCH", f"{PODS}/x?fieldManager=helm&force=true&dryRun=All")
    assert headers["authorization"] == "Bearer t0ken"
    assert headers["content-type"] == "application/apply-patch+yaml"
    assert body == {"kind": "Pod"}


def test_items_of_a_list_know_their_kind(server: Server, api: Api) -> None:
    server.answers = [(200, {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]})]
    assert api.items(PODS)[0] == {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "a"}}


def test_what_is_not_there_is_none_and_deleting_it_is_nothing(server: Server, api: Api) -> None:
    server.answers = [(404, status("no"))]
    assert api.find(PODS + "/x") is None
    api.delete(PODS + "/x")


CONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "current-context": "prod",
    "contexts": [
        {"name": "prod", "context": {"cluster": "c", "user": "u"}},
        {"name": "test", "context": {"cluster": "d", "user": "u"}},
    ],
    "clusters": [
        {"name": "c", "cluster": {"server": "https://c", "certificate-authority": "ca.crt"}},
        {"name": "d", "cluster": {"server": "https://d"}},
    ],
    "users": [{"name": "u", "user": {"token": "t"}}, {"name": "v", "user": {"token": "other"}}],
}


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    (tmp_path / "config").write_text(yaml.safe_dump(CONFIG))
    (tmp_path / "ca.crt").write_bytes(b"certificate")
    return str(tmp_path / "config")


def test_the_current_context_is_taken_but_never_guessed_in_ci(kubeconfig: str) -> None:
    assert kube_config.context_of(Cluster(), kubeconfig, {}) == "prod"
    with pytest.raises(Refused, match="runs in CI"):
        kube_config.context_of(Cluster(), kubeconfig, {"CI": "true"})
    assert kube_config.context_of(Cluster(context="test"), kubeconfig, {"CI": "true"}) == "test"
    assert kube_config.context_of(Cluster(), kubeconfig, {"CI": "false"}) == "prod"


def test_a_context_that_is_not_there_is_refused_with_those_that_are(kubeconfig: str) -> None:
    with pytest.raises(Refused, match="it has: prod, test"):
        kube_config.context_of(Cluster(context="staging"), kubeconfig, {})


def test_a_kubeconfig_that_is_no_yaml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("a: [")
    with pytest.raises(Refused, match="cannot be read"):
        kube_config.context_of(Cluster(), str(tmp_path / "config"), {})


def test_the_kubeconfig_is_the_settings_then_the_environments_then_the_usual_one(tmp_path: Path) -> None:
    assert kube_config.kubeconfig_path(Cluster(kubeconfig="k"), tmp_path, {"KUBECONFIG": "/e"}) == str(tmp_path / "k")
    assert kube_config.kubeconfig_path(Cluster(), tmp_path, {"KUBECONFIG": "/e:/f"}) == "/e:/f"
    assert kube_config.kubeconfig_path(Cluster(), tmp_path, {}).endswith("/.kube/config")


def test_one_context_alone_carries_its_certificates_and_nobody_elses(kubeconfig: str) -> None:
    made = yaml.safe_load(kube_config.one_context(kubeconfig, "prod"))
    assert made["current-context"] == "prod"
    assert [one["name"] for one in made["contexts"] + made["clusters"] + made["users"]] == ["prod", "c", "u"]
    assert made["clusters"][0]["cluster"] == {
        "server": "https://c",
        "certificate-authority-data": "Y2VydGlmaWNhdGU=",
    }


def stopped() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    signals.check()


def test_what_a_stopped_run_has_still_to_say_is_not_stopped_again() -> None:
    """An interrupted deploy writes its record on the way out; the signal that ended it has been dealt with."""
    with signals.interruptible():
        with pytest.raises(Interrupted):
            stopped()
        assert kube.patiently(lambda: "written") == "written"


def test_an_api_server_that_is_away_is_waited_for_and_not_for_ever() -> None:
    answers = iter([kube.Unreachable("away"), kube.Unreachable("away")])

    def ask() -> str:
        for answer in answers:
            raise answer
        return "back"

    assert kube.patiently(ask, seconds=5, pause=0.01) == "back"
    with pytest.raises(kube.Unreachable):
        kube.patiently(lambda: (_ for _ in ()).throw(kube.Unreachable("away")), seconds=0.05, pause=0.01)
