"""How fast it is to type: `cloudnorth --version` and `--help` against `kubectl version --client`."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path

from benchmarks.timing import in_turn, seconds, table

RUNS = 21
LAB_KUBECTL = Path("/run/cloudnorth-lab/bin/kubectl")
KUBECTL = "kubectl version --client"
BOUNDS = "bounds: --version at most 1.0 ×, --help at most 2.0 ×, through the real parser"


def main() -> None:
    ours = str(Path(sys.executable).with_name("cloudnorth"))
    kubectl = str(LAB_KUBECTL) if os.access(LAB_KUBECTL, os.X_OK) else shutil.which("kubectl")
    lines = {
        "python -c pass": (sys.executable, "-c", "pass"),
        "cloudnorth --version": (ours, "--version"),
        "cloudnorth --help": (ours, "--help"),
        "cloudnorth deploy --help": (ours, "deploy", "--help"),
    }
    if kubectl:
        lines[KUBECTL] = (kubectl, "version", "--client")
    times = in_turn({name: partial(seconds, words) for name, words in lines.items()}, RUNS)
    table("Start-up", times, against=KUBECTL if kubectl else None, bounds=BOUNDS)


if __name__ == "__main__":
    main()
