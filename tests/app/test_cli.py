"""The command `shop`."""

from pathlib import Path

import pytest

from tests.app.running import process, shop, shop_here, until


@pytest.mark.parametrize("words", [("serve", "api"), ("migrate",), ("seed",), ("healthcheck",)])
def test_a_setting_that_cannot_be_ends_every_command_with_2_and_one_line(words: tuple[str, ...]) -> None:
    ended = shop(*words, environ={"DATABASE_URL": "oracle://scott:tiger@db/shop"})
    assert ended.returncode == 2
    assert ended.stderr.startswith("shop: DATABASE_URL should look like")
    assert len(ended.stderr.splitlines()) == 1


def test_a_migration_with_the_demonstration_on_fills_the_shop_once(tmp_path: Path) -> None:
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}", "SHOP_DEMO": "1"}
    first, second = shop_here("migrate", environ=environ), shop_here("migrate", environ=environ)
    assert first.splitlines()[-1] == "seeded 24 products, login demo@shop.example / demo-shop"
    assert second.splitlines() == [
        "schema is 0002, nothing to apply",
        "seeded 0 products, login demo@shop.example / demo-shop",
    ]


def test_a_healthcheck_is_0_only_when_the_service_here_is_ready(sqlite_template: Path) -> None:
    environ = {"DATABASE_URL": f"sqlite:///{sqlite_template}"}
    with process("serve", "api", environ=environ) as (_, address):
        here = {"PORT": address.rpartition(":")[2]}
        assert until(lambda: shop("healthcheck", environ=here).returncode == 0)
    gone = shop("healthcheck", environ=here)
    assert gone.returncode == 1
    assert gone.stderr.startswith("not ready: ")
