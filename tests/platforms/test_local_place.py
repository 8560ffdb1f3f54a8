"""Where an environment's things are."""

from __future__ import annotations

import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.platforms.local import ports
from cloudnorth_cli.platforms.local.place import Place, place
from cloudnorth_cli.settings import Environment, EnvironmentFile


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder with a short name."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # pytest's own folders are too deep
        yield Path(folder)


def environment(root: Path, name: str = "local") -> Environment:
    return Environment(
        project="shop",
        name=name,
        root=root,
        config_path=root / "cloudnorth.yaml",
        services={},
        migrate=None,
        verify=(),
        file=EnvironmentFile(platform="local"),
    )


def test_each_project_folder_and_environment_has_a_place_of_its_own(tmp_path: Path) -> None:
    variables = {"XDG_DATA_HOME": str(tmp_path), "HOME": "/home/me"}
    homes = {
        place(environment(root, name), variables).home
        for root in (tmp_path / "one", tmp_path / "two")
        for name in ("local", "other")
    }
    assert len(homes) == 4
    assert {home.parent.parent for home in homes} == {tmp_path / "cloudnorth"}


def test_without_variables_it_is_in_the_home_folder(tmp_path: Path) -> None:
    found = place(environment(tmp_path), {"HOME": "/home/me too"})
    assert str(found.home).startswith("/home/me too/.local/share/cloudnorth/shop-")
    assert str(found.runtime).startswith("/tmp/cloudnorth-")  # noqa: S108 - the system's own, by its name


def test_a_runtime_folder_too_deep_for_a_socket_is_not_used(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 90)
    deep.mkdir()
    found = place(environment(tmp_path), {"HOME": "/home/me", "XDG_RUNTIME_DIR": str(deep)})
    assert len(str(found.supervisor_socket)) < 60


def test_what_runs_is_found_by_a_shell_with_another_runtime_folder(tmp_path: Path, short: Path) -> None:
    variables = {"XDG_DATA_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(short)}
    first = place(environment(tmp_path), variables)
    first.make()
    assert first.runtime.is_relative_to(short)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(first.supervisor_socket))
        assert place(environment(tmp_path), {"XDG_DATA_HOME": str(tmp_path)}).runtime == first.runtime
    first.supervisor_socket.unlink()
    assert place(environment(tmp_path), {"XDG_DATA_HOME": str(tmp_path)}).runtime != first.runtime


def test_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    made = Place(tmp_path / "home", tmp_path / "run" / "8hex")
    made.make()
    for folder in (made.home, made.runtime, made.runtime.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_runtime_folder_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Refused, match="belongs to somebody else"):
        Place(tmp_path / "home", tmp_path / "run" / "8hex").make()


def test_a_port_with_a_listener_is_not_free_and_the_next_one_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert not ports.free(port)
        assert ports.next_free(port) > port


def test_ports_for_services_differ_and_are_below_what_goes_out() -> None:
    found = ports.for_services(50, taken=())
    assert len(set(found)) == 50
    assert max(found) < 32768
