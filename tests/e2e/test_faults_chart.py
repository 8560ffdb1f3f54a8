"""A chart that cannot become a release is refused before anything is changed, naming template and line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.fault import refused
from tests.e2e.witness import Witness, witness
from tests.lab.fixture import lab
from tests.project import Project

pytestmark = pytest.mark.lab
SCHEMA = {"type": "object", "properties": {"replicas": {"type": "integer"}}}


@pytest.fixture
def chart(on_kubernetes: Project) -> Iterator[Path]:
    """The project's chart, to be spoiled; nothing of what serves may change by it."""
    before: Witness = witness(on_kubernetes)
    on_kubernetes.change("with another chart")
    yield on_kubernetes.root / "chart"
    assert witness(on_kubernetes) == before


def test_a_template_that_does_not_render(on_kubernetes: Project, chart: Path) -> None:
    (chart / "templates" / "broken.yaml").write_text("kind: ConfigMap\nname: {{ .Values.none.name }}\n")
    refused(on_kubernetes, status=3, says=("templates/broken.yaml", "2"))


def test_values_that_fail_the_schema(on_kubernetes: Project, chart: Path) -> None:
    (chart / "values.schema.json").write_text(json.dumps(SCHEMA))
    (on_kubernetes.root / "values-test.yaml").write_text("replicas: many\n")
    on_kubernetes.environment["helm"]["values"] = ["values-test.yaml"]
    on_kubernetes.save()
    refused(on_kubernetes, status=3, says=("replicas",))


def test_a_values_file_that_is_not_there(on_kubernetes: Project, chart: Path) -> None:
    on_kubernetes.environment["helm"]["values"] = ["values-nowhere.yaml"]
    on_kubernetes.save()
    refused(on_kubernetes, status=2, says=("values-nowhere.yaml",), serves="")


def test_a_manifest_that_the_api_server_does_not_take(on_kubernetes: Project, chart: Path) -> None:
    template = chart / "templates" / "deployment.yaml"
    template.write_text(template.read_text().replace("containerPort: 8080", "containerPort: 808080"))
    refused(on_kubernetes, status=3, says=("containerPort",))


def test_an_image_of_ours_by_tag_is_named_with_template_and_line(on_kubernetes: Project, chart: Path) -> None:
    image = f"{lab().registry}/{on_kubernetes.name}/web:latest"
    template = chart / "templates" / "deployment.yaml"
    lines = template.read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "image:" in text)
    lines[line - 1] = f'          image: "{image}"'
    template.write_text("\n".join(lines) + "\n")
    refused(on_kubernetes, status=3, says=(f"templates/deployment.yaml:{line}", image))


def test_a_chart_that_uses_no_image_of_ours_is_refused(on_kubernetes: Project, chart: Path) -> None:
    (chart / "templates" / "deployment.yaml").unlink()
    refused(on_kubernetes, status=3, says=("web",))


def test_a_typo_in_a_key_of_the_chart_is_told_by_its_line_and_the_key_that_was_meant(
    on_kubernetes: Project, chart: Path
) -> None:
    keys = on_kubernetes.config["services"]["web"]["chart"]
    keys["imgae"] = keys.pop("image")
    on_kubernetes.save()
    lines = (on_kubernetes.root / "cloudnorth.yaml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, 1) if "imgae" in text)
    refused(on_kubernetes, status=3, says=(f"cloudnorth.yaml:{line}:", "did you mean: image"))
