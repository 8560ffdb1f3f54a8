"""`cleanup` from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cloudnorth_cli.errors import Interrupted
from cloudnorth_cli.platforms.stored_images import StoredImages
from tests.adapters.test_ecr_images import put
from tests.commands.on_aws import HOST, LEASE, World, keys, moto, world
from tests.tool import Ran

__all__ = ["keys", "moto", "world"]
GO_NOW = ("--keep", "0", "--older-than", "0s")


def cleanup(world: World, *words: str, output: str = "json") -> Ran:
    return world.run("cleanup", *words, output=output)


def test_what_records_of_every_environment_name_stays_and_the_rest_is_shown(world: World) -> None:
    ran = cleanup(world, *GO_NOW)
    assert ran.status == 0
    found = {one["tags"][0][0]: (one["fate"], one.get("kept", "")) for one in ran.result["cleanup"]["images"]}
    assert found == {
        "a": ("kept", "release 1 of prod"),
        "b": ("kept", "release 2 of prod"),
        "c": ("kept", "release 1 of staging"),
        "d": ("deletable", ""),
    }
    assert ran.result["cleanup"]["environments"] == ["prod", "staging"]
    assert not ran.result["cleanup"]["applied"]
    assert ran.result["next"] == ["cloudnorth cleanup --env prod --apply --keep 0 --older-than 0s"]
    assert world.left() == set("abcd"), "nothing is deleted without being asked"
    assert len(ran.events) == 1


def test_apply_deletes_exactly_that(world: World) -> None:
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 0
    assert world.left() == set("abc")
    assert [one["fate"] for one in ran.result["cleanup"]["images"] if one["digest"] == world.images["d"]] == ["deleted"]
    assert "1 of 4 images were deleted" in ran.result["summary"]
    assert cleanup(world, *GO_NOW, "--apply").result["outcome"] == "unchanged"


def test_a_table_for_people(world: World) -> None:
    ran = cleanup(world, *GO_NOW, output="plain")
    head, *rows = ran.out.splitlines()
    assert head.split() == ["IMAGE", "TAG", "DIGEST", "SIZE", "PUSHED", "KEPT", "BECAUSE"]
    (row,) = (row for row in rows if "d" * 16 in row)
    assert row.startswith("shop/api ")
    assert world.images["d"][7:19] in row
    assert row.endswith("(can go)")
    assert any("release 1 of staging" in row for row in rows)


def test_the_grace_keeps_what_was_just_pushed(world: World) -> None:
    kept = [one["kept"] for one in cleanup(world, "--keep", "0").result["cleanup"]["images"]]
    assert len([why for why in kept if why.startswith("pushed ")]) == 1
    kept = [one["kept"] for one in cleanup(world, "--older-than", "0s").result["cleanup"]["images"]]
    assert "among the newest 10" in kept


def forbidden(world: World) -> None:
    world.api.answers["/api/v1/namespaces/staging/configmaps"] = 403, {"message": "no", "reason": "Forbidden"}


def not_to_be_read(world: World) -> None:
    things = [{"metadata": {"name": "cloudnorth.shop.v7"}, "data": {"record.json": '{"release": "of a newer tool"}'}}]
    world.api.answers["/api/v1/namespaces/staging/configmaps"] = 200, {"metadata": {}, "items": things}


def cluster_gone(world: World) -> None:
    world.config["environments"]["staging"]["cluster"]["kubeconfig"] = "nowhere"


@pytest.mark.parametrize("plant", [forbidden, not_to_be_read, cluster_gone])
def test_an_environment_that_cannot_be_read_is_named_and_nothing_is_deleted(world: World, plant: Any) -> None:
    plant(world)
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 3
    assert ran.result["error"]["code"] == "records-unread"
    assert ran.result["error"]["message"].startswith("staging: ")
    assert world.left() == set("abcd")


def test_one_that_is_gone_can_be_left_out_by_name(world: World) -> None:
    cluster_gone(world)
    ran = cleanup(world, *GO_NOW, "--without", "staging", "--apply")
    assert ran.result["cleanup"]["without"] == ["staging"]
    assert world.left() == set("ab")
    assert cleanup(world, "--without", "stagin").status == 2
    assert cleanup(world, "--without", "prod").status == 2


def test_what_runs_stays_though_no_record_names_it(world: World) -> None:
    pod = {"metadata": {"name": "by-hand"}, "spec": {"containers": [{"image": f"{HOST}/shop/api:{'d' * 16}"}]}}
    world.api.answers["/api/v1/namespaces/staging/pods"] = 200, {"metadata": {}, "items": [pod]}
    kept = {one["tags"][0][0]: one["kept"] for one in cleanup(world, *GO_NOW).result["cleanup"]["images"]}
    assert kept["d"] == "runs in staging"


def test_while_somebody_deploys_nothing_is_deleted(world: World) -> None:
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    spec = {"holderIdentity": "jenkins #318", "renewTime": now, "acquireTime": now, "leaseDurationSeconds": 3600}
    lease = {"metadata": {"name": "cloudnorth-shop", "annotations": {}}, "spec": spec}
    world.api.answers[LEASE.format("staging")] = 200, lease
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 6
    assert "staging" in ran.result["error"]["message"]
    assert world.left() == set("abcd")
    assert cleanup(world, *GO_NOW).status == 0, "looking is no change"


def test_a_protected_environment_wants_its_name(world: World) -> None:
    world.prod["protected"] = True
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 3
    assert ran.result["error"]["next"][0].endswith("--confirm prod")
    assert cleanup(world, *GO_NOW, "--apply", "--confirm", "staging").status == 2
    assert cleanup(world, *GO_NOW, "--apply", "--confirm", "prod").status == 0
    assert world.left() == set("abc")


def test_what_the_registry_keeps_is_told_with_its_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "in use by a Lambda function (ImageInUse)"
    monkeypatch.setattr(StoredImages, "delete", lambda self, repository, digests: dict.fromkeys(digests, reason))
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 4
    assert ran.result["error"]["code"] == "not-deleted"
    assert reason in ran.result["error"]["evidence"][0]
    assert {one["fate"] for one in ran.result["cleanup"]["images"]} == {"kept", "not-deleted"}


def test_a_run_that_is_stopped_says_what_it_did(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.client.create_repository(repositoryName="shop/worker")
    world.config["services"]["worker"] = {"build": {"context": "."}, "run": "x"}
    put(world.client, "e" * 16, repository="shop/worker")
    delete = StoredImages.delete

    def stopped(self: StoredImages, repository: str, digests: list[str]) -> Any:
        if repository == "shop/worker":
            raise Interrupted("SIGTERM")
        return delete(self, repository, digests)

    monkeypatch.setattr(StoredImages, "delete", stopped)
    ran = cleanup(world, *GO_NOW, "--apply")
    assert ran.status == 130
    assert "1 of 2 images were deleted" in ran.result["summary"]
    assert [one["fate"] for one in ran.result["cleanup"]["images"] if not one["kept"]] == ["deleted", "deletable"]
    assert ran.result["next"] == ["cloudnorth cleanup --env prod --apply --keep 0 --older-than 0s"]


def test_a_plain_registry_is_refused_by_name(world: World) -> None:
    world.prod["registry"] = {"host": "registry.example:5000"}
    ran = cleanup(world)
    assert ran.status == 3
    assert ran.result["error"]["code"] == "cleanup-ecr-only"
    assert "registry.example:5000" in ran.result["error"]["message"]


def test_another_accounts_credentials_are_refused(world: World) -> None:
    world.prod["aws"]["account"] = "999999999999"
    assert cleanup(world).result["error"]["code"] == "aws-account"


def test_the_report_is_the_result(world: World) -> None:
    ran = cleanup(world, *GO_NOW, "--report", "report.json")
    assert json.loads((world.root / "report.json").read_text()) == ran.result
