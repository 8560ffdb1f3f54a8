"""What is read off a rendered manifest."""

from __future__ import annotations

import pytest

from cloudnorth_cli.model import Image
from cloudnorth_cli.platforms.kubernetes import manifest

DIGEST = "sha256:" + "a" * 64
IMAGE = Image(service="api", repository="registry.example:5000/shop/api", digest=DIGEST, tag="t")
RENDERED = f"""---
# Source: shop/templates/api.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {{name: api}}
spec:
  template:
    metadata: {{annotations: {{checksum/config: CHANCE}}}}
    spec:
      initContainers: [{{name: wait, image: busybox}}]
      containers:
        - name: main
          image: "registry.example:5000/shop/api:t@{DIGEST}"
---
# Source: shop/templates/cron.yaml
apiVersion: batch/v1
kind: CronJob
metadata: {{name: nightly}}
spec: {{jobTemplate: {{spec: {{template: {{spec: {{containers: [{{image: cron}}]}}}}}}}}}}
---
# Source: shop/templates/tests/test.yaml
apiVersion: v1
kind: Pod
metadata: {{name: test, annotations: {{helm.sh/hook: test}}}}
spec: {{containers: [{{image: curl}}]}}
---
# Source: shop/templates/hook.yaml
apiVersion: batch/v1
kind: Job
metadata: {{name: hook, annotations: {{helm.sh/hook: "pre-install,pre-upgrade"}}}}
spec: {{template: {{spec: {{containers: [{{image: hook}}]}}}}}}
---
# Source: shop/templates/empty.yaml
"""


def read(chance: str = "1") -> tuple[manifest.Document, ...]:
    return manifest.parse(RENDERED.replace("CHANCE", chance))


def test_every_object_has_its_template_and_key() -> None:
    assert [(d.key, d.source) for d in read()] == [
        ("deployment/api", "shop/templates/api.yaml"),
        ("cronjob/nightly", "shop/templates/cron.yaml"),
        ("pod/test", "shop/templates/tests/test.yaml"),
        ("job/hook", "shop/templates/hook.yaml"),
    ]


def test_images_are_found_in_every_kind_of_pod_template() -> None:
    assert [image for document in read() for image in document.images()] == [
        "busybox",
        f"registry.example:5000/shop/api:t@{DIGEST}",
        "cron",
        "curl",
        "hook",
    ]


def test_tests_are_no_part_and_hooks_are_no_workloads() -> None:
    lasting = manifest.lasting(read())
    assert "pod/test" not in [document.key for document in lasting]
    assert list(manifest.workloads(lasting)) == ["deployment/api"]


def test_an_image_is_recognised_by_its_digest() -> None:
    assert [document.key for document in read() if manifest.runs(document, IMAGE)] == ["deployment/api"]


def test_the_line_of_an_image_is_told() -> None:
    document = read()[0]
    line = document.line_of(f"registry.example:5000/shop/api:t@{DIGEST}")
    assert "image:" in document.text.splitlines()[line - 1]
    assert DIGEST in document.text.splitlines()[line - 1]


@pytest.mark.parametrize(
    ("reference", "repository"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("nginx:1.27", "docker.io/library/nginx"),
        ("bitnami/nginx", "docker.io/bitnami/nginx"),
        ("ghcr.io/us/api:1@sha256:x", "ghcr.io/us/api"),
        ("10.89.0.2:5000/shop/api", "10.89.0.2:5000/shop/api"),
        ("localhost/api:2", "localhost/api"),
    ],
)
def test_repositories_are_told_from_tags_and_ports(reference: str, repository: str) -> None:
    assert manifest.repository(reference) == repository


def identity(chance: str, *images: Image) -> str:
    objects = manifest.settled(read(chance), read("other"))
    return manifest.identity(images or (IMAGE,), objects, "")


def test_an_identity_is_the_same_for_the_same_and_another_for_another() -> None:
    other = Image(service="api", repository=IMAGE.repository, digest="sha256:" + "b" * 64)
    assert identity("1") == identity("1")
    assert identity("1", other) != identity("1")
    bodies = [document.body for document in read()]
    assert manifest.identity([IMAGE], bodies, "") == manifest.identity([IMAGE], bodies[::-1], "")
    assert manifest.identity([IMAGE], bodies, "") != manifest.identity([IMAGE], bodies, "shop-1")


def test_what_a_chart_rolls_dice_for_is_no_part_of_the_identity() -> None:
    assert identity("17") == identity("4711")


def test_what_is_installed_is_the_same_when_only_chance_differs() -> None:
    settled = manifest.settled(read("1"), read("2"))
    assert manifest.same(settled, read("3"))
    assert not manifest.same(settled, read("3")[1:])
    other = manifest.parse(RENDERED.replace("name: wait", "name: other"))
    assert not manifest.same(settled, other)


def test_what_a_look_up_kept_is_the_same_as_what_is_installed() -> None:
    settled = manifest.settled(read("kept"), read("kept"))
    assert manifest.same(settled, read("kept"))
    assert not manifest.same(settled, read("another"))


def test_workloads_of_another_namespace_are_not_ours_to_watch() -> None:
    other = manifest.parse(RENDERED.replace("{name: api}", "{name: api, namespace: elsewhere}"))
    assert list(manifest.workloads(other, "elsewhere")) == ["deployment/api"]
    assert list(manifest.workloads(other, "shop")) == []
