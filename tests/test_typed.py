"""Commands to type next are spelt as this program is called here."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from cloudnorth_cli.typed import Typed, typed
from tests.conftest import Cloudnorth

HERE = Typed(".venv/bin/cloudnorth", ("deploy", "-e", "prod", "--config", "shops/my shop.yaml"))


def test_the_line_can_be_pasted() -> None:
    assert str(HERE) == ".venv/bin/cloudnorth deploy -e prod --config 'shops/my shop.yaml'"


def test_program_and_config_are_kept() -> None:
    told = HERE.respell("cloudnorth logs --env prod --service api")
    assert told == ".venv/bin/cloudnorth logs --config 'shops/my shop.yaml' --env prod --service api"


@pytest.mark.parametrize("command", ["git status", "kubectl get pods", "cloudnorthern lights"])
def test_commands_of_others_stay_as_they_are(command: str) -> None:
    assert HERE.respell(command) == command


def test_without_a_checkout_flags_stand_for_the_environment() -> None:
    line = replace(Typed("cloudnorth", ()), place="--context prod --namespace shop --release shop")
    told = line.respell("cloudnorth logs --env shop --previous")
    assert told == "cloudnorth logs --context prod --namespace shop --release shop --previous"


@pytest.mark.parametrize(
    ("arguments", "output"),
    [
        (("deploy", "-o", "json"), "json"),
        (("-ojson", "deploy"), "json"),
        (("deploy", "--output=plain", "--nonsense", "-e"), "plain"),
        (("deploy", "-o"), None),
        (("deploy", "--out", "images.json"), None),
    ],
)
def test_the_output_is_known_even_where_the_line_is_wrong(arguments: tuple[str, ...], output: str | None) -> None:
    assert Typed("cloudnorth", arguments).given.output == output


def test_a_program_in_a_folder_with_a_space_can_be_pasted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(tmp_path / "my shop" / "cloudnorth")])
    assert typed(()).respell("cloudnorth status --env local") == "'my shop/cloudnorth' status --env local"


def test_the_bare_name_where_path_leads_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "cloudnorth"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(program)])
    monkeypatch.setenv("PATH", os.defpath)
    assert typed(()).program == "bin/cloudnorth"
    monkeypatch.setenv("PATH", f"{program.parent}:{os.defpath}")
    assert typed(()).program == "cloudnorth"


def test_next_commands_of_a_run_name_the_config_that_was_typed(cloudnorth: Cloudnorth, project: Path) -> None:
    (project / "cloudnorth.yaml").rename(project / "other.yaml")
    ran = cloudnorth("deploy", "-e", "test", "--config", "other.yaml", FAKE="crash")
    assert "next: cloudnorth status --config other.yaml --env test\n" in ran.err
