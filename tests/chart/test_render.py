"""What the chart makes of its values."""

from typing import Any

import pytest
import yaml

from tests.chart.helm import API, CHART, IMAGES, STOREFRONT, helm, render

pytestmark = pytest.mark.lab

KINDS = ("ConfigMap", "Deployment", "PodDisruptionBudget", "Service", "ServiceAccount")
FILES = ((), ("values-lab.yaml",), ("values-prod.yaml",), ("values-prod.yaml", "values-eks.yaml"))


def _pod(objects: dict[str, Any], service: str) -> dict[str, Any]:
    pod: dict[str, Any] = objects[f"Deployment/shop-{service}"]["spec"]["template"]["spec"]
    return pod


def test_both_services_get_their_objects_and_nothing_else_is_there() -> None:
    assert set(render()) == {f"{kind}/shop-{service}" for kind in KINDS for service in ("api", "storefront")}


@pytest.mark.parametrize("files", FILES)
def test_helm_finds_nothing_to_complain_about(files: tuple[str, ...]) -> None:
    chosen = [word for name in files for word in ("--values", str(CHART / name))]
    done = helm("lint", "--strict", str(CHART), *chosen)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("files", FILES)
def test_helm_3_and_helm_4_make_the_same_of_it(files: tuple[str, ...]) -> None:
    assert render(files=files) == render(files=files, program="helm3")


def test_a_file_is_an_object() -> None:
    done = helm(
        "template",
        "shop",
        str(CHART),
        "--values",
        str(CHART / "values-prod.yaml"),
        values={
            "api": {"image": API},
            "storefront": {"image": STOREFRONT},
        },
    )
    sources = [line for line in done.stdout.splitlines() if line.startswith("# Source: ")]
    assert len(sources) == len(set(sources)) == 2 * (len(KINDS) + 1) + 1


def test_an_image_and_its_digest_stand_in_the_pod_template_as_given() -> None:
    objects = render()
    assert _pod(objects, "api")["containers"][0]["image"] == API
    assert _pod(objects, "storefront")["containers"][0]["image"] == STOREFRONT
    assert objects["ConfigMap/shop-api"]["data"]["RELEASE"] == "a" * 12
    assert objects["ConfigMap/shop-storefront"]["data"]["IMAGE_DIGEST"] == "sha256:" + "b" * 64


@pytest.mark.parametrize(
    "values",
    [
        {"release": "r-42", "commit": "8f3c1d2"},
        {"databaseSecret": "shop-0815"},
        {"api": {"image": API.replace("a" * 64, "c" * 64)}},
        {"api": {"env": {"LOG_LEVEL": "debug"}, "replicas": 5, "shutdown": {"preStopSeconds": 9}}},
        {"ingress": {"enabled": True}},
    ],
)
def test_what_is_said_of_the_api_changes_nothing_of_the_storefront(values: dict[str, Any]) -> None:
    before, after = render(), render(values)
    for name, one in before.items():
        if name.endswith("storefront"):
            assert after[name] == one


def test_what_is_said_of_the_storefront_changes_nothing_of_the_api() -> None:
    before, after = render(), render({"storefront": {"image": "r/s@sha256:" + "d" * 64, "env": {"X": 1}}})
    assert all(after[name] == one for name, one in before.items() if name.endswith("api"))


def test_the_names_of_release_and_commit_roll_nothing() -> None:
    assert render({"release": "r-42", "commit": "8f3c1d2"}) == render({"release": "r-43", "commit": "0000000"})


def test_a_new_configuration_rolls_its_service() -> None:
    def template(level: str) -> object:
        return render({"api": {"env": {"LOG_LEVEL": level}}})["Deployment/shop-api"]["spec"]["template"]

    assert template("info") == template("info")
    assert template("info") != template("debug")


def test_the_database_secret_goes_to_the_api_alone_and_only_when_it_is_named() -> None:
    objects = render({"databaseSecret": "shop-0815"})
    assert {"secretRef": {"name": "shop-0815"}} in _pod(objects, "api")["containers"][0]["envFrom"]
    assert "shop-0815" not in yaml.safe_dump(objects["Deployment/shop-storefront"])
    assert "secretRef" not in yaml.safe_dump(render())


def test_where_an_autoscaler_decides_the_deployment_does_not_say_how_many() -> None:
    fixed, scaled = render(), render({"api": {"autoscaling": {"enabled": True}}})
    assert fixed["Deployment/shop-api"]["spec"]["replicas"] == 2
    assert "replicas" not in scaled["Deployment/shop-api"]["spec"]
    scaler = scaled["HorizontalPodAutoscaler/shop-api"]["spec"]
    assert scaler["scaleTargetRef"]["name"] == "shop-api"
    assert scaled["Deployment/shop-storefront"]["spec"]["replicas"] == 2


@pytest.mark.parametrize("files", FILES)
def test_a_roll_never_has_fewer_pods_and_never_cuts_an_answer_off(files: tuple[str, ...]) -> None:
    objects = render(files=files)
    for service in ("api", "storefront"):
        deployment = objects[f"Deployment/shop-{service}"]["spec"]
        assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
        pod = _pod(objects, service)
        sleeps = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        told = objects[f"ConfigMap/shop-{service}"]["data"]
        needs = sleeps + int(told["DRAIN_SECONDS"]) + int(told["GRACE_SECONDS"])
        assert pod["terminationGracePeriodSeconds"] >= needs + 10


def test_behind_an_alb_health_and_timeouts_fit_the_shop() -> None:
    ingress = render(files=("values-prod.yaml",))["Ingress/shop"]
    notes = ingress["metadata"]["annotations"]
    assert notes["alb.ingress.kubernetes.io/target-type"] == "ip"
    assert notes["alb.ingress.kubernetes.io/healthcheck-path"] == "/readyz"
    assert "idle_timeout.timeout_seconds=60" in notes["alb.ingress.kubernetes.io/load-balancer-attributes"]
    paths = ingress["spec"]["rules"][0]["http"]["paths"]
    assert [(one["path"], one["backend"]["service"]["name"]) for one in paths] == [
        ("/api", "shop-api"),
        ("/", "shop-storefront"),
    ]


def test_behind_terraform_s_balancer_services_answer_on_the_ports_that_it_sends_to() -> None:
    objects = render(files=("values-prod.yaml", "values-eks.yaml"))
    ports = {
        name: objects[f"Service/shop-{name}"]["spec"]["ports"][0].get("nodePort") for name in ("api", "storefront")
    }
    assert ports == {"api": 30080, "storefront": 30030}
    variables = (CHART.parent / "terraform" / "variables.tf").read_text()
    assert all(f"node_port = {port}" in variables for port in ports.values())
    assert "Ingress/shop" not in objects, "the load balancer has one owner"


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"api": {"replcas": 3}}, "replcas"),
        ({"apis": {}}, "apis"),
        ({"api": {"replicas": "three"}}, "replicas"),
        ({"api": {"image": "not an image"}}, "image"),
        ({"api": {"image": "r/a@sha256:short"}}, "image"),
        ({"api": {"env": {"BAD-NAME": "x"}}}, "BAD-NAME"),
        ({"databaseSecret": "Not_A_Name"}, "databaseSecret"),
        ({"api": {"shutdown": {"preStopSeconds": -1}}}, "preStopSeconds"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name(values: dict[str, Any], named: str) -> None:
    done = helm("template", "shop", str(CHART), values=values)
    assert done.returncode != 0
    assert named in done.stderr


def test_a_release_without_an_image_is_refused_by_its_name() -> None:
    done = helm("template", "shop", str(CHART), values={"api": {"image": API}})
    assert done.returncode != 0
    assert "storefront.image" in done.stderr


def test_a_release_that_is_bad_on_purpose_needs_a_second_switch_and_is_its_services_alone() -> None:
    done = helm("template", "shop", str(CHART), values={**IMAGES, "api": {"image": API, "fault": "errors"}})
    assert done.returncode != 0
    assert "api.fault is errors: a release that is bad on purpose needs faultsAllowed: true as well" in done.stderr
    good = render()
    bad = render({"api": {"fault": "errors"}, "faultsAllowed": True})
    assert bad["ConfigMap/shop-api"]["data"].items() >= {"FAULT": "errors", "ALLOW_FAULTS": "1"}.items()
    assert bad["Deployment/shop-api"] != good["Deployment/shop-api"]
    assert {name for name in good if good[name] != bad[name]} == {"ConfigMap/shop-api", "Deployment/shop-api"}


def test_a_pod_knows_where_it_runs_and_its_metrics_are_behind_no_service() -> None:
    objects = render()
    for service in ("api", "storefront"):
        container = _pod(objects, service)["containers"][0]
        fields = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in container["env"]}
        assert fields == {"POD_NAME": "metadata.name", "NODE_NAME": "spec.nodeName"}
        assert container["args"] == ["shop", "serve", service]
        assert {port["name"]: port["containerPort"] for port in container["ports"]}["metrics"] == 9090
        assert [port["name"] for port in objects[f"Service/shop-{service}"]["spec"]["ports"]] == ["http"]
