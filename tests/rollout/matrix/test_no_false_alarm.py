"""What comes right by itself is waited for: nothing of it is ever taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.rollout.matrix import lane as lanes
from tests.rollout.matrix.calm import CALM, Calm
from tests.rollout.matrix.running import keep, surroundings
from tests.tool import Ran

pytestmark = [pytest.mark.lab, pytest.mark.repeat, pytest.mark.xdist_group("calm"), pytest.mark.timeout(900)]
Played = dict[str, Ran | Exception]


def play(folder: Path) -> Played:
    """Every scenario once, side by side, each in a namespace of its own."""
    found: Played = {}

    def one(number: int, calm: Calm, address: str) -> None:
        lane = None
        try:
            lane = lanes.served(folder, f"calm{number}")
            found[calm.name] = ran = calm.play(lane, address)
            keep(calm.name, lane.kept(ran, "rollout.ndjson"))
        except Exception as error:
            found[calm.name] = error
        finally:
            if lane:
                lane.remove()

    with surroundings(folder) as address, ThreadPoolExecutor(len(CALM)) as pool:
        for number, calm in enumerate(CALM):
            pool.submit(one, number, calm, address)
        pool.shutdown()
    return found


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(tmp_path_factory.mktemp("calm"))


@pytest.mark.parametrize("calm", CALM, ids=lambda calm: calm.name)
def test_no_false_alarm(calm: Calm, played: Played) -> None:
    ran = played[calm.name]
    if isinstance(ran, Exception):
        raise ran
    assert ran.status == 0, ran.out + ran.err


@pytest.mark.timeout(5000)
@pytest.mark.parametrize("time", range(9))
def test_no_false_alarm_again_and_again(time: int, tmp_path: Path) -> None:
    played = play(tmp_path)
    wrong = {name: ran for name, ran in played.items() if isinstance(ran, Exception) or ran.status != 0}
    assert wrong == {}
