"""compose.yaml, read as a file: what every service of the shop is given."""

import yaml

from tests.app.running import ROOT


def test_the_shops_services_are_hardened_as_in_the_cluster_and_named_by_variables() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    database = services.pop("database")
    assert database["image"].startswith("${DATABASE_IMAGE:-")
    assert set(services) == {"seed", "api", "storefront"}
    for name, service in services.items():
        assert service["image"].startswith("${SHOP_IMAGE:-"), name
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["build"]["args"]["BASE_IMAGE"].startswith("${BASE_IMAGE:-"), name
        assert service["command"][0] == "shop", name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
