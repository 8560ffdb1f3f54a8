"""What a machine does to a release besides killing it: full disk, clock set back, long paths, two at once, a reboot.

After each: the old or the new release serves, data is as it was, nobody is left over, and the next deploy succeeds.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Result
from cloudnorth_cli.platforms.local.place import Place
from tests.platforms.conftest import Make
from tests.platforms.local_project import LocalProject
from tests.tool import Ran, cloudnorth

pytestmark = pytest.mark.slow


def well(local: LocalProject, text: str, kept: Path | None = None) -> None:
    """That this is what serves, with nobody besides."""
    assert local.ask()["text"] == text
    assert len(local.processes()) == 3
    assert local.platform().status().healthy
    assert kept is None or kept.read_text() == "an order"


def ordered(local: LocalProject) -> Path:
    """Deploy, and let somebody order something."""
    assert local.deploy().exit_status == 0
    kept = Path(local.ask()["env"]["KEPT"])
    kept.write_text("an order")
    return kept


Room = Callable[[int | None], None]


@pytest.fixture
def room(make: Make, tmp_path: Path) -> Iterator[Room]:
    """Leaves so many bytes on the disk of the environment, a tmpfs of 4 MB; None: all of it again.

    Who may not mount one is given a limit of so many bytes a file instead.
    """
    disk = tmp_path / "data with spaces"
    disk.mkdir()
    if os.geteuid() != 0:
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        yield lambda left: resource.setrlimit(resource.RLIMIT_FSIZE, (limit[0] if left is None else left, limit[1]))
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
        return
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)], check=True)
    ballast = disk / "ballast"

    def leave(left: int | None) -> None:
        ballast.unlink(missing_ok=True)
        if left is not None:
            with ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - left)

    yield leave
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize(
    "left",
    [
        0,
        32_768,
        *(pytest.param(each, marks=pytest.mark.repeat) for each in (4096, 8192, 16_384, 65_536, 131_072, 262_144)),
    ],
)
def test_a_full_disk_is_told_at_whatever_step_it_fills(local: LocalProject, room: Room, left: int) -> None:
    kept = ordered(local)
    local.write("two")
    room(left)
    deployed = local.deploy()
    serves = "one" if deployed.exit_status else "two"
    if deployed.exit_status:
        assert deployed.exit_status in (3, 4), deployed.error
        assert deployed.error is not None
        assert deployed.error.code in ("disk", "bundle", "records"), deployed.error
        assert "No space left" in deployed.error.message or "disk is full" in deployed.error.message, deployed.error
    well(local, serves, kept)
    room(None)
    assert local.deploy().exit_status == 0
    well(local, "two", kept)


def with_clock(local: LocalProject, ahead: str, *words: str) -> Ran:
    """The tool as on a machine whose clock is wrong; what runs already has the right one."""
    assert local.environment
    import libfaketime

    library = next(Path(libfaketime.__file__).parent.rglob("libfaketime.so.1"))
    extra = {"LD_PRELOAD": str(library), "FAKETIME": ahead, "DONT_FAKE_MONOTONIC": "1"}
    return cloudnorth(*words, "--env", "local", "-o", "json", cwd=local.root, extra=extra)


def test_a_clock_set_back_by_a_day_between_two_deploys(local: LocalProject) -> None:
    kept = ordered(local)
    local.write("two")
    ahead = with_clock(local, "+1d", "deploy")
    assert ahead.status == 0, ahead.out
    local.write("three")
    assert local.deploy().exit_status == 0
    well(local, "three", kept)
    assert [record.release.number for record in local.platform().history(9)] == [3, 2, 1]
    assert local.rollback().exit_status == 0
    well(local, "two", kept)
    behind = with_clock(local, "-2d", "restart")
    assert behind.status == 0, behind.out
    well(local, "two", kept)


def test_two_deploys_at_once(local: LocalProject) -> None:
    """One releases; the other is refused with its name, or comes after it."""
    kept = ordered(local)
    local.write("two")
    results: list[Result] = []
    both = [threading.Thread(target=lambda: results.append(local.deploy())) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    statuses = sorted(each.exit_status for each in results)
    assert statuses in ([0, 0], [0, 6]), [each.error for each in results]
    if 6 in statuses:
        refused = next(each for each in results if each.exit_status == 6)
        assert refused.error is not None
        assert "tester@here" in refused.error.message
    well(local, "two", kept)
    assert local.deploy().outcome == "unchanged"


def test_a_reboot_and_the_same_release_again(local: LocalProject) -> None:
    kept = ordered(local)
    number = local.platform().history(1)[0].release.number
    for process in local.processes():
        process.kill()
    shutil.rmtree(local.platform().place.runtime)  # /run and /tmp are empty then
    deployed = local.deploy()
    assert deployed.exit_status == 0, deployed.error
    well(local, "one", kept)
    assert deployed.release is not None
    assert local.platform().history(9)[-1].release.number == number


@pytest.mark.repeat
def test_a_second_project_is_none_of_the_first_one_s_business(make: Make) -> None:
    one, other = make(name="one", port=18_970), make(name="other", port=18_970)
    kept = ordered(one)
    other.write("other")
    ordered(other)
    for process in other.processes():
        process.kill()
    one.write("two")
    assert one.deploy().exit_status == 0
    well(one, "two", kept)
    assert other.deploy().exit_status == 0
    well(other, "other")
    well(one, "two", kept)


def test_paths_too_long_for_a_socket_are_told_before_anything_begins(
    local: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 90)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))
    assert local.deploy().exit_status == 0  # a short place is found
    sockets = local.platform().place
    assert not sockets.runtime.is_relative_to(long)
    assert sockets.runtime.stat().st_mode & 0o777 == 0o700
    assert {each.stat().st_mode & 0o077 for each in sockets.runtime.iterdir()} == {0}
    with pytest.raises(Refused, match="104"):
        Place(sockets.home, long / "run").make()
