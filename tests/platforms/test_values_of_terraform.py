"""Terraform's outputs in Helm's values: what may be seen stands there, what is sensitive is refused with its line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloudnorth_cli import config
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.kubernetes.rendering import write_values
from cloudnorth_cli.platforms.kubernetes.site import Site
from tests.terraform.stand_in import StandIn

IMAGE = Image(service="web", repository="nginx", digest="sha256:" + "0" * 64, tag="1")


def site(root: Path, text: str) -> Site:
    terraform = StandIn(root / "bin", bucket="shop-assets", secret_password="s3cret")
    (root / "cloudnorth.yaml").write_text(f"""\
version: 1
project: shop
services:
  web:
    image: nginx
    chart:
      image: "{{image}}"
      bucket: "{text}"
environments:
  prod: {{platform: kubernetes, helm: {{chart: chart}}, terraform: {{dir: ., command: {terraform.program}}}}}
""")
    loaded = config.load_project(None, root, {})
    return Site(config.environment(loaded, "prod", {}, files=False), Journal(run="run-1"))


def values(here: Site) -> str:
    return write_values(here, [IMAGE], release="1", commit="abc", secret="")


def test_an_output_stands_in_the_values(tmp_path: Path) -> None:
    here = site(tmp_path, "s3://{terraform.bucket}/{release}")
    told = json.loads((tmp_path / values(here)).read_text())
    assert told == {"image": IMAGE.reference, "bucket": "s3://shop-assets/1"}


def test_a_sensitive_one_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    here = site(tmp_path, "{terraform.secret_password}")
    with pytest.raises(Refused, match="secret_password is sensitive") as raised:
        values(here)
    assert raised.value.where == "cloudnorth.yaml:8:7"
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and "bin" not in path.parts]
    assert not [path for path in kept if "s3cret" in path.read_text()]
