"""Texts share a ConfigMap: one is written in place of its like, and of the others nothing is lost."""

from __future__ import annotations

from typing import cast

from cloudnorth_cli.adapters import kube_texts
from cloudnorth_cli.adapters.kube import Api
from tests.adapters.config_maps import ConfigMaps


def test_what_is_kept_is_there_until_it_is_dropped() -> None:
    api = cast(Api, ConfigMaps())
    assert kube_texts.texts(api, "web", "notes") == {}
    kube_texts.drop(api, "web", "notes", "a")
    for key, text in (("a", "first"), ("b", "second"), ("a", "again")):
        kube_texts.keep(api, "web", "notes", key, text)
    assert kube_texts.texts(api, "web", "notes") == {"a": "again", "b": "second"}
    kube_texts.drop(api, "web", "notes", "a")
    assert kube_texts.texts(api, "web", "notes") == {"b": "second"}
    assert kube_texts.texts(api, "other", "notes") == {}


def test_of_too_many_the_last_by_their_key_stay() -> None:
    api = cast(Api, ConfigMaps())
    for key in "acbd":
        kube_texts.keep(api, "web", "notes", key, key, newest=2)
    assert sorted(kube_texts.texts(api, "web", "notes")) == ["c", "d"]
