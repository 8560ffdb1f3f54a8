"""How often somebody may try: counters in the database, so that ten replicas allow no more than one does."""

import ipaddress
import re
import time

from shop.api.hot import Hot
from shop.common.answers import Refused

_COUNT_SQLITE = (
    "INSERT INTO rate_counters (bucket, began_at, hits) VALUES (?, ?, 1) "
    "ON CONFLICT (bucket, began_at) DO UPDATE SET hits = hits + 1"
)
_COUNT_MYSQL = (
    "INSERT INTO rate_counters (bucket, began_at, hits) VALUES (?, ?, 1) ON DUPLICATE KEY UPDATE hits = hits + 1"
)
_HITS = "SELECT hits FROM rate_counters WHERE bucket = ? AND began_at = ?"


class Limits:
    """Counts tries by bucket and window. With `on` False nothing is counted and everything allowed."""

    def __init__(self, hot: Hot, *, sqlite: bool, on: bool) -> None:
        self._hot = hot
        self._count = _COUNT_SQLITE if sqlite else _COUNT_MYSQL
        self._on = on

    async def hit(self, what: str, who: str, most: int, seconds: int) -> None:
        """Counts one try of `who` at `what`; windows begin at whole multiples of `seconds`.

        Raises:
            Refused: 429 with the seconds to wait, when there were more than `most` in this window.
        """
        if not self._on:
            return
        now = time.time()
        began = int(now // seconds) * seconds
        bucket = f"{what}:{who}"
        await self._hot.change(self._count, bucket, began)
        # Counted first and read afterwards: two at once both see both, so it errs on the strict side.
        rows = await self._hot.fetch(_HITS, bucket, began)
        if rows[0][0] > most:
            wait = int(began + seconds - now) + 1
            refused = Refused(429, "too_many_requests", f"too many tries; again in {wait} s", retry_after=wait)
            refused.headers = {"Retry-After": str(wait)}
            raise refused


def client(host: str) -> str:
    """Whom an address counts as: one address of IPv4, a /64 of IPv6, which is what one line is given."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return re.sub(r"[^\w.:-]", "", host)[:64] or "unknown"
    if address.version == 6:
        return str(ipaddress.ip_network((int(address) >> 64 << 64, 64)).network_address)
    return str(address)
