"""Run every measurement that this machine can: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import importlib
import sys

NAMES = ("startup", "no_change", "changed_line", "provision")

if __name__ == "__main__":
    if unknown := [name for name in sys.argv[1:] if name not in NAMES]:
        sys.exit(f"benchmarks: there is no {unknown[0]}; there are {', '.join(NAMES)}")
    for name in sys.argv[1:] or NAMES:
        importlib.import_module(f"benchmarks.{name}").main()
