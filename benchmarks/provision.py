"""The apply phase of `provision` against bare `terraform apply FILE`, and how long a line of Terraform's is on its way.

The configuration has only resources that are built into Terraform: nothing is downloaded, no network is asked.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count
from pathlib import Path

from benchmarks.timing import in_turn, seconds, table
from tests.terraform.project import Ground, make
from tests.tool import PROGRAM, environ

RUNS = 5
ROUNDS = 3
"""Of each output; every one gives a time for each resource."""
RESOURCES = 40
CONFIGURATION = f"""
resource "terraform_data" "wait" {{
  count = {RESOURCES}
  provisioner "local-exec" {{ command = "sleep ${{1 + count.index * 0.037}}" }}
}}
"""
BARE = "terraform apply FILE"
OURS = "provision --apply DIR, its step apply"
WHOLE = "provision --apply DIR, from start to end"
LATE = 0.1
"""Seconds from Terraform's stream to the screen."""
TEE = """#!/bin/bash
set -o pipefail
[ "$1" = apply ] || exec terraform "$@"
terraform "$@" | tee "$STREAM"
"""
"""Terraform with its stream kept aside: tee's own time is counted as ours."""
_ENDED = re.compile(r'wait\[\d+\] created,|"type":"apply_complete"')
_DONE = re.compile(rf"(\d+) of {RESOURCES}\b")
_DRAWN = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
Reader = Callable[[Sequence[str], Path, dict[str, str]], list[float]]
"""Takes a command, its folder and environment; returns when the end of each resource was read, by the wall clock."""


def main() -> None:
    if shutil.which("terraform") is None:
        print("\nprovision: skipped, terraform is not installed")
        return
    with tempfile.TemporaryDirectory() as folder:
        fresh = _folders(Path(folder))
        _phases(fresh)
        _latencies(fresh)


def _phases(fresh: Iterator[Path]) -> None:
    whole: list[float] = []

    def ours() -> float:
        ground, kept = _planned(next(fresh))
        started = time.monotonic()
        ran = ground.run("provision", "--apply", str(kept))
        whole.append(time.monotonic() - started)
        assert ran.status == 0, ran.out + ran.err
        return float(ran.step("apply")["seconds"])

    times = in_turn({BARE: lambda: _bare(next(fresh)), OURS: ours}, RUNS)
    rounds = [mine / theirs for mine, theirs in zip(times[OURS], times[BARE], strict=True)]
    bounds = (
        f"bound: the step at most 1.05 ×; round by round {', '.join(f'{ratio:.3f}' for ratio in rounds)}, "
        f"median {statistics.median(rounds):.3f}"
    )
    title = f"Applying a plan of {RESOURCES} resources that sleep"
    table(title, {**times, WHOLE: whole[1:]}, against=BARE, bounds=bounds)


def _bare(root: Path) -> float:
    root.mkdir()
    (root / "main.tf").write_text(CONFIGURATION)
    surroundings = environ({"TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"})
    for words in (("init",), ("plan", "-out", "plan.tfplan")):
        seconds(("terraform", *words, "-input=false"), cwd=root, env=surroundings)
    return seconds(("terraform", "apply", "-input=false", "plan.tfplan"), cwd=root, env=surroundings)


def _planned(root: Path, **settings: str) -> tuple[Ground, Path]:
    """A project with a plan that waits to be applied, and the plan's folder."""
    ground = make(root, terraform={"dir": "tf", "vars": ["dev.tfvars"], **settings})
    ground.write(CONFIGURATION)
    kept = root / "kept"
    ran = ground.run("provision", "--plan", "--out", str(kept))
    assert ran.status == 0, ran.out + ran.err
    return ground, kept


def _folders(root: Path) -> Iterator[Path]:
    return (root / str(number) for number in count())


def _latencies(fresh: Iterator[Path]) -> None:
    times: dict[str, list[float]] = {name: [] for name in READERS}
    for _ in range(ROUNDS):
        for name, (words, reader) in READERS.items():
            times[name] += _late(next(fresh), words, reader)
    late = ", ".join(f"{sum(one > LATE for one in measured)} of {len(measured)}" for measured in times.values())
    title = "From apply_complete in Terraform's stream (its @timestamp) to who reads it, or reads us"
    table(title, times, bounds=f"bound: {LATE:.1f} s; later than that: {late}")


def _late(root: Path, words: Sequence[str], reader: Reader) -> list[float]:
    """Seconds until each resource's end was read; without words from Terraform itself."""
    program, stream = root.with_suffix(".sh"), root.with_suffix(".jsonl")
    program.write_text(TEE)
    program.chmod(0o700)
    ground, kept = _planned(root, command=str(program))
    line: Sequence[str] = (*PROGRAM, "provision", "--env", "dev", *words, "--apply", str(kept))
    if not words:
        line = (str(program), "apply", "-json", "-input=false", str(kept / "plan.tfplan"))
    here = {"STREAM": str(stream), "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
    shown = {"TERM": "xterm", "LANG": "C.UTF-8", "TF_DATA_DIR": ".terraform-dev"}
    seen = reader(line, ground.root / "tf", environ(ground.extra | here | shown))
    told = _told(stream)
    assert len(seen) == len(told) == RESOURCES, (line, len(seen), len(told))
    return [after - before for before, after in zip(told, seen, strict=True)]


def _told(stream: Path) -> list[float]:
    """When Terraform says that it completed each resource, in its order."""
    events = (json.loads(line) for line in stream.read_text().splitlines())
    return [
        datetime.fromisoformat(event["@timestamp"]).timestamp() for event in events if event["type"] == "apply_complete"
    ]


def _by_lines(words: Sequence[str], cwd: Path, env: dict[str, str]) -> list[float]:
    """When each resource's line came out of a pipe. Lines keep Terraform's order."""
    seen: list[float] = []
    with subprocess.Popen(words, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        for line in process.stdout:
            now = time.time()
            if _ENDED.search(line.decode()):
                seen.append(now)
    assert process.returncode == 0
    return seen


def _on_a_terminal(words: Sequence[str], cwd: Path, env: dict[str, str]) -> list[float]:
    """When a terminal was first sent each count of what is done."""
    ours, theirs = pty.openpty()
    seen: list[float] = []
    text = ""
    with subprocess.Popen(words, cwd=cwd, env=env, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        while data := _read(ours):
            now = time.time()
            text = text[-200:] + _DRAWN.sub("", data.decode(errors="replace"))
            highest = max((int(found) for found in _DONE.findall(text)), default=0)
            seen += [now] * (highest - len(seen))
    os.close(ours)
    assert process.returncode == 0
    return seen


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: nobody has the other end open any more
        return b""


READERS: dict[str, tuple[tuple[str, ...], Reader]] = {
    "terraform apply -json itself": ((), _by_lines),
    "-o json, a line a resource": (("-o", "json"), _by_lines),
    "-o plain -v, a line a resource": (("-o", "plain", "-v"), _by_lines),
    "-o live, the count beside the bar": (("-o", "live"), _on_a_terminal),
}

if __name__ == "__main__":
    main()
