"""The scan gate with a real platform: records tell what served, moto what was found."""

from __future__ import annotations

import pytest
import yaml

from cloudnorth_cli import config as configuration
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Actor, Image, Request, Source
from cloudnorth_cli.platforms import open_platform
from tests.adapters.test_ecr_scan import basic, found
from tests.commands.on_aws import HOST, World, keys, moto, world

__all__ = ["keys", "moto", "world"]
REQUEST = Request(source=Source(commit="abc"), actor=Actor(who="anna", run="r"))


def scan(world: World, letter: str) -> None:
    world.prod["registry"] = {"ecr": {"scan": {}}}
    (world.root / "cloudnorth.yaml").write_text(yaml.safe_dump(world.config))
    loaded = configuration.load_project(world.root / "cloudnorth.yaml", world.root, {})
    journal = Journal()
    platform = open_platform(configuration.environment(loaded, "prod", {}, files=False), journal)
    image = Image(service="api", repository=f"{HOST}/shop/api", digest=world.images[letter])
    with journal.step("scan") as step:
        platform.scan((image,), REQUEST, step)


def test_a_digest_that_served_passes_and_a_new_one_with_the_same_finding_does_not(world: World) -> None:
    for letter in "ad":
        found(world.images[letter], findings=[basic("CVE-2026-1", package_name="openssl", fixed_in_version="3.0.2")])
        world.client.start_image_scan(repositoryName="shop/api", imageId={"imageDigest": world.images[letter]})
    scan(world, "a")
    with pytest.raises(Refused) as caught:
        scan(world, "d")
    assert caught.value.evidence == ("CVE-2026-1 openssl 1.2: fixed in 3.0.2 (api)",)
