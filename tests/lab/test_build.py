"""What is built is there whole or not at all, once, whoever builds it and whenever they are killed."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import tarfile
from importlib import metadata
from pathlib import Path

import pytest

from tests.lab.build import images, python
from tests.lab.build.go import COMMANDS, PACKAGES, program
from tests.lab.build.steps import made_once, run
from tests.lab.errors import LabError
from tests.lab.node import ended
from tests.lab.settings import VERSIONS
from tests.lab.wait import until

ROOT = Path(__file__).parents[2]
SLOW_BUILD = """
import sys
from pathlib import Path
from tests.lab.build.steps import made_once
with made_once(Path(sys.argv[1]), "it") as into:
    if into:
        (into / "half").touch()
        print("half", flush=True)
        sys.stdin.read()
"""


def test_a_build_that_fails_leaves_nothing_in_its_place(tmp_path: Path) -> None:
    target = tmp_path / "it"

    def build() -> None:
        with made_once(target, "it") as into:
            assert into
            (into / "file").touch()
            run(["false"], tmp_path / "log")

    with pytest.raises(LabError):
        build()
    assert not target.exists()


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    for expected in (True, False):
        with made_once(tmp_path / "it", "it") as into:
            assert (into is not None) is expected


def test_a_killed_build_is_started_anew_by_the_next(tmp_path: Path) -> None:
    target = tmp_path / "it"
    builder = _build_slowly(target)
    builder.kill()
    builder.wait()
    with made_once(target, "it") as into:
        assert into
        assert not list(into.iterdir())
    assert target.is_dir()


def test_a_second_builder_waits_for_the_first_and_finds_its_work(tmp_path: Path) -> None:
    target = tmp_path / "it"
    first = _build_slowly(target)
    second = subprocess.Popen([sys.executable, "-c", SLOW_BUILD, str(target)], cwd=ROOT, stdout=subprocess.PIPE)
    locks = Path("/proc/locks")
    until(lambda: f" -> FLOCK  ADVISORY  WRITE {second.pid} " in locks.read_text(), "the second builder to wait", 20)
    first.communicate(b"")
    assert second.communicate()[0] == b""
    assert (target / "half").exists()


def test_a_program_that_fails_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"sh failed with 3(.|\n)*    out of cheese"):
        run(["sh", "-c", "echo out of cheese >&2; exit 3"], tmp_path / "log")


def test_a_program_ends_with_its_killed_builder(tmp_path: Path) -> None:
    code = "import sys, pathlib as p; from tests.lab.build.steps import run; run(sys.argv[2:], p.Path(sys.argv[1]))"
    note = tmp_path / "pid"
    argv = [sys.executable, "-c", code, str(tmp_path / "log"), "sh", "-c", f"echo $$ > {note}; exec sleep 300"]
    builder = subprocess.Popen(argv, cwd=ROOT)
    until(lambda: note.exists() and note.read_text().endswith("\n"), "the program to start", 20)
    builder.kill()
    builder.wait()
    until(lambda: ended(int(note.read_text())), "the program to end", 20)


def test_every_program_has_its_version_in_its_place_in_the_cache() -> None:
    for name in (*COMMANDS, *PACKAGES):
        version = VERSIONS.go("kubernetes" if name in COMMANDS else name)
        assert program(name).parent.name.endswith(version)


def test_an_image_of_files_is_what_a_registry_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "tool").write_text("#!/bin/sh\n")
    recipe = images.Recipe("a/b:1", files={"bin/tool": tmp_path / "tool"}, config={"Entrypoint": ["/bin/tool"]})
    into = tmp_path / "image"
    into.mkdir()
    images.pack(recipe, into)
    manifest = json.loads((into / "manifest").read_text())
    layer, config = (into / "layer").read_bytes(), (into / "config").read_bytes()
    assert manifest["layers"][0]["digest"] == images.digest(layer)
    assert manifest["layers"][0]["size"] == len(layer)
    assert manifest["config"]["digest"] == images.digest(config)
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        assert [(entry.name, oct(entry.mode)) for entry in tar] == [("bin/tool", "0o755")]
    assert json.loads(config)["config"] == {"Entrypoint": ["/bin/tool"]}


def _build_slowly(target: Path) -> subprocess.Popen[bytes]:
    argv = [sys.executable, "-c", SLOW_BUILD, str(target)]
    builder = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert builder.stdout
    assert builder.stdout.readline() == b"half\n"
    return builder


def test_moto_is_of_the_lock_s_version_and_another_one_has_another_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    here = python.libraries()
    assert here.name.startswith(f"moto-{metadata.version('moto')}-")
    lock = tmp_path / "lock"
    lock.write_text(re.sub(r"(?m)^botocore==\S+", "botocore==0.0.1", python.LOCK.read_text()))
    monkeypatch.setattr(python, "LOCK", lock)
    assert python.libraries() != here
