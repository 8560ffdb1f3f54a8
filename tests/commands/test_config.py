"""`cloudnorth config` tells every setting and where it came from, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudnorth_cli import config as reader
from cloudnorth_cli.commands import config
from tests.tool import Ran, cloudnorth

FILE = """\
version: 1
project: hello
default_environment: local
defaults:
  rollout: {timeout: 3m}
  notes: [shared]
services:
  api:
    image: nginx
    run: serve
    env: {LEVEL: info, API_TOKEN: t0ken, DB: "mysql://shop:pa55@db/shop", MIRROR: "https://x.example/a@b"}
    chart: {a.image: "{image}"}
environments:
  local:
    platform: local
    secrets: {KEY: {env: HELLO_KEY}, CERT: {file: cert.pem}, PIN: {command: pass pin}}
    services: {api: {env: {LEVEL: debug}}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cloudnorth.yaml").write_text(FILE)
    return tmp_path


def entries(folder: Path, name: str | None = "local", **environ: str) -> dict[str, tuple[str, str]]:
    loaded = reader.load_project(None, folder, {})
    return {entry.key: (entry.value, entry.origin) for entry in config.settings(loaded, name, environ)}


def test_every_value_has_its_origin(folder: Path) -> None:
    told = entries(folder)
    assert told["project"] == ("hello", "cloudnorth.yaml:2:10")
    assert told["rollout.timeout"] == ("3m", "defaults cloudnorth.yaml:5:22")
    assert told["notes[0]"] == ("shared", "defaults cloudnorth.yaml:6:11")
    assert told["rollout.rollback"] == ("auto", "default")
    assert told["keep"] == ("5", "default")
    assert told["protected"] == ("false", "default")
    assert told["services.api.env.LEVEL"] == ("debug", "cloudnorth.yaml:17:35")
    assert told['services.api.chart."a.image"'] == ("{image}", "cloudnorth.yaml:12:22")


def test_defaults_that_say_nothing_on_the_platform_are_left_out(folder: Path) -> None:
    assert not {"namespace", "docker.command"} & entries(folder).keys()


@pytest.mark.parametrize(
    ("name", "environ", "origin"),
    [
        ("local", {}, "--env"),
        (None, {"CLOUDNORTH_ENV": "local"}, "CLOUDNORTH_ENV"),
        (None, {}, "cloudnorth.yaml:3:22"),
    ],
)
def test_it_says_who_chose_the_environment(
    name: str | None, environ: dict[str, str], origin: str, folder: Path
) -> None:
    assert entries(folder, name, **environ)["environment"] == ("local", origin)


def test_secrets_are_told_by_their_source_and_never_read(folder: Path) -> None:
    told = entries(folder, HELLO_KEY="s3cr3t")
    assert told["secrets.KEY"] == ("*** (environment variable HELLO_KEY)", "cloudnorth.yaml:16:20")
    assert told["secrets.CERT"][0] == "*** (file cert.pem)"
    assert told["secrets.PIN"][0] == "*** (command pass pin)"


def test_what_looks_like_a_secret_is_masked_though_it_was_written_down(folder: Path) -> None:
    told = entries(folder)
    assert told["services.api.env.API_TOKEN"][0] == "***"
    assert told["services.api.env.DB"][0] == "mysql://shop:***@db/shop"
    assert told["services.api.env.MIRROR"][0] == "https://x.example/a@b"


def run(folder: Path, *words: str) -> Ran:
    return cloudnorth("config", *words, cwd=folder)


def test_the_program_prints_it_for_people_and_machines(folder: Path) -> None:
    plain = run(folder, "-e", "local")
    assert plain.status == 0
    assert ["rollout.timeout", "3m", "defaults", "cloudnorth.yaml:5:22"] in [
        line.split() for line in plain.out.splitlines()
    ]
    result = run(folder, "-e", "local", "-o", "json").result
    assert {"key": "project", "value": "hello", "origin": "cloudnorth.yaml:2:10"} in result["config"]


def test_the_program_tells_a_mistake_as_promised_and_ends_with_2(folder: Path) -> None:
    (folder / "cloudnorth.yaml").write_text(FILE.replace("secrets:", "secret:"))
    ran = run(folder, "-e", "local")
    assert ran.status == 2
    lines = [line.strip() for line in ran.err.splitlines()]
    assert any(line.startswith("cloudnorth.yaml:16:5  environments.local.secret is not a known key") for line in lines)
    assert "did you mean: secrets" in lines
    assert "Traceback" not in ran.err
    problem = run(folder, "-e", "local", "-o", "json").result["error"]
    assert (problem["where"], problem["code"]) == ("cloudnorth.yaml:16:5", "configuration")


@pytest.mark.parametrize("kind", ["directory", "empty", "10 MB", "not UTF-8"])
def test_the_program_refuses_what_is_no_configuration_with_2(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "cloudnorth.yaml"
    if kind == "directory":
        path.mkdir()
    else:
        path.write_bytes({"empty": b"", "10 MB": b"# \n" * 3_500_000, "not UTF-8": b"project: caf\xe9\n"}[kind])
    ran = run(tmp_path, "-e", "local", "-o", "json")
    assert ran.status == 2
    assert ran.result["exit_status"] == 2
    assert "Traceback" not in ran.out + ran.err


def test_what_is_read_elsewhere_is_told_by_its_name_and_not_asked_for(folder: Path) -> None:
    text = FILE.replace(
        "    platform: local\n", "    platform: local\n    terraform: {dir: ., command: no-such-program}\n"
    )
    text = text.replace(
        "{KEY: {env: HELLO_KEY}", '{KEY: {secretsmanager: "{terraform.arn}", key: pin}, OUT: {terraform: out}'
    )
    (folder / "cloudnorth.yaml").write_text(text.replace("LEVEL: debug", 'LEVEL: "{terraform.level}"'))
    told = entries(folder)
    assert told["services.api.env.LEVEL"] == ("{terraform.level}", "cloudnorth.yaml:18:35")
    assert told["secrets.KEY"][0] == "*** (Secrets Manager {terraform.arn}, key pin)"
    assert told["secrets.OUT"][0] == "*** (Terraform's output out)"
