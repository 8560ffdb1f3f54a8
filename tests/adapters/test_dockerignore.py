"""Which files Docker leaves out: single rules, and whole ignore files against BuildKit itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from cloudnorth_cli.adapters import context
from cloudnorth_cli.adapters.dockerignore import read_rules, rule
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Build

# Most are from the library's own tests (github.com/moby/patternmatcher v0.6.0, patternmatcher_test.go).
CASES = [
    ("**", "file", True),
    ("**/", "dir/file", True),
    ("**/**", "dir/file", True),
    ("dir/**", "dir/file", True),
    ("dir/**", "dir/dir2/file", True),
    ("**/dir", "dir", True),
    ("**/dir", "a/b/dir", True),
    ("**/dir", "adir", False),
    ("**/dir2/*", "dir/dir2/file", True),
    ("**/dir2/**", "dir/dir2/dir2/file", True),
    ("**file", "file", True),
    ("**file", "dir/file", True),
    ("**/file", "dir/dir/file", True),
    ("**/file*", "dir/dir/file.txt", True),
    ("**/file*txt", "dir/dir/file.txt", True),
    ("**/file*.txt*", "dir/dir/file.txt", True),
    ("**/**/*.txt", "dir/dir/file.txt", True),
    ("**/**/*.txt2", "dir/dir/file.txt", False),
    ("**/*.txt", "file.txt", True),
    ("a**/*.txt", "a/file.txt", True),
    ("a**/*.txt", "a/dir/dir/file.txt", True),
    ("a/*.txt", "a/dir/file.txt", False),
    ("a/*.txt**", "a/file.txt", True),
    ("a[b-d]e", "ae", False),
    ("a[b-d]e", "ace", True),
    ("a[^b-d]e", "aze", True),
    (".*", ".foo", True),
    (".*", "foo", False),
    ("abc.def", "abcdef", False),
    ("abc?def", "abc/def", False),
    ("abc?def", "abcZdef", True),
    ("a\\\\", "a\\", True),
    ("a\\*b", "a*b", True),
    ("a\\*b", "axb", False),
    ("a.|)$(}+{bc", "a.|)$(}+{bc", True),
    ("dist/*.whl", "dist/a.whl", True),
    ("./x/../y/", "y", True),
    ("/y", "y", True),
    ("Y", "y", False),
    (".", "y", False),
]


@pytest.mark.parametrize(("pattern", "path", "expected"), CASES)
def test_a_rule_matches_as_the_library_of_docker_does(pattern: str, path: str, expected: bool) -> None:
    assert rule(pattern).matches(path) is expected


def test_a_line_that_docker_refuses_is_refused_with_its_number(tmp_path: Path) -> None:
    ignoring = tmp_path / ".dockerignore"
    ignoring.write_text("# fine\n*.md\n!\n")
    with pytest.raises(Refused) as refusal:
        read_rules(ignoring)
    assert refusal.value.where == f"{ignoring}:3"


TREE = [
    "README.md",
    "keep.md",
    "a/one.md",
    "a/b/two.md",
    "a/b/three.txt",
    "a/b/keep/four.txt",
    "node_modules/x/index.js",
    "web/node_modules/y/index.js",
    "web/src/node_modules.txt",
    "web/src/[odd].js",
    ".env",
    ".hidden/file",
    "#hash",
    "with space.txt",
    "Case.TXT",
]

IGNORE_FILES = {
    "nothing": "",
    "comments, blanks and a byte order mark": "\ufeff*.md\n\n  # no comment\n#hash\n   .env   \n",
    "a folder anywhere": "**/node_modules\n",
    "a file below everything": "**/*.md\n!README.md\n",
    "all but": "*\n!a\n!web/src\n",
    "a file taken back from a folder": "a\n!a/b/three.txt\n",
    "a folder taken back and a part left out again": "a/*\n!a/b\na/b/keep\n",
    "the last rule decides": "*.md\n!keep.md\n*.md\n",
    "slashes and dots": "/a/\n./web/../web/src/\n",
    "one star is one level": "*/*.md\n*/*/*.js\n",
    "case counts": "case.txt\n",
    "letters in brackets": "web/src/\\[odd\\].js\n[#]hash\n",
    "dot files": ".*\n",
    "the ignore file itself": ".dockerignore\nDockerfile\n",
    "taken back before it is left out": "!a/one.md\na/one.md\n",
}


def grow(folder: Path) -> None:
    for name in TREE:
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (folder / "link").symlink_to("a/one.md")
    (folder / "link to folder").symlink_to("a")
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")


@pytest.mark.lab
@pytest.mark.parametrize("own", [False, True], ids=[".dockerignore", "Dockerfile.dockerignore"])
def test_the_files_are_those_that_buildkit_sends(tmp_path: Path, own: bool, docker_client: tuple[str, ...]) -> None:
    wrong = {}
    for number, (name, text) in enumerate(IGNORE_FILES.items()):
        folder, sent = tmp_path / str(number), tmp_path / f"sent-{number}"
        grow(folder)
        if own:
            (folder / ".dockerignore").write_text("*\n")
        (folder / ("Dockerfile.dockerignore" if own else ".dockerignore")).write_text(text)
        words = (*docker_client, "build", "--quiet", "--output", f"type=local,dest={sent}", str(folder))
        subprocess.run(words, check=True, capture_output=True)
        real = {str(path.relative_to(sent)) for path in sent.rglob("*") if path.is_symlink() or path.is_file()}
        ours = set(context.paths(folder, Build()))
        if ours != real:
            wrong[name] = {"only ours": sorted(ours - real), "only BuildKit's": sorted(real - ours)}
    assert not wrong
