"""terraform/ itself: its form, its own tests, and the whole of it made, found unchanged and destroyed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.terraform.project import ROOT, needs_terraform, provider_environ
from tests.tool import cloudnorth

pytestmark = [pytest.mark.terraform, needs_terraform]


def terraform(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *words], cwd=cwd, env=provider_environ(), capture_output=True, text=True, timeout=280
    )


def test_every_file_is_formatted() -> None:
    done = terraform("fmt", "-check", "-recursive", cwd=ROOT / "terraform")
    assert (done.returncode, done.stdout) == (0, "")


def test_every_variable_and_output_says_what_it_is() -> None:
    silent = [
        f"{path.name}: {block.splitlines()[0]}"
        for path in (ROOT / "terraform").rglob("*.tf")
        if "override" not in path.name
        for word in ("\nvariable ", "\noutput ")
        for block in f"\n{path.read_text()}".split(word)[1:]
        if "description" not in block.split("\n}")[0]
    ]
    assert silent == []


def test_nothing_but_the_state_s_bucket_can_never_be_destroyed() -> None:
    found = [path.parent.name for path in (ROOT / "terraform").rglob("*.tf") if "prevent_destroy" in path.read_text()]
    assert found == ["bootstrap"]


@pytest.mark.repeat
@pytest.mark.usefixtures("aws_provider")
def test_its_own_tests_pass(module: Path) -> None:
    assert (done := terraform("init", "-input=false", "-no-color", cwd=module)).returncode == 0, done.stderr
    told = terraform("test", "-no-color", cwd=module)
    assert told.returncode == 0, told.stdout[-4000:]


@pytest.mark.repeat
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("aws_provider")
def test_the_whole_of_it_lives_and_goes(tmp_path: Path, module: Path, moto: str) -> None:
    environment = {
        "platform": "kubernetes",
        "helm": {"chart": "chart"},
        "aws": {"account": "123456789012", "region": "us-east-1"},
        "terraform": {"dir": module.name, "vars": ["envs/dev.tfvars", "emulator/moto.tfvars"]},
    }
    config = {
        "version": 1,
        "project": "shop",
        "services": {"web": {"image": "x"}},
        "environments": {"dev": environment},
    }
    (tmp_path / "cloudnorth.yaml").write_text(yaml.safe_dump(config))
    (tmp_path / "chart").mkdir()

    def run(*words: str) -> tuple[int, dict[str, object]]:
        ran = cloudnorth(*words, "-e", "dev", "-o", "json", cwd=tmp_path, extra=provider_environ(moto), timeout=600)
        return ran.status, ran.result

    status, made = run("provision")
    assert status == 0, json.dumps(made)
    assert len(made["plan"]["changes"]) > 80  # type: ignore[index, call-overload]
    assert run("provision")[1]["outcome"] == "unchanged"
    assert run("drift", "--exit-code")[0] == 0
    status, gone = run("provision", "--destroy", "--confirm", "dev", "--without-cluster")
    assert status == 0, json.dumps(gone)
    shutil.rmtree(module)
