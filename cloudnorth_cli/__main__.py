"""The program's door: `--version` is answered before anything is imported, everything else by `cli`."""

from __future__ import annotations

import gc
import os
import sys

from cloudnorth_cli import __version__


def main() -> None:
    """The program: run its command line and end with its exit status."""
    # What is imported is no garbage, and nothing is left to tidy up at the end: together 20 ms of a --help
    # (docs/decisions/2026-11-24-start-up.md).
    gc.disable()
    try:
        status = run(sys.argv[1:])
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except BrokenPipeError:
        status = 0  # `| head` has seen enough
    except OSError as error:
        status = 1
        os.write(2, f"cannot write the output: {error.strerror}\n".encode())
    os._exit(status)


def run(words: list[str]) -> int:
    """Run one command line; returns the exit status."""
    if words == ["--version"]:
        print(f"cloudnorth {__version__}")
        return 0

    from cloudnorth_cli.errors import Interrupted
    from cloudnorth_cli.signals import interruptible

    with interruptible() as watch:
        try:
            from cloudnorth_cli import cli

            return cli.run(words, watch)
        except Interrupted as error:
            from cloudnorth_cli.cli import usage

            return usage.interrupted(words, watch, error)


if __name__ == "__main__":
    main()
