"""A key that the chart does not know is told by its line in cloudnorth.yaml, with the key that was meant."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloudnorth_cli import config
from cloudnorth_cli.errors import CloudnorthError, ExitStatus, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.kubernetes import chart_keys, manifest
from cloudnorth_cli.platforms.kubernetes.rendering import Rendered, documents, require_digests, write_values
from cloudnorth_cli.platforms.kubernetes.site import Site

IMAGE = Image(service="web", repository="shop/web", digest="sha256:" + "0" * 64, tag="1")
VALUES = {
    "api": {"image": "", "env": {}, "pull": None},
    "web": {"image": {"repository": "nginx", "tag": ""}, "labels": {"app.kubernetes.io/part-of": "shop"}},
    "containers": [{"name": "app", "image": ""}],
    "extra": [],
}
HELM = """#!{python}
import pathlib, sys
if "version" in sys.argv:
    print("v4.0.1+g0000000")
else:
    sys.stderr.write(pathlib.Path(__file__).with_name("says").read_text())
    sys.exit(1)
"""
KUBECONFIG = {
    "current-context": "test",
    "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}],
    "users": [{"name": "u", "user": {}}],
}
SCHEMA = """\
Error: values don't meet the specifications of the schema(s) in the following chart(s):
shop:
- at '/web/image': additional properties 'repositroy' not allowed
"""
"""As Helm 3.18 and 4.0 say it."""
LACKS = "Error: execution error at (shop/templates/web.yaml:7:4): web.image.repository is wanted\n"


def site(root: Path, says: str = "", **chart: str) -> Site:
    """A project with a chart; its keys begin at line 7 of cloudnorth.yaml. Helm fails and says this."""
    (root / "chart").mkdir()
    (root / "chart" / "values.yaml").write_text(yaml.safe_dump(VALUES))
    helm = root / "helm"
    helm.write_text(HELM.replace("{python}", sys.executable))
    helm.chmod(0o755)
    (root / "says").write_text(says)
    (root / "kubeconfig").write_text(yaml.safe_dump(KUBECONFIG))
    keys = "".join(f"      '{key}': '{value}'\n" for key, value in chart.items())
    (root / "cloudnorth.yaml").write_text(f"""\
version: 1
project: shop
services:
  web:
    image: shop/web
    chart:
{keys}\
environments:
  prod:
    platform: kubernetes
    helm: {{chart: chart, command: {helm}}}
    cluster: {{kubeconfig: kubeconfig, context: test}}
""")
    return Site(config.environment(config.load_project(None, root, {}), "prod", {}, files=False), Journal(run="run-1"))


def told(root: Path, **chart: str) -> list[tuple[str, tuple[str, ...]]]:
    return [(one.place, one.lines) for one in chart_keys.of_site(site(root, **chart))]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("web.imgae.tag", "web.image.tag"),
        ("web.image.repositroy", "web.image.repository"),
        ("wbe.image.tag", "web.image.tag"),
        ("image.tag", "web.image.tag"),
        ("api.image.tag", "api.image"),
        ("containers[0].imagge", "containers[0].image"),
        (r"web.labels.app\.kubernetes\.io/partof", r"web.labels.app\.kubernetes\.io/part-of"),
    ],
)
def test_the_nearest_key_of_the_chart_is_named_with_the_line(tmp_path: Path, key: str, meant: str) -> None:
    assert told(tmp_path, **{key: "{image}"}) == [
        ("cloudnorth.yaml:7:7", (f"{key} is not among the chart's values", f"did you mean: {meant}"))
    ]


def test_where_nothing_is_near_what_is_there_is_named(tmp_path: Path) -> None:
    ((place, lines),) = told(tmp_path, **{"api.image": "{image}", "web.image.xyz": "{tag}"})
    assert place == "cloudnorth.yaml:8:7"
    assert lines[1] == "known there: web.image.repository, web.image.tag"


@pytest.mark.parametrize(
    "key",
    ["api.image", "api.env.PORT", "api.pull.secret", "containers[0].name", "containers[1].image", "extra[0].image"],
)
def test_what_the_chart_knows_or_leaves_open_is_right(tmp_path: Path, key: str) -> None:
    assert told(tmp_path, **{key: "{image}"}) == []


def test_values_of_the_environment_are_known_too(tmp_path: Path) -> None:
    (tmp_path / "more.yaml").write_text("own: {image: x}\n")
    here = site(tmp_path, **{"own.image": "{image}"})
    file = tmp_path / "cloudnorth.yaml"
    file.write_text(file.read_text().replace("chart: chart", "chart: chart, values: [more.yaml]"))
    there = Site(config.environment(config.load_project(None, tmp_path, {}), "prod", {}), Journal(run="run-1"))
    assert (len(chart_keys.of_site(here)), chart_keys.of_site(there)) == (1, ())


def rendered(here: Site) -> Rendered:
    """A Deployment that got no image, as a chart renders whose key has a typo."""
    pod: dict[str, Any] = {"spec": {"containers": [{"name": "web", "image": "nginx"}]}}
    named = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    text = yaml.safe_dump(named | {"spec": {"template": pod}})
    return Rendered((IMAGE,), manifest.parse(text), "values.json", "")


def refused(here: Site, call: Any) -> CloudnorthError:
    with pytest.raises(CloudnorthError) as caught:
        call(here)
    return caught.value


def test_a_chart_that_runs_no_image_of_ours_is_told_by_the_key(tmp_path: Path) -> None:
    here = site(tmp_path, **{"web.image.repositroy": "{repository}", "web.image.tag": "{tag}@{digest}"})
    error = refused(here, lambda one: require_digests(one, rendered(one)))
    assert (error.status, error.code, error.where) == (ExitStatus.REFUSED, "digest-missing", "cloudnorth.yaml:7:7")
    assert error.evidence[:2] == (
        "web.image.repositroy is not among the chart's values",
        "did you mean: web.image.repository",
    )
    assert error.next == ("/".join((str(tmp_path), "helm")) + " show values chart",)


def test_where_every_key_is_known_the_service_s_keys_are_pointed_to(tmp_path: Path) -> None:
    here = site(tmp_path, **{"web.image.tag": "{tag}@{digest}"})
    error = refused(here, lambda one: require_digests(one, rendered(one)))
    assert (error.code, error.where) == ("digest-missing", "cloudnorth.yaml:6:5")
    assert "{repository}" in error.evidence[0]


def test_what_a_schema_does_not_take_is_told_by_the_key(tmp_path: Path) -> None:
    here = site(tmp_path, SCHEMA, **{"web.image.repositroy": "{repository}"})
    error = refused(here, lambda one: documents(one, "values.json", upgrade=False))
    assert (error.code, error.where) == ("chart-values", "cloudnorth.yaml:7:7")
    assert error.evidence[1] == "did you mean: web.image.repository"
    assert any("'repositroy' not allowed" in line for line in error.evidence)


def test_a_schema_that_refuses_something_else_is_not_told_by_a_key(tmp_path: Path) -> None:
    here = site(tmp_path, SCHEMA, **{"web.more": "{repository}"})
    error = refused(here, lambda one: documents(one, "values.json", upgrade=False))
    assert (error.code, error.where) == ("chart-values", None)


def test_what_a_template_lacks_is_told_by_the_key_and_the_template_is_named(tmp_path: Path) -> None:
    here = site(tmp_path, LACKS, **{"web.image.repositroy": "{repository}"})
    error = refused(here, lambda one: documents(one, "values.json", upgrade=False))
    assert (error.code, error.where) == ("chart-render", "cloudnorth.yaml:7:7")
    assert "chart/templates/web.yaml:7:4" in error.evidence


@pytest.mark.parametrize(
    ("key", "says"), [("web..image", "is no key"), ("containers[4].image", "is outside of its list, which holds 1")]
)
def test_what_is_no_key_or_no_element_has_its_line(tmp_path: Path, key: str, says: str) -> None:
    here = site(tmp_path, **{key: "{image}"})
    error = refused(here, lambda one: write_values(one, [IMAGE], release="1", commit="abc", secret=""))
    assert says in error.message
    assert error.where == "cloudnorth.yaml:7:7"


def test_an_error_that_no_key_explains_stays_as_it_is(tmp_path: Path) -> None:
    error = Refused("no", where="chart/templates/x.yaml:1", evidence=["proof"])
    same = chart_keys.explained(site(tmp_path, **{"api.image": "{image}"}), error, ())
    assert (same.where, same.evidence) == ("chart/templates/x.yaml:1", ("proof",))
