"""Which images may go, judged without any registry."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from cloudnorth_cli.adapters.ecr_images import EcrImage
from cloudnorth_cli.commands.cleanup_rules import Grace, in_order, judge
from cloudnorth_cli.model import Needed, StoredImage

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
NONE = Grace(newest=0, seconds=0)


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def image(letter: str, *tags: str, hours: float = 1000, repository: str = "shop/api", **more: str | bool) -> EcrImage:
    """Of its own content tag where none is named; `hours` ago."""
    return EcrImage(
        repository=repository,
        digest=digest(letter),
        tags=tags or (letter * 16,),
        size=1_000_000,
        pushed_at=NOW - timedelta(hours=hours),
        index=bool(more.get("index")),
        other=str(more.get("other", "")),
    )


def untagged(letter: str) -> EcrImage:
    return EcrImage("shop/api", digest(letter), (), 0, NOW - timedelta(days=90), index=False)


def why(
    *images: EcrImage,
    needed: tuple[Needed, ...] = (),
    grace: Grace = NONE,
    members: Mapping[str, frozenset[str]] | None = None,
) -> dict[str, str]:
    """By the letter of each image, why it stays; "" for what goes."""
    return {one.digest[7]: one.kept for one in judge(images, members or {}, needed, HOST, grace, NOW)}


def named(letter: str, repository: str = f"{HOST}/shop/api", release: int = 41) -> Needed:
    return Needed(repository=repository, digest=digest(letter), why=f"release {release} of prod")


def test_what_nothing_names_goes_and_what_a_record_names_stays() -> None:
    assert why(image("a"), image("b"), needed=(named("a"), named("a", release=40))) == {
        "a": "release 41 of prod, 1 more",
        "b": "",
    }


def test_a_digest_counts_in_whatever_repository_the_record_has_it() -> None:
    assert why(image("a"), needed=(named("a", "elsewhere.example/shop-api"),))["a"]


def test_a_pod_that_names_a_tag_keeps_that_tag_of_that_repository() -> None:
    tag = "a" * 16
    here = Needed(repository=f"{HOST}/shop/api", digest="", tag=tag, why="runs in prod")
    assert why(image("a"), needed=(here,)) == {"a": "runs in prod"}
    assert why(image("a", repository="shop/other"), needed=(here,)) == {"a": ""}


@pytest.mark.parametrize("tag", ["latest", "v1.2", "a" * 15, "a" * 17, "A" * 16])
def test_what_somebody_else_tagged_stays(tag: str) -> None:
    assert why(image("a", tag)) == {"a": f"tag {tag} is not ours"}
    assert why(image("a", "a" * 16, tag)) == {"a": f"tag {tag} is not ours"}


def test_the_newest_of_each_repository_stay() -> None:
    images = [image("a", hours=100), image("b", hours=200), image("c", hours=300)]
    others = [image("d", hours=400, repository="shop/storefront")]
    assert why(*images, *others, grace=Grace(1, 0)) == {
        "a": "among the newest 1",
        "b": "",
        "c": "",
        "d": "among the newest 1",
    }


def test_what_was_just_pushed_stays() -> None:
    assert why(image("a", hours=2), image("b", hours=4), grace=Grace(0, 3 * 3600)) == {"a": "pushed 2 h ago", "b": ""}


def test_parts_of_an_index_that_stays_stay_to_any_depth() -> None:
    members = {digest("a"): frozenset((digest("b"),)), digest("b"): frozenset((digest("c"),))}
    outer, inner = image("a", index=True), untagged("b")
    kept = why(outer, inner, untagged("c"), untagged("d"), needed=(named("a"),), members=members)
    assert kept == {"a": "release 41 of prod", "b": f"part of {'a' * 16}", "c": "part of bbbbbbbb", "d": ""}


def test_a_part_that_is_needed_does_not_keep_its_index() -> None:
    members = {digest("a"): frozenset((digest("b"),))}
    assert why(image("a", index=True), untagged("b"), needed=(named("b"),), members=members) == {
        "a": "",
        "b": "release 41 of prod",
    }


def test_a_signature_goes_and_stays_with_its_image() -> None:
    images = [image("a"), image("b"), image("c", f"sha256-{'a' * 64}.sig"), image("d", f"sha256-{'b' * 64}.sig")]
    kept = why(*images, needed=(named("a"),))
    assert kept["c"] == "belongs to aaaaaaaa"
    assert kept["b"] == kept["d"] == ""


def test_what_cannot_be_run_stays() -> None:
    kind = "application/vnd.example.sbom"
    assert why(image("a", other=kind)) == {"a": f"no image: {kind}"}


def test_an_index_is_deleted_before_its_parts() -> None:
    def stored(letter: str) -> StoredImage:
        return StoredImage(repository="r", tags=(), digest=digest(letter), bytes=0, pushed_at=NOW)

    members = {digest("a"): frozenset((digest("b"),)), digest("b"): frozenset((digest("c"),))}
    order = in_order([stored("c"), stored("b"), stored("a"), stored("d")], members)
    assert [[one.digest[7] for one in some] for some in order] == [["a", "d"], ["b"], ["c"]]
