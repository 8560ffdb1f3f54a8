"""What is published under docs/ is what the code says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from scripts import configuration, reference
from tests.config.files import RIGHT, Folder

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture(scope="module")
def schema() -> Any:
    return json.loads((ROOT / "docs/cloudnorth.schema.json").read_text())


def test_the_references_are_up_to_date() -> None:
    assert [path.name for path in reference.stale()] == [], "make docs writes them anew"


def test_every_key_is_explained() -> None:
    file_types = ["Environment", "Settings"]  # not written in the file
    silent = [
        f"{kind}.{key}"
        for kind, fields in configuration.docstrings().items()
        if kind not in file_types
        for key, said in fields.items()
        if not said
    ]
    assert silent == []


def test_the_schema_is_one_and_takes_the_shops_own_file(schema: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(yaml.safe_load((ROOT / "cloudnorth.yaml").read_text()), schema)


def test_the_example_of_the_reference_is_right(schema: Any, folder: Folder) -> None:
    page = (ROOT / "docs/configuration.md").read_text()
    example, _secrets = re.findall(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    jsonschema.validate(yaml.safe_load(example), schema)
    assert folder.environment(example, "prod").services["web"].chart == {"image": "{image}"}


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("registry:", "regsitry:"),
        ("port: 8080", "port: 80800"),
        ("port: 8080", 'port: "8080"'),
        ("project: hello", "project: Hello"),
        ("  prod:\n", "  prod:\n    rollout: {timeout: 5 min}\n"),
        ("  prod:\n", "  prod:\n    secrets: {A: {env: A, file: a}}\n"),
    ],
)
def test_the_schema_refuses_what_the_tool_refuses(right: str, wrong: str, schema: Any) -> None:
    jsonschema.validate(yaml.safe_load(RIGHT), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(RIGHT.replace(right, wrong)), schema)
