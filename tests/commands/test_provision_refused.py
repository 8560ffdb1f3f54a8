"""What is wrong before anything was changed: each with its place or its name, and what to type next."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from tests.adapters.aws_double import refusing
from tests.terraform.project import Ground, make, needs_terraform, provider_environ
from tests.tool import Ran

pytestmark = [pytest.mark.terraform, needs_terraform]
ACCOUNT = "123456789012"
PEM = "-----BEGIN KEY-----\n" + "".join(f"canary{number:05d}\n" for number in range(5000)) + "-----END KEY-----\n"
"""60 kB in lines."""


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return make(tmp_path / "a project")


def problem(ran: Ran, status: int, code: str) -> dict[str, object]:
    assert (ran.status, ran.result["error"]["code"]) == (status, code), ran.out
    assert ran.result["next"] or ran.result["error"]["where"], "a place to mend, or a command to type"
    return dict(ran.result["error"])


def test_a_provider_that_is_nowhere(ground: Ground, tmp_path: Path) -> None:
    mirror, settings = tmp_path / "empty", tmp_path / "terraform.rc"
    mirror.mkdir()
    settings.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{mirror}"\n  }}\n}}\n')
    ground.extra["TF_CLI_CONFIG_FILE"] = str(settings)
    ground.write('terraform {\n  required_providers {\n    none = { source = "example/none" }\n  }\n}')
    told = problem(ground.run("provision"), 3, "provider-missing")
    assert told["message"] == "terraform init: Terraform cannot get its provider example/none"


@pytest.mark.parametrize(
    ("variables", "line", "says"),
    [
        ("size = 1\nsize size", 2, "Invalid block definition"),
        ('size = "one\n', 1, "Invalid multi-line string"),
        ("size = 1\nsize = 2\n", 2, "Attribute redefined"),
    ],
)
def test_a_malformed_variable_file(ground: Ground, variables: str, line: int, says: str) -> None:
    ground.write('variable "size" { type = number }', variables)
    told = problem(ground.run("provision"), 2, "terraform-configuration")
    assert str(told["where"]).startswith(f"tf/dev.tfvars:{line}:")
    assert says in str(told["message"])


def test_a_value_of_the_wrong_kind_has_its_line(ground: Ground) -> None:
    ground.write('variable "size" { type = number }\nvariable "other" {}', 'other = "x"\nsize  = "one"\n')
    told = problem(ground.run("provision"), 2, "terraform-configuration")
    assert str(told["where"]).startswith("tf/dev.tfvars:2:")


def test_another_account(tmp_path: Path) -> None:
    from tests.terraform.aws_door import aws_door

    with aws_door() as door:
        aws = {"account": "999999999999", "region": "us-east-1"}
        ran = make(tmp_path / "p", provider_environ(door.url), aws=aws).run("provision")
    told = problem(ran, 3, "aws-account")
    assert "aws.account is 999999999999" in str(told["message"])
    assert ran.steps == ["check"]


@pytest.mark.parametrize(
    ("answer", "code"),
    [("ExpiredToken", "aws-credentials-expired"), ("AccessDenied", "aws-denied"), ("Throttling", "aws-throttled")],
)
def test_what_aws_says_to_the_first_question(tmp_path: Path, answer: str, code: str) -> None:
    with refusing(answer, 403 if answer != "Throttling" else 400) as url:
        aws = {"account": ACCOUNT, "region": "us-east-1"}
        problem(make(tmp_path / "p", provider_environ(url), aws=aws).run("provision"), 3, code)


def test_no_credentials_and_a_region_that_is_none(tmp_path: Path) -> None:
    nothing = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "")
    files = dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), str(tmp_path / "none"))
    here = provider_environ() | files
    ground = make(tmp_path / "p", here | nothing, aws={"account": ACCOUNT, "region": "us-east-1"})
    assert problem(ground.run("provision"), 3, "aws-credentials-missing")["next"] == ["aws configure"]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]  # nobody listens there afterwards: a name that nobody knows
    elsewhere = make(tmp_path / "q", here | {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"},
                     aws={"account": ACCOUNT, "region": "us-eats-1"})  # fmt: skip
    told = problem(elsewhere.run("provision"), 3, "aws-region")
    assert "us-east-1" in str(told["evidence"]) + str(told["message"])


@pytest.mark.slow  # two attempts of six seconds
@pytest.mark.parametrize("named", [True, False])
def test_an_endpoint_that_hangs(tmp_path: Path, named: bool) -> None:
    """named: with `aws.account`, whose credentials are looked at first; else the bucket of the state is asked for."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        environ = provider_environ(f"http://127.0.0.1:{server.getsockname()[1]}")
        aws = {"region": "us-east-1"} | ({"account": ACCOUNT} if named else {})
        terraform = {"dir": "tf", "backend": "dev.s3.tfbackend"}
        ground = make(tmp_path / "p", environ, aws=aws, terraform=terraform)
        (ground.root / "tf" / "dev.s3.tfbackend").write_text('bucket = "shop"\nkey = "k"\nregion = "us-east-1"\n')
        ground.write('terraform {\n  backend "s3" {}\n}')
        ran = ground.run("provision")
    told = problem(ran, 3, "aws-unreachable")
    assert told["retryable"]
    assert ran.result["seconds"] < 20


@pytest.mark.slow
def test_a_secret_of_60_kb_in_lines_is_told_nowhere_and_arrives_whole(ground: Ground) -> None:
    assert len(PEM) > 60_000
    module = """
variable "key" {
  type      = string
  sensitive = true
}
variable "size" { type = number }
resource "terraform_data" "one" { input = { key = var.key, size = var.size } }
output "key" {
  value     = terraform_data.one.output.key
  sensitive = true
}
output "whole" { value = nonsensitive(length(var.key)) }
"""
    (ground.root / "tf" / "dev.auto.tfvars").write_text(f"key = <<EOT\n{PEM}EOT\n")
    told = []
    for size in (1, 2):
        ground.write(module, f"size = {size}")
        for output in ("plain", "json"):
            ran = ground.run("provision", "-v", output=output)
            assert ran.status == 0, ran.err
            told.append(ran.out + ran.err)
    told.append(ground.run("outputs").out)
    kept = ground.run("provision", "--plan", "--out", "kept")
    assert kept.status == 0
    assert stat.S_IMODE((ground.root / "kept").stat().st_mode) == 0o700
    told += [path.read_text() for path in (ground.root / ".cloudnorth").rglob("*") if path.is_file()]
    assert not [text for text in told if "canary" in text]
    assert ground.run("outputs").result["outputs"] == {"key": "***", "whole": len(PEM)}
