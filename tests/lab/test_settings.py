"""The lab's place follows from its name and range, and a bad one is refused in words."""

from __future__ import annotations

import ipaddress
from itertools import combinations

import pytest

from tests.lab.errors import LabError
from tests.lab.files import fill
from tests.lab.settings import HERE, load_settings


def test_nothing_in_the_range_overlaps() -> None:
    settings = load_settings("lab", "10.20.0.0/16")
    nodes = (1, 2, 3, 4)
    links = [f"{settings.address(node)}/24" for node in nodes]
    places = [*links, settings.docker_bridge, settings.services, *(settings.node_pods(node) for node in nodes)]
    networks = [ipaddress.IPv4Interface(place).network for place in places]
    assert all(one.subnet_of(settings.network) for one in networks)
    assert not [pair for pair in combinations(networks, 2) if pair[0].overlaps(pair[1])]
    assert all(
        ipaddress.IPv4Network(settings.node_pods(node)).subnet_of(ipaddress.IPv4Network(settings.pods))
        for node in nodes
    )


def test_the_dns_service_is_in_the_services_range() -> None:
    settings = load_settings("lab", "10.20.0.0/16")
    assert ipaddress.ip_address(settings.dns_service) in ipaddress.ip_network(settings.services)


@pytest.mark.parametrize(
    ("name", "network", "says"),
    [
        ("a-name-longer-than-a-link", "10.20.0.0/16", "at most 15"),
        ("a/b", "10.20.0.0/16", "letters, digits and dashes"),
        ("lab", "10.20.0.0/24", "a private /16"),
        ("lab", "8.8.0.0/16", "a private /16"),
        ("lab", "10.20.0.1/16", "host bits set"),
        ("lab", "ten", "'ten'"),
    ],
)
def test_a_bad_name_or_range_is_refused(name: str, network: str, says: str) -> None:
    with pytest.raises(LabError, match=says):
        load_settings(name, network)


def test_the_environment_gives_name_and_range(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDNORTH_LAB_NAME", "other")
    monkeypatch.setenv("CLOUDNORTH_LAB_RANGE", "10.30.0.0/16")
    settings = load_settings()
    assert (settings.name, settings.registry, str(settings.run)) == ("other", "10.30.0.2:5000", "/run/other")


def test_no_template_names_an_address_or_a_place_of_its_own() -> None:
    for template in [*HERE.glob("config/*"), *HERE.glob("manifests/*")]:
        text = template.read_text()
        assert "10.89." not in text, template
        assert "cloudnorth-lab" not in text, template


def test_a_template_is_filled_with_the_node_it_is_for() -> None:
    settings = load_settings("lab", "10.20.0.0/16")
    assert "/lab/lab-2" in fill("config/kubelet.yaml", settings, 2)
    assert settings.node_pods(2) in fill("config/cni.conflist", settings, 2)
