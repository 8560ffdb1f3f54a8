"""Verbs that only look: status, logs, history, kubeconfig; with a checkout and without."""

from __future__ import annotations

import signal
import stat
from pathlib import Path

import pytest

from tests.conftest import Cloudnorth
from tests.test_session import started


def test_status_of_a_healthy_environment_is_four_lines(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("status", "-e", "test")
    assert ran.status == 0
    assert len(ran.out.splitlines()) == 4
    assert ran.err == ""


def test_status_without_an_environment_is_a_line_for_each(cloudnorth: Cloudnorth) -> None:
    cloudnorth("deploy", "-e", "test")
    ran = cloudnorth("status")
    prod, test = ran.out.splitlines()
    assert prod.startswith("✗ prod")
    assert test.startswith("✓ test  healthy: release 1")
    assert ran.status == 7
    result = cloudnorth("status", "-o", "json").result
    assert [one["environment"] for one in result["status"]] == ["prod", "test"]


def test_an_environment_that_cannot_be_asked_does_not_hide_the_others(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("status", FAKE="unreachable")
    assert ran.status == 7
    assert ran.out.count("unknown: cannot reach the cluster") == 2
    alone = cloudnorth("status", "-e", "test", FAKE="unreachable")
    assert alone.status == 4
    assert alone.out == ""


def test_the_default_environment_is_not_assumed_in_a_pipeline(cloudnorth: Cloudnorth, project: Path) -> None:
    path = project / "cloudnorth.yaml"
    path.write_text(path.read_text() + "default_environment: test\n")
    assert cloudnorth("history").status == 0
    assert cloudnorth("history", CI="true").status == 2
    assert len(cloudnorth("status", CI="true", FAKE="unreachable").out.splitlines()) == 2


def test_without_a_checkout_flags_name_the_release(
    cloudnorth: Cloudnorth, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    place = ("--context", "lab", "--namespace", "shop", "--release", "shop")
    ran = cloudnorth("status", *place, "-o", "json", FAKE="unhealthy")
    assert ran.result["environment"] == "shop"
    wanted = "cloudnorth logs --context lab --namespace shop --release shop --service api --previous"
    assert ran.result["next"] == [wanted]
    assert cloudnorth("history", *place).out == "nothing was deployed yet\n"
    assert cloudnorth("logs", "--cluster", "lab", "--release", "shop", "--tail", "1").status == 0
    assert cloudnorth("status").status == 2


def test_logs_name_the_service_and_the_pod(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("logs", "-e", "test", "--tail", "2")
    assert ran.out.splitlines() == [
        "api api-6d9c7-x2x8q | GET /products 200 #0",
        "storefront storefront-6d9c7-x2x8q | GET /products 200 #1",
    ]
    assert ran.err == ""


def test_logs_of_one_service_as_json_are_a_line_each(cloudnorth: Cloudnorth) -> None:
    ran = cloudnorth("logs", "-e", "test", "-s", "api", "--tail", "3", "-o", "json")
    *lines, result = ran.events
    assert {line["line"]["service"] for line in lines} == {"api"}
    assert result["event"] == "result"


def test_following_ends_with_ctrl_c_and_no_noise(project: Path) -> None:
    with started(project, "logs", "-e", "test", "-f", FAKE_PACE="0.01") as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        lines = process.stdout.read().splitlines()
        assert process.wait(10) == 130
        assert process.stderr.read() == ""
    assert all("GET /products" in line for line in lines)


def test_a_kubeconfig_file_is_its_owners_alone(cloudnorth: Cloudnorth, project: Path) -> None:
    assert cloudnorth("kubeconfig", "-e", "test").out == "apiVersion: v1\nkind: Config\n"
    cloudnorth("kubeconfig", "-e", "test", "--out", "kubeconfig")
    written = project / "kubeconfig"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    assert written.read_text() == "apiVersion: v1\nkind: Config\n"
