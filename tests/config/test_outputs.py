"""Where `{terraform.NAME}` may stand."""

from __future__ import annotations

import pytest

from cloudnorth_cli.errors import UsageError
from tests.config.files import RIGHT, Folder, told

GROUND = "    terraform: {dir: tf}\n"


def prod(line: str) -> str:
    return RIGHT.replace("    helm: {chart: chart}\n", f"    helm: {{chart: chart}}\n    {line}\n")


def api(line: str) -> str:
    return RIGHT.replace("    port: 8080\n", f"    port: 8080\n    {line}\n")


@pytest.mark.parametrize(
    "text",
    [
        api('chart: {bucket: "{terraform.assets_bucket}"}'),
        prod('secrets: {A: {secretsmanager: "{terraform.rds_secret_arn}", key: password}}'),
        prod('secrets: {A: {ssm: "/{terraform.name}/token"}}'),
        prod("secrets: {A: {terraform: password}}"),
        api('build: {secrets: {A: {secretsmanager: "{terraform.a}"}}}').replace("    build: {context: .}\n", ""),
        prod('services: {api: {chart: {a: "{terraform.b}"}}}'),
    ],
)
def test_where_it_is_filled_in_the_environment_has_to_say_where_terraform_is(text: str, folder: Folder) -> None:
    with pytest.raises(UsageError) as raised:
        folder.environment(text, "prod")
    said = told(raised.value)
    assert "environments.prod.terraform is missing" in said
    assert "needs it, such as: {dir: terraform}" in said
    right = text.replace("    platform: kubernetes\n", "    platform: kubernetes\n" + GROUND)
    assert folder.environment(right, "prod").file.terraform
    assert folder.environment(text, "local"), "is told nothing of it"


@pytest.mark.parametrize("line", ['env: {A: "{terraform.a}"}', "run: serve {terraform.a}"])
def test_the_local_platform_too(line: str, folder: Folder) -> None:
    text = api(line)
    assert folder.environment(text, "prod")
    with pytest.raises(UsageError, match=r"environments\.local\.terraform is missing"):
        folder.environment(text, "local")
    assert folder.environment(text + GROUND, "local")
    assert folder.environment(text + "defaults: {terraform: {dir: tf}}\n", "local")


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("url: 'https://{terraform.alb_dns_name}'", "environments.prod.url: {terraform.alb_dns_name}"),
        ("cluster: {eks: '{terraform.cluster}'}", "environments.prod.cluster.eks: {terraform.cluster}"),
        ("namespace: '{terraform.a}'", "environments.prod.namespace: {terraform.a}"),
        ("secrets: {A: {file: '{terraform.a}'}}", "environments.prod.secrets.A.file: {terraform.a}"),
    ],
)
def test_what_status_and_rollback_need_is_written_out(line: str, where: str, folder: Folder) -> None:
    said = folder.mistake(prod(line))
    assert said.startswith("cloudnorth.yaml:12:")
    assert f"  {where} is not filled in here\n" in said
    assert "what status and rollback need is written out" in said


def test_a_program_s_own_braces_are_left_alone(folder: Folder) -> None:
    assert folder.write(prod("secrets: {A: {command: \"jq '{terraform.a}'\"}}"))
