"""AWS's stand-in, and whether Terraform's AWS provider is to be had here."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.project import ROOT, provider_environ

PROVIDER = (
    'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws", version = ">= 5.100.0" }\n  }\n}\n'
)


@pytest.fixture(scope="session")
def aws_provider(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where `terraform init` cannot get the provider: no registry, no mirror."""
    folder = tmp_path_factory.mktemp("provider")
    (folder / "main.tf").write_text(PROVIDER)
    try:
        done = subprocess.run(
            ["terraform", "init", "-input=false", "-no-color"],
            cwd=folder,
            env=provider_environ(),
            capture_output=True,
            text=True,
            timeout=120,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        pytest.skip(f"terraform init: {error}")
    if done.returncode != 0:
        pytest.skip(f"the AWS provider cannot be had: {done.stderr.strip().splitlines()[-1:]}")


@pytest.fixture
def moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where AWS's stand-in answers. 127.0.0.1, not localhost: buckets' names would be put before that."""
    monkeypatch.setenv("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """A copy of terraform/ to work in."""
    copy = tmp_path / "terraform"
    skipped = {".terraform", ".terraform.lock.hcl"}
    for path in (ROOT / "terraform").rglob("*"):
        relative = path.relative_to(ROOT / "terraform")
        if path.is_file() and not skipped & set(relative.parts) and ".tfstate" not in path.name:
            (copy / relative).parent.mkdir(parents=True, exist_ok=True)
            (copy / relative).write_bytes(path.read_bytes())
    (copy / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    return copy
