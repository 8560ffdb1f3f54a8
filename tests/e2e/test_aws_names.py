"""A small project deployed by ECR's and EKS's own names, and what the two refuse, in seconds: no Terraform."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.aws import Inside, open_sample, well
from tests.lab.aws import names

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab-aws")]
REGISTRY = f"{names.ACCOUNT}.dkr.ecr.{names.REGION}.amazonaws.com"
ASK = """
import sys
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.eks import Eks
from cloudnorth_cli.settings import Aws
print(Eks(Door(Aws(region="{region}", role="{role}")), "{cluster}").token().value.reveal())
"""


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    """There is a cluster, and no repository yet."""
    made = open_sample(tmp_path_factory.mktemp("aws-names"))
    made.forget()
    made.extra["DOCKER_CONFIG"] = str(tmp_path_factory.mktemp("docker"))
    made.client("eks").create_cluster(name=names.CLUSTER, roleArn=names.ADMIN, resourcesVpcConfig={})
    yield made
    made.forget()


def test_it_is_deployed_and_read_and_taken_down(sample: Inside) -> None:
    # An image of its own: one that the node has from other tests' registry as well goes by either name.
    (sample.root / "message.txt").write_text(f"{uuid.uuid4()}\n")
    deployed = sample.run("deploy")
    well(deployed)
    (image,) = deployed.result["images"]
    assert image["repository"] == f"{REGISTRY}/sample/web"
    (repository,) = sample.client("ecr").describe_repositories()["repositories"]
    assert (repository["repositoryName"], repository["imageTagMutability"]) == ("sample/web", "IMMUTABLE")
    (seen,) = sample.client("ecr").describe_images(repositoryName="sample/web")["imageDetails"]
    assert seen["imageDigest"] == image["digest"]
    pulled = sample.kubectl("get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[*].imageID}").split()
    assert set(pulled) == {f"{REGISTRY}/sample/web@{image['digest']}"}
    status = sample.run("status")
    well(status)
    assert status.result["status"][0]["healthy"] is True
    well(sample.run("down"))


def test_cleanup_deletes_what_nobody_needs_and_a_push_brings_it_back(sample: Inside) -> None:
    ecr = sample.client("ecr")
    (needed,) = ecr.describe_images(repositoryName="sample/web")["imageDetails"]
    (sample.root / "message.txt").write_text("never deployed\n")
    pushed = sample.run("push")
    well(pushed)
    digest = pushed.result["images"][0]["digest"]
    well(sample.run("cleanup", "--apply", "--keep", "0", "--older-than", "0s"))
    assert [one["imageDigest"] for one in ecr.describe_images(repositoryName="sample/web")["imageDetails"]] == [
        needed["imageDigest"]
    ]
    well(sample.run("push"))
    seen = {one["imageDigest"] for one in ecr.describe_images(repositoryName="sample/web")["imageDetails"]}
    assert seen == {needed["imageDigest"], digest}


def test_ecr_refuses_strangers_other_repositories_and_tags_that_are_there(sample: Inside, tmp_path: Path) -> None:
    password = tmp_path / "password"
    given = "aws-account-password"
    password.write_text(f"{names.ACCOUNT}-auth-token\n")
    login = f"docker login -u AWS --password-stdin {REGISTRY}"
    wrong = sample.inside("sh", "-c", f"echo {given} | {login}")
    assert (wrong.returncode, "401 Unauthorized" in wrong.stderr) == (1, True), wrong.stderr
    base = sample.here.base_image

    def push(reference: str) -> str:
        line = (
            f"docker pull -q {base} && docker tag {base} {REGISTRY}/{reference} && docker push {REGISTRY}/{reference}"
        )
        return sample.inside("sh", "-c", line).stderr

    sample.client("ecr").create_repository(repositoryName="stays", imageTagMutability="IMMUTABLE")
    assert "no basic auth credentials" in push("stays:1")
    assert sample.inside("sh", "-c", f"{login} < {password}").returncode == 0
    assert "name unknown: The repository with name 'none' does not exist" in push("none:1")
    assert push("stays:1") == ""
    assert "cannot be overwritten because the tag is immutable" in push("stays:1")


@pytest.mark.parametrize(
    ("cluster", "role", "says"),
    [
        (names.CLUSTER, names.DEPLOYER, "No resources found"),
        (names.CLUSTER, names.DEPLOYER.replace("deployer-lab", "stranger"), "Unauthorized"),
        ("another", names.DEPLOYER, "Unauthorized"),
    ],
)
def test_a_token_is_good_for_its_cluster_and_a_role_it_knows(
    sample: Inside, tmp_path: Path, cluster: str, role: str, says: str
) -> None:

    made = sample.inside(sys.executable, "-c", ASK.format(region=names.REGION, role=role, cluster=cluster))
    assert made.returncode == 0, made.stderr
    api = ["--server", sample.here.api, "--certificate-authority", str(sample.here.logs.parent / "pki/ca.crt")]
    asked = sample.inside(
        "kubectl",
        "--kubeconfig",
        "/dev/null",
        *api,
        "--token",
        made.stdout.strip(),
        "-n",
        names.NAMESPACE,
        "get",
        "jobs",
    )
    assert says in asked.stderr


def test_the_shell_s_names_and_keys_are_its_own(sample: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = Path("/etc/resolv.conf").read_text()
    monkeypatch.setenv("AWS_PROFILE", "somebody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    told = sample.inside("sh", "-c", "cat /etc/resolv.conf; env")
    assert f"nameserver {sample.here.address}\n" in told.stdout
    assert "AWS_PROFILE" not in told.stdout
    assert "AWS_ENDPOINT_URL" not in told.stdout
    assert Path("/etc/resolv.conf").read_text() == outside
    assert sample.here.address not in outside
