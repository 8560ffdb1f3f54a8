"""The chart's values, read as files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from shop.common.settings import FAULTS

CHART = Path(__file__).resolve().parents[2] / "chart"
SCHEMA = yaml.safe_load((CHART / "values.schema.json").read_text())


@pytest.mark.parametrize("path", sorted(CHART.glob("values*.yaml")), ids=lambda path: path.name)
def test_no_values_ask_for_a_release_that_is_bad_on_purpose(path: Path) -> None:
    values = yaml.safe_load(path.read_text())
    assert not values.get("faultsAllowed")
    for service in ("api", "storefront"):
        assert not values.get(service, {}).get("fault")
        assert not [name for name in values.get(service, {}).get("env", {}) if "FAULT" in name]


@pytest.mark.parametrize("name", ["FAULT", "ALLOW_FAULTS"])
def test_a_fault_does_not_come_in_by_the_environment(name: str) -> None:
    values: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
    assert not list(Draft202012Validator(SCHEMA).iter_errors(values))
    values["api"]["env"][name] = "errors"
    assert list(Draft202012Validator(SCHEMA).iter_errors(values))


def test_the_chart_knows_the_faults_that_the_shop_knows() -> None:
    assert SCHEMA["$defs"]["service"]["properties"]["fault"]["enum"] == ["", *FAULTS]
