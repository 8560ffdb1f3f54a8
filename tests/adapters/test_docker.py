"""The engine's door: what can be said without one, and with the lab's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cloudnorth_cli.adapters.docker import Engine
from cloudnorth_cli.errors import ExitStatus, Failed, Refused
from tests.lab.fixture import lab


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("unix:///nowhere/docker.sock", "No such file or directory"),
        ("tcp://127.0.0.1:1", "Connection refused"),
        ("ftp://engine", "Invalid bind address protocol"),
    ],
)
def test_an_engine_that_does_not_answer_is_refused_with_the_reason(host: str, why: str) -> None:
    with pytest.raises(Refused, match=f"the Docker engine at {host} does not answer: .*{why}") as refusal:
        Engine(host).ping()
    assert refusal.value.status == ExitStatus.REFUSED
    assert refusal.value.next == (f"docker --host {host} info",)


def test_something_else_behind_the_socket_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(b"nonsense\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(Refused, match="does not answer"):
            Engine(f"unix://{path}").ping()
        thread.join()


def test_an_engine_that_goes_away_during_a_push_is_a_failure(tmp_path: Path) -> None:
    program = Path(__file__).with_name("engine_that_goes_away.py")
    path = tmp_path / "docker.sock"
    with subprocess.Popen([sys.executable, str(program), str(path)], stdout=subprocess.PIPE) as engine:
        assert engine.stdout is not None
        assert engine.stdout.readline() == b"ready\n"
        with pytest.raises(Failed, match=r"the push of registry\.example/shop/api:1 broke off") as failure:
            Engine(f"unix://{path}").push("registry.example/shop/api", "1", None, lambda *_: None)
    assert failure.value.status == ExitStatus.FAILED


@pytest.mark.lab
def test_without_a_setting_docker_host_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", lab().docker_host)
    Engine(None).ping()
    assert os.environ["DOCKER_HOST"] == lab().docker_host


@pytest.mark.lab
def test_a_pulled_image_has_its_registrys_digest_and_an_unknown_one_none() -> None:
    facts = lab()
    engine = Engine(facts.docker_host)
    assert engine.digest(f"{facts.registry}/nobody/knows:1") is None
    assert not engine.has(f"{facts.registry}/nobody/knows:1")
