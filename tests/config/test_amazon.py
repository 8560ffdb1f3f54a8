"""Keys of AWS: what cannot be said together, what cannot be left out, and what a secret is overridden with."""

from __future__ import annotations

import pytest

from cloudnorth_cli.errors import UsageError
from cloudnorth_cli.settings import SecretSource
from tests.config.files import RIGHT, Folder, told

AWS = 'aws: {account: "123456789012", region: us-east-1}'


def prod(*lines: str) -> str:
    """A file whose prod has these lines and, where none of them names one, a registry."""
    registry = [] if any(line.startswith("registry") for line in lines) else ["registry: {host: registry.example}"]
    text = "".join(f"    {line}\n" for line in [*registry, *lines])
    return RIGHT.replace("    registry: {host: registry.example}\n", text)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "registry: {ecr: {}, host: registry.example}",
            "cloudnorth.yaml:10:25  environments.prod.registry has both ecr and host\nkeep one",
        ),
        (
            "registry: {ecr: {}, insecure: true}",
            "cloudnorth.yaml:10:25  environments.prod.registry has both ecr and insecure\nkeep one",
        ),
        (
            "registry: {username: me, ecr: {}}",
            "cloudnorth.yaml:10:16  environments.prod.registry has both ecr and username\nkeep one",
        ),
        (
            "registry: {ecr: {}, password: {env: A}}",
            "cloudnorth.yaml:10:25  environments.prod.registry has both ecr and password\nkeep one",
        ),
        (
            "cluster: {eks: shop, context: lab}",
            "cloudnorth.yaml:11:26  environments.prod.cluster has both eks and context\nkeep one",
        ),
        (
            "cluster: {kubeconfig: k, eks: shop}",
            "cloudnorth.yaml:11:15  environments.prod.cluster has both eks and kubeconfig\nkeep one",
        ),
        (
            "aws: {role: deployer}",
            'cloudnorth.yaml:11:17  environments.prod.aws.role wants a role\'s ARN, found the text "deployer"',
        ),
        (
            "aws: {account: a}",
            "cloudnorth.yaml:11:20  environments.prod.aws.account wants an account's twelve digits, "
            'found the text "a"',
        ),
    ],
)
def test_what_says_two_things_or_none_that_aws_knows(line: str, said: str, folder: Folder) -> None:
    assert folder.mistake(prod(line)) == said


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (["registry: {ecr: {}}"], ["account", "region"]),
        (["registry: {ecr: {}}", "aws: {region: us-east-1}"], ["account"]),
        (["registry: {ecr: {}}", 'aws: {account: "123456789012"}'], ["region"]),
    ],
)
def test_ecr_cannot_do_without_the_account_and_the_region(lines: list[str], missing: list[str], folder: Folder) -> None:
    with pytest.raises(UsageError) as raised:
        folder.environment(prod(*lines), "prod")
    said = told(raised.value)
    assert [key for key in ("account", "region") if f"environments.prod.aws.{key} is missing" in said] == missing
    assert said.startswith("cloudnorth.yaml:10:15  ")
    assert "registry.ecr needs it" in said


def test_a_registry_is_somewhere(folder: Folder) -> None:
    with pytest.raises(UsageError, match=r"registry has neither host nor ecr"):
        folder.environment(prod("registry: {insecure: true}"), "prod")


def test_what_is_right_loads(folder: Folder) -> None:
    here = folder.environment(prod("registry: {ecr: {}}", AWS, "cluster: {eks: shop}"), "prod")
    assert here.registry_host == "123456789012.dkr.ecr.us-east-1.amazonaws.com"


def test_a_source_replaces_the_one_of_the_defaults_whole(folder: Folder) -> None:
    text = prod("secrets: {A: {secretsmanager: shop/a}}", "services: {api: {build: {secrets: {T: {ssm: /t}}}}}")
    text = text.replace("build: {context: .}", "build: {context: ., secrets: {T: {file: t}}}")
    here = folder.environment(text + "defaults: {secrets: {A: {env: A}, B: {env: B}}}\n", "prod")
    assert here.file.secrets == {"A": SecretSource(secretsmanager="shop/a"), "B": SecretSource(env="B")}
    build = here.services["api"].build
    assert build is not None
    assert build.secrets == {"T": SecretSource(ssm="/t")}


def test_a_local_environment_takes_over_the_account_of_the_defaults(folder: Folder) -> None:
    here = folder.environment(RIGHT + f"defaults:\n  {AWS}\n", "local")
    assert here.file.aws.region == "us-east-1"


def test_an_environment_knows_where_its_keys_stand(folder: Folder) -> None:
    text = prod("secrets: {A: {env: A}}") + "defaults:\n  secrets:\n    B: {env: B}\n"
    here = folder.environment(text, "prod")
    assert here.place("secrets", "A") == "cloudnorth.yaml:11:15"
    assert here.place("secrets", "B") == "cloudnorth.yaml:17:5"
    assert here.place("services", "api", "port") == "cloudnorth.yaml:6:5"
    assert here.place("registry", "password") == "cloudnorth.yaml registry.password"
