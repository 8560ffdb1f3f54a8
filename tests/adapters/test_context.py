"""Content tags: the same content gives the same tag anywhere, and anything that matters changes it."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from cloudnorth_cli.adapters import context
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Build, SecretSource


def project(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "src/app.py").write_text("print('hello')\n")
    (folder / "src/run.sh").write_text("#!/bin/sh\n")
    (folder / "src/run.sh").chmod(0o755)
    (folder / "src/link").symlink_to("app.py")
    (folder / "Dockerfile").write_text("FROM python:3.11\nCOPY src /src\n")
    return folder


def tag(root: Path, build: Build | None = None, **bases: str) -> str:
    return context.recipe(root, build or Build(), bases).tag


def test_two_clones_with_other_umasks_and_times_have_the_same_tag(tmp_path: Path) -> None:
    origin = project(tmp_path / "origin")
    git = ("git", "-c", "user.name=t", "-c", "user.email=t@example", "-c", "init.defaultBranch=main")
    (origin / ".dockerignore").write_text(".git\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run((*git, *words), cwd=origin, check=True)
    tags = set()
    for umask in (0o022, 0o077, 0o002):
        clone = tmp_path / f"clone-{umask:o}"
        subprocess.run((*git, "clone", "-q", str(origin), str(clone)), check=True, umask=umask)
        os.utime(clone / "src/app.py", (umask, umask))
        (clone / "src" / "empty").mkdir()
        tags.add(tag(clone))
    assert tags == {tag(origin)}


def change_bytes(root: Path) -> None:
    (root / "src/app.py").write_text("print('hullo')\n")


def add_file(root: Path) -> None:
    (root / "src/new.py").touch()


def remove_file(root: Path) -> None:
    (root / "src/run.sh").unlink()


def rename(root: Path) -> None:
    (root / "src/app.py").rename(root / "src/main.py")


def make_executable(root: Path) -> None:
    (root / "src/app.py").chmod(0o755)


def point_elsewhere(root: Path) -> None:
    (root / "src/link").unlink()
    (root / "src/link").symlink_to("run.sh")


def copy_instead_of_link(root: Path) -> None:
    (root / "src/link").unlink()
    (root / "src/link").write_bytes((root / "src/app.py").read_bytes())


def change_dockerfile(root: Path) -> None:
    (root / "Dockerfile").write_text("FROM python:3.11\nCOPY src /app\n")


@pytest.mark.parametrize(
    "change",
    [
        change_bytes,
        add_file,
        remove_file,
        rename,
        make_executable,
        point_elsewhere,
        copy_instead_of_link,
        change_dockerfile,
    ],
)
def test_what_an_image_holds_changes_its_tag(tmp_path: Path, change: Callable[[Path], None]) -> None:
    root = project(tmp_path)
    before = tag(root)
    change(root)
    assert tag(root) != before


def test_what_it_is_built_with_changes_its_tag(tmp_path: Path) -> None:
    root = project(tmp_path)
    builds = [
        Build(),
        Build(target="api"),
        Build(platform="linux/arm64"),
        Build(args={"VERSION": "1"}),
        Build(args={"VERSION": "2"}),
        Build(secrets={"token": SecretSource(env="TOKEN")}),
        Build(command="make image IMAGE={image}"),
    ]
    tags = [tag(root, build) for build in builds] + [tag(root, python="sha256:1"), tag(root, python="sha256:2")]
    assert len(set(tags)) == len(tags)


def test_where_a_secret_is_read_from_is_not_part_of_the_tag(tmp_path: Path) -> None:
    root = project(tmp_path)
    sources = (SecretSource(env="TOKEN"), SecretSource(file="token.txt"))
    assert len({tag(root, Build(secrets={"token": source})) for source in sources}) == 1


def test_an_ignored_file_may_change(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / "Dockerfile.dockerignore").write_text("*\n!src\n**/__pycache__\n")
    before = tag(root)
    (root / "src/__pycache__").mkdir()
    (root / "src/__pycache__/app.pyc").touch()
    (root / "README.md").write_text("more\n")
    assert tag(root) == before


@pytest.mark.parametrize(
    ("inside", "line"), [(".git", ".git"), (".cloudnorth", ".cloudnorth"), ("vendor/lib/.git", "**/.git")]
)
def test_a_context_that_would_carry_git_is_refused_with_the_line_to_add(tmp_path: Path, inside: str, line: str) -> None:
    root = project(tmp_path)
    (root / inside).mkdir(parents=True)
    (root / inside / "HEAD").touch()
    with pytest.raises(Refused) as refusal:
        context.paths(root, Build())
    assert refusal.value.status == 3
    assert inside in refusal.value.message
    assert f"add {line} to .dockerignore" in refusal.value.message
    assert refusal.value.where == str(root / ".dockerignore")
    subprocess.run(["sh", "-c", refusal.value.next[0]], check=True)
    assert "src/app.py" in context.paths(root, Build())


def test_all_that_a_context_must_not_carry_is_told_at_once(tmp_path: Path) -> None:
    root = project(tmp_path)
    for inside in (".git", ".cloudnorth/runs", "vendor/lib/.git"):
        (root / inside).mkdir(parents=True)
        (root / inside / "file").touch()
    (root / ".dockerignore").write_text("*.log")
    with pytest.raises(Refused, match="would carry .cloudnorth and .git and vendor/lib/.git") as refusal:
        context.paths(root, Build())
    subprocess.run(["sh", "-c", refusal.value.next[0]], check=True)
    assert (root / ".dockerignore").read_text() == "*.log\n.cloudnorth\n.git\n**/.git"
    assert "src/app.py" in context.paths(root, Build())


def test_a_git_file_of_a_worktree_is_refused_too(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / ".git").write_text("gitdir: elsewhere\n")
    with pytest.raises(Refused, match=r"\.git"):
        context.paths(root, Build())


def test_a_command_that_builds_is_not_asked_for_an_ignore_file(tmp_path: Path) -> None:
    root = project(tmp_path)
    build = Build(command="make")
    before = tag(root, build)
    (root / ".git").mkdir()
    (root / ".git/HEAD").touch()
    assert tag(root, build) == before


def test_a_context_that_is_not_there_and_a_dockerfile_that_is_not_there_are_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="nowhere is not a folder"):
        context.paths(tmp_path, Build(context="nowhere"))
    with pytest.raises(Refused, match="cannot read the Dockerfile"):
        context.base_images(tmp_path, Build())


def test_the_difference_names_files_arguments_and_base_images(tmp_path: Path) -> None:
    root = project(tmp_path)
    before = context.recipe(root, Build(args={"A": "1"}), {"python:3.11": "sha256:1"})
    change_bytes(root)
    add_file(root)
    remove_file(root)
    after = context.recipe(root, Build(args={"A": "2"}, target="api"), {"python:3.11": "sha256:2"})
    assert context.difference(before, after) == context.Difference(
        added=("src/new.py",),
        removed=("src/run.sh",),
        changed=("target", "build argument A", "base image python:3.11", "src/app.py"),
    )


def test_a_recipe_survives_being_written_down(tmp_path: Path) -> None:
    root = project(tmp_path)
    (root / os.fsdecode(b"caf\xe9")).touch()
    before = context.recipe(root, Build(), {})
    assert msgspec.json.decode(msgspec.json.encode(before), type=context.Recipe) == before


@pytest.mark.slow
def test_two_thousand_files_are_read_in_half_a_second(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / ".dockerignore").write_text("**/node_modules\n*.md\n!README.md\n**/*.pyc\n.git\n")
    for number in range(2000):
        file = tmp_path / f"pkg{number % 40}" / f"part{number % 7}" / f"{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(8000))
    took = []
    for _ in range(3):
        started = time.perf_counter()
        assert len(context.recipe(tmp_path, Build(), {}).files) > 2000
        took.append(time.perf_counter() - started)
    assert min(took) < 0.5
