"""Settings from the environment."""

import asyncio

import pytest
from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from shop.common.settings import SettingsError, read


def test_without_a_word_each_service_listens_on_its_own_port() -> None:
    assert [(read(name, {}).host, read(name, {}).port) for name in ("api", "storefront")] == [
        ("127.0.0.1", 8080),
        ("127.0.0.1", 3000),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("API", "api:8080"),
        ("DATABASE_URL", "postgres://shop:hunter2@db/shop"),
        ("DATABASE_URL", "mysql://shop:hunter2@db"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_TLS", "maybe"),
        ("JWT_KEY", "hunter2"),
        ("LOG_LEVEL", "loud"),
        ("RELEASE", "one\r\nX-Evil: two"),
        ("SHOP_VERSION", "4"),
        ("DRAIN_SECONDS", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_its_name_and_no_secret_is_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as refused:
        read("api", {name: value})
    assert "hunter2" not in str(refused.value)


def test_secrets_are_not_in_what_is_printed_of_the_settings() -> None:
    settings = read("api", {"DATABASE_URL": "mysql://shop:hunter2@db/shop", "JWT_KEY": "k" * 40})
    assert "hunter2" not in repr(settings)
    assert "kkkk" not in repr(settings)


@pytest.mark.parametrize(
    ("peer", "said", "believed"),
    [
        ("10.0.3.7", "198.51.100.7", "198.51.100.7"),
        ("10.0.3.7", "1.1.1.1, 198.51.100.7", "198.51.100.7"),
        ("10.0.3.7", "1.1.1.1, 198.51.100.7, 10.0.9.9", "198.51.100.7"),
        ("198.51.100.7", "1.1.1.1", "198.51.100.7"),
    ],
)
def test_behind_private_proxies_an_address_that_somebody_made_up_does_not_count(
    peer: str, said: str, believed: str
) -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["client"][0])

    proxies = ProxyHeadersMiddleware(app, trusted_hosts=read("api", {"TRUSTED_PROXIES": "private"}).trusted_proxies)
    scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", said.encode())]}
    asyncio.run(proxies(scope, None, None))  # type: ignore[arg-type]
    assert seen == [believed]
