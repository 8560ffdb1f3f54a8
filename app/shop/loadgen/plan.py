"""What a run is told: where, how fast, for how long, and what the shoppers do there."""

from dataclasses import dataclass, field

from shop.common.settings import SettingsError

MIX = {"browse": 60, "search": 10, "cart": 24, "checkout": 6}
"""Shares of the requests. Near the load generator of Google's Online Boutique (`src/loadgenerator/locustfile.py`): of
its nineteen requests eleven look at products, five go to the cart, one checks out; it has no search."""

IN_FLIGHT = 1000
"""Requests under way at once; what is due beyond them is not sent and counts as dropped."""

LATE_MS = 50.0
"""A send that leaves later than this after its time is the generator's own fault, and said so."""


@dataclass(frozen=True)
class Plan:
    """One run. `seconds` 0: until it is told to stop. `paths`: only GETs of these, in turn, on any web server."""

    url: str
    rate: float
    seconds: float
    timeout: float = 10.0
    mix: dict[str, int] = field(default_factory=lambda: dict(MIX))
    paths: tuple[str, ...] = ()
    header: str = "X-Release"
    seed: int = 1

    @property
    def planned(self) -> int | None:
        """Requests that are due in all; None without an end."""
        return round(self.rate * self.seconds) if self.seconds else None


def read_mix(text: str) -> dict[str, int]:
    """`browse=60,search=10` as shares; a kind that is not named gets none.

    Raises:
        SettingsError: with what is wrong about it.
    """
    mix = dict.fromkeys(MIX, 0)
    for part in text.split(","):
        name, _, share = part.partition("=")
        if name not in mix or not share.isdigit():
            raise SettingsError(
                f"a mix looks like {','.join(f'{kind}={share}' for kind, share in MIX.items())}: {part!r}"
            )
        mix[name] = int(share)
    if not sum(mix.values()):
        raise SettingsError("a mix in which nothing has a share sends nothing")
    return mix
