"""The program's door: `--version` is answered before anything is imported, everything else by `cli`."""

from __future__ import annotations

import sys

from cloudnorth_cli import __version__


def main(arguments: list[str] | None = None) -> int:
    """Run one command line; returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
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
    sys.exit(main())
