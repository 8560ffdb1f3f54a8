"""Which file, which environment, and what it resolves to."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from cloudnorth_cli import config
from cloudnorth_cli.errors import UsageError
from tests.config.files import RIGHT, Folder, told

ROOT = Path(__file__).resolve().parents[2]


def test_the_file_is_found_upwards_and_named_from_here(folder: Folder) -> None:
    folder.write(RIGHT)
    below = folder.path / "a" / "b"
    below.mkdir(parents=True)
    loaded = config.load_project(None, below, {})
    assert loaded.root == folder.path
    assert loaded.shown == "../../cloudnorth.yaml"


def test_a_named_file_wins_over_the_variable_and_that_over_the_one_here(folder: Folder) -> None:
    folder.write(RIGHT)
    for name in ("flag", "variable"):
        (folder.path / f"{name}.yaml").write_text(RIGHT.replace("hello", name))
    environ = {"CLOUDNORTH_CONFIG": "variable.yaml"}
    assert config.load_project(Path("flag.yaml"), folder.path, environ).project == "flag"
    assert config.load_project(None, folder.path, environ).project == "variable"
    assert config.load_project(None, folder.path, {}).project == "hello"


def test_no_file_anywhere_names_the_flag(folder: Folder) -> None:
    with pytest.raises(UsageError, match=r"no cloudnorth\.yaml in .* or above it") as raised:
        folder.load()
    assert "--config FILE" in raised.value.message
    assert raised.value.next == ("find . -name cloudnorth.yaml",)


def test_a_file_with_the_other_ending_is_pointed_at(folder: Folder) -> None:
    (folder.path / "cloudnorth.yml").write_text(RIGHT)
    with pytest.raises(UsageError, match=r"cloudnorth\.yml is there: the name ends in \.yaml"):
        folder.load()


def test_a_named_file_that_is_not_there_is_refused(folder: Folder) -> None:
    with pytest.raises(UsageError, match="there is no such file") as raised:
        config.load_project(Path("other.yaml"), folder.path, {})
    assert raised.value.where == "other.yaml"


def test_the_shops_own_file_resolves_for_every_environment() -> None:
    loaded = config.load_project(None, ROOT, {})
    for name in loaded.environments:
        assert config.environment(loaded, name, {}).name == name


WITH_DEFAULT = RIGHT.replace("project: hello\n", "project: hello\ndefault_environment: local\n")


@pytest.mark.parametrize(
    ("flag", "environ", "expected"),
    [
        ("prod", {"CLOUDNORTH_ENV": "local"}, "prod"),
        (None, {"CLOUDNORTH_ENV": "prod"}, "prod"),
        (None, {}, "local"),
        (None, {"CI": "false"}, "local"),
        (None, {"CI": "true", "CLOUDNORTH_ENV": "prod"}, "prod"),
    ],
)
def test_an_environment_is_chosen(flag: str | None, environ: dict[str, str], expected: str, folder: Folder) -> None:
    loaded = folder.write(WITH_DEFAULT)
    assert config.environment(loaded, flag, environ, files=False).name == expected


@pytest.mark.parametrize(("text", "environ"), [(WITH_DEFAULT, {"CI": "true"}), (RIGHT, {})])
def test_no_environment_is_assumed_in_a_pipeline_or_without_a_default(
    text: str, environ: dict[str, str], folder: Folder
) -> None:
    with pytest.raises(UsageError, match="which environment") as raised:
        config.environment(folder.write(text), None, environ)
    assert raised.value.code == "environment-wanted"
    assert "prod, local" in raised.value.message


def test_an_unknown_environment_names_the_nearest_and_where_they_stand(folder: Folder) -> None:
    with pytest.raises(UsageError) as raised:
        config.environment(folder.write(RIGHT), "prd", {})
    assert told(raised.value) == "cloudnorth.yaml:7:1  there is no environment prd\ndid you mean: prod"


def test_defaults_are_merged_key_by_key_and_lists_replaced(folder: Folder) -> None:
    text = RIGHT + (
        "defaults: {namespace: shared, docker: {host: unix:///a, command: podman}, "
        "helm: {values: [a.yaml, b.yaml]}, notes: [one]}\n"
    )
    text = text.replace("helm: {chart: chart}", "helm: {chart: chart, values: [c.yaml]}\n    docker: {host: unix:///b}")
    file = folder.environment(text, "prod").file
    assert file.namespace == "shared"
    assert (file.docker.host, file.docker.command) == ("unix:///b", "podman")
    assert file.helm is not None
    assert (file.helm.chart, file.helm.values) == ("chart", ("c.yaml",))
    assert file.notes == ("one",)


def test_a_required_key_may_stand_in_defaults(folder: Folder) -> None:
    text = RIGHT.replace("    platform: kubernetes\n", "").replace("{chart: chart}", "{release: x}")
    file = folder.environment(text + "defaults: {platform: kubernetes, helm: {chart: there}}\n", "prod").file
    assert file.platform == "kubernetes"
    assert file.helm is not None
    assert (file.helm.chart, file.helm.release) == ("there", "x")


def test_a_local_environment_takes_over_nothing_of_a_cluster(folder: Folder) -> None:
    file = folder.environment(RIGHT + "defaults: {keep: 9, helm: {args: [--debug]}, namespace: x}\n", "local").file
    assert file.keep == 9
    assert file.helm is None
    assert file.namespace == "default"


def test_an_environment_changes_its_services(folder: Folder) -> None:
    text = RIGHT.replace("  prod:\n", "  prod:\n    services: {api: {build: {args: {MODE: fast}}, health: /up}}\n")
    prod, local = (folder.environment(text, name).services["api"] for name in ("prod", "local"))
    assert prod.build is not None
    assert local.build is not None
    assert (prod.build.args, prod.health, prod.port) == ({"MODE": "fast"}, "/up", 8080)
    assert (local.build.args, local.health, local.port) == ({}, "/", 8080)


def test_an_environment_may_name_an_image_instead_of_the_build(folder: Folder) -> None:
    text = RIGHT.replace("  prod:\n", "  prod:\n    services: {api: {build: null, image: nginx}}\n")
    api = folder.environment(text, "prod").services["api"]
    assert (api.build, api.image) == (None, "nginx")


def test_an_environment_that_adds_an_image_to_a_build_is_told(folder: Folder) -> None:
    text = RIGHT.replace("  prod:\n", "  prod:\n    services: {api: {image: nginx}}\n")
    with pytest.raises(UsageError) as raised:
        folder.environment(text, "prod")
    assert told(raised.value).startswith("cloudnorth.yaml:9:22  services.api has both build and image")


def test_merged_anchors_are_as_if_written_out(folder: Folder) -> None:
    text = RIGHT.replace("  prod:\n", "  prod: &prod\n") + "  staging: {<<: *prod, namespace: staging}\n"
    staging = folder.environment(text, "staging").file
    assert (staging.platform, staging.namespace) == ("kubernetes", "staging")


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("    helm: {chart: chart}\n", "", "cloudnorth.yaml:9:5  environments.prod.helm is missing"),
        ("    registry: {host: registry.example}\n", "", "cloudnorth.yaml:9:5  environments.prod.registry is missing"),
        (
            "    helm: {chart: chart}\n",
            "    helm: {chart: chart}\n    notify: {sns: alerts}\n",
            "cloudnorth.yaml:12:19  environments.prod.aws.account is missing",
        ),
        ("    build: {context: .}\n", "", "cloudnorth.yaml:4:3  services.api has neither build nor image"),
    ],
)
def test_what_a_cluster_needs_is_asked_for(right: str, wrong: str, expected: str, folder: Folder) -> None:
    loaded = folder.write(RIGHT.replace(right, wrong))
    with pytest.raises(UsageError) as raised:
        config.environment(loaded, "prod", {}, files=False)
    assert told(raised.value).startswith(expected)
    config.environment(loaded, "local", {}, files=False)


NAMING = RIGHT.replace("chart: chart}", "chart: chart, values: [values.yaml]}").replace(
    "{context: .}", "{context: src, dockerfile: src/Dockerfile}\n    prepare: {requirements: lock.txt}"
)


def test_missing_files_are_told_where_they_are_named(folder: Folder) -> None:
    loaded = folder.write(NAMING)
    with pytest.raises(UsageError) as raised:
        config.environment(loaded, "prod", {})
    assert [line for line in told(raised.value).splitlines() if not line.startswith("looked for")] == [
        "cloudnorth.yaml:5:22  services.api.build.context: there is no folder src",
        "cloudnorth.yaml:5:39  services.api.build.dockerfile: there is no file src/Dockerfile",
        "cloudnorth.yaml:12:19  environments.prod.helm.chart: there is no chart chart beside the file",
        "cloudnorth.yaml:12:35  environments.prod.helm.values[0]: there is no file values.yaml",
    ]


def test_only_the_files_that_an_environment_needs_must_be_there(folder: Folder) -> None:
    loaded = folder.write(NAMING)
    with pytest.raises(UsageError) as raised:
        config.environment(loaded, "local", {})
    assert [line for line in told(raised.value).splitlines() if not line.startswith("looked for")] == [
        "cloudnorth.yaml:5:22  services.api.build.context: there is no folder src",
        "cloudnorth.yaml:6:29  services.api.prepare.requirements: there is no file lock.txt",
    ]
    assert config.environment(loaded, "prod", {}, files=False).name == "prod"


@pytest.mark.parametrize("chart", ["oci://registry.example/chart", "bitnami/nginx"])
def test_a_chart_of_a_repository_is_no_file(chart: str, folder: Folder) -> None:
    (folder.path / "Dockerfile").touch()
    loaded = folder.write(RIGHT.replace("{chart: chart}", f'{{chart: "{chart}"}}'))
    assert config.environment(loaded, "prod", {}).file.helm is not None


def test_an_environment_is_there_within_30_milliseconds() -> None:
    def once() -> float:
        started = time.process_time()  # of this process alone: other work on the machine does not count
        config.environment(config.load_project(None, ROOT, {}), "lab", {})
        return time.process_time() - started

    assert min(once() for _ in range(5)) < 0.03
