"""Lines of all services by time, and as they come."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudnorth_cli.model import LogQuery, Release
from cloudnorth_cli.platforms.local import lineup, logs
from cloudnorth_cli.platforms.local.lineup import Lineup, Process
from cloudnorth_cli.platforms.local.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, tmp_path / "run")
    made.logs.mkdir()
    return made


def serve(place: Place, *names: str) -> None:
    """These processes serve."""
    processes = tuple(
        Process(
            name=name,
            service=name.rpartition("-")[0],
            port=1,
            key="",
            release=1,
            commit="",
            started_at=datetime.now(UTC),
        )
        for name in names
    )
    made = Lineup(number=len(names), release=Release(id="", number=1, revision=1), processes=processes)
    lineup.write(place, made, None)
    lineup.switch(place, made)


def texts(place: Place, **query: object) -> list[str]:
    return [line.text for line in logs.lines(place, LogQuery(**query))]  # type: ignore[arg-type]


def test_services_are_merged_by_the_times_that_their_lines_tell(place: Place) -> None:
    (place.logs / "api-1.log").write_text(
        '{"time": "2026-11-24T10:00:01Z", "m": 1}\n{"ts": 1795514405.5, "m": 3}\n  of a traceback\n'
    )
    (place.logs / "page-2.log").write_text("2026-11-24 10:00:03,250 INFO two\n[2026-11-24T11:00:00+00:00] four\n")
    serve(place, "api-1", "page-2")
    got = texts(place)
    assert [got.index(each) for each in got if "m" in each or "INFO" in each or "four" in each] == [0, 1, 2, 4]
    assert got[0].endswith('"m": 1}')
    assert got[1].endswith("INFO two")
    assert got[2:] == ['{"ts": 1795514405.5, "m": 3}', "  of a traceback", "[2026-11-24T11:00:00+00:00] four"]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ('{"timestamp": "2026-11-24T10:00:00+02:00"}', datetime(2026, 11, 24, 8, tzinfo=UTC)),
        ('{"at": 1795514400000}', datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ("2026-11-24T10:00:00Z ready", datetime(2026, 11, 24, 10, tzinfo=UTC)),
        ('{"no": "time"}', None),
        ('{"time": "soon"}', None),
        ("{broken", None),
        ("plain", None),
    ],
)
def test_times_are_read_in_the_usual_forms(text: str, at: datetime | None) -> None:
    assert logs.when(text) == at


def test_what_serves_is_shown_and_with_previous_what_served_before(place: Place) -> None:
    for number in (1, 2, 3):
        (place.logs / f"api-{number}.log").write_text(f"of {number}\n")
    serve(place, "api-3")
    assert texts(place) == ["of 3"]
    assert texts(place, previous=True) == ["of 2"]
    assert texts(place, services=("page",)) == []


def test_only_the_last_lines_of_each_process(place: Place) -> None:
    (place.logs / "api-1.log").write_text("".join(f"{number}\n" for number in range(10)))
    serve(place, "api-1")
    assert texts(place, tail=2) == ["8", "9"]
    assert len(texts(place, tail=None)) == 10


def test_following_goes_on_over_a_new_release_and_a_file_begun_anew(place: Place) -> None:
    file = place.logs / "api-1.log"
    file.write_text("old one, long enough to be longer than what follows\n")
    serve(place, "api-1")
    got: list[str] = []

    def follow() -> None:
        for line in logs.lines(place, LogQuery(follow=True)):
            got.append(f"{line.source} {line.text}")
            if line.text == "end":
                return

    reading = threading.Thread(target=follow, daemon=True)
    reading.start()
    wait_for(lambda: len(got) == 1)
    with file.open("a") as more:
        more.write("half a ")
        more.flush()
        more.write("line\n")
    wait_for(lambda: len(got) == 2)
    (place.logs / "api-2.log").write_text("next release\n")
    wait_for(lambda: len(got) == 3)
    file.write_text("anew\n")
    wait_for(lambda: len(got) == 4)
    (place.logs / "api-2.log").open("a").write("end\n")
    reading.join(10)
    assert got[1:] == ["api-1 half a line", "api-2 next release", "api-1 anew", "api-2 end"]


def wait_for(condition: object) -> None:
    assert callable(condition)
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
