"""Every table of the local platform, with the bundled shop, in at most six minutes: `python -m benchmarks.local`."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from benchmarks.local import compose, deploys, front, memory
from tests.e2e import shop as shops

PORT = 18_765


def main() -> None:
    print(f"load average at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        shop = shops.on_this_machine(Path(folder), PORT)
        try:
            deploys.measure(shop)
            memory.measure(shop, "after the deploys")
            front.measure(shop)
            memory.measure(shop, f"after {front.REQUESTS:,} requests")
        finally:
            shops.remove(shop)
    compose.measure()


if __name__ == "__main__":
    main()
