"""The registry's door, against a registry that speaks HTTP."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudnorth_cli.adapters.registry import Registry
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret
from tests.registry_double import RegistryDouble, registry_double

GOOD = Login("jenkins", Secret("open sesame"))


@pytest.fixture
def double() -> Iterator[RegistryDouble]:
    with registry_double() as double:
        yield double


def test_the_digest_of_a_tag_is_read_with_one_head_request(double: RegistryDouble) -> None:
    digest = double.put("shop/api", "1")
    assert Registry(double.host, insecure=True).digest("shop/api", "1") == digest
    assert double.asked == ["HEAD /v2/shop/api/manifests/1"]


def test_a_registry_that_leaves_the_digest_header_out_is_asked_for_the_bytes(double: RegistryDouble) -> None:
    double.digest_header = False
    digest = double.put("shop/api", "1")
    assert Registry(double.host, insecure=True).digest("shop/api", "1") == digest


def test_a_missing_tag_and_a_missing_repository_are_none(double: RegistryDouble) -> None:
    double.put("shop/api", "1")
    registry = Registry(double.host, insecure=True)
    assert registry.digest("shop/api", "2") is None
    assert registry.digest("shop/web", "1") is None
    assert registry.manifest("shop/web", "1") is None


@pytest.mark.parametrize("tokens", [False, True], ids=["basic", "bearer"])
def test_it_logs_in_as_the_challenge_asks(double: RegistryDouble, tokens: bool) -> None:
    double.login, double.tokens = ("jenkins", "open sesame"), tokens
    digest = double.put("shop/api", "1")
    registry = Registry(double.host, insecure=True, login=GOOD)
    registry.check()
    assert registry.digest("shop/api", "1") == digest


@pytest.mark.parametrize("tokens", [False, True], ids=["basic", "bearer"])
def test_wrong_credentials_are_told_with_the_name_and_never_the_password(double: RegistryDouble, tokens: bool) -> None:
    double.login, double.tokens = ("jenkins", "another one"), tokens
    with pytest.raises(Refused) as refusal:
        Registry(double.host, insecure=True, login=GOOD).digest("shop/api", "1")
    assert refusal.value.code == "registry-denied"
    assert f"{double.host}/shop/api" in refusal.value.message
    assert "jenkins" in refusal.value.message
    assert "open sesame" not in str(refusal.value)


@pytest.mark.parametrize("tokens", [False, True])
def test_a_password_may_have_any_signs(tokens: bool, double: RegistryDouble) -> None:
    double.login, double.tokens = ("jenkins", "pä€ß"), tokens
    digest = double.put("shop/api", "1")
    registry = Registry(double.host, insecure=True, login=Login("jenkins", Secret("pä€ß")))
    assert registry.digest("shop/api", "1") == digest


def test_without_credentials_the_next_command_is_docker_login(double: RegistryDouble) -> None:
    double.login = ("jenkins", "open sesame")
    with pytest.raises(Refused) as refusal:
        Registry(double.host, insecure=True).check()
    assert refusal.value.next == (f"docker login {double.host}",)
    assert "authentication required" in refusal.value.message


def test_what_netrc_holds_is_not_sent(double: RegistryDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login jenkins password open\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    double.login = ("jenkins", "open")
    with pytest.raises(Refused):
        Registry(double.host, insecure=True).check()


def test_a_registry_that_is_not_there_is_told_at_once_with_the_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(Refused, match="Connection refused") as refusal:
            Registry(host, insecure=True).check()
    assert refusal.value.code == "registry-unreachable"
    assert refusal.value.retryable


def test_plain_http_behind_a_secure_name_names_the_setting(double: RegistryDouble) -> None:
    with pytest.raises(Refused, match="insecure: true"):
        Registry(double.host).check()


def test_something_else_behind_the_address_is_told(double: RegistryDouble) -> None:
    double.keep("shop/api", "1", b"<html>")
    with pytest.raises(Refused, match="not what a registry answers"):
        Registry(double.host, insecure=True).manifest("shop/api", "1")


def test_whether_we_may_push_is_asked_without_leaving_anything(double: RegistryDouble) -> None:
    registry = Registry(double.host, insecure=True)
    registry.check_push("shop/api")
    assert [line.split()[0] for line in double.asked] == ["POST", "DELETE"]
    assert double.uploads == {}
    double.push_status = 403
    with pytest.raises(Refused, match="refuses to let us write") as refusal:
        registry.check_push("shop/api")
    assert refusal.value.code == "push-denied"


def test_a_repository_that_has_to_be_made_first_is_named(double: RegistryDouble) -> None:
    double.push_status = 404
    with pytest.raises(Refused, match=f"no repository {double.host}/shop/api"):
        Registry(double.host, insecure=True).check_push("shop/api")
