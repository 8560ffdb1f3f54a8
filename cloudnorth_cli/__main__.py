"""The program's door: `--version` is answered before anything is imported, everything else by `cli`."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal` without its enums, whose import takes time
import gc
import os
import sys

from cloudnorth_cli import __version__

INTERRUPTED = 130
"""`ExitStatus.INTERRUPTED`, before there is one."""


def main() -> None:
    """The program: run its command line and end with its exit status."""
    for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) != _signal.SIG_IGN:  # as `nohup` and a shell's `&` leave it
            _signal.signal(number, _stop)
    # What is imported is no garbage, and nothing is left to tidy up at the end: together 20 ms of a --help
    # (docs/decisions/2026-11-24-start-up.md).
    gc.disable()
    try:
        status = run(sys.argv[1:])
        for number in (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP):
            _signal.signal(number, _signal.SIG_IGN)  # it is all said and done
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except BrokenPipeError:
        status = 0  # `| head` has seen enough
    except OSError as error:
        status = 1
        os.write(2, f"cannot write the output: {error.strerror}\n".encode())
    os._exit(status)


def _stop(number: int, frame: object) -> None:
    """A signal while nothing is begun: there is nothing to leave tidy, and no form of output was read yet."""
    os.write(2, f"stopped\nexit status {INTERRUPTED}\n".encode())
    os._exit(INTERRUPTED)


def run(words: list[str]) -> int:
    """Run one command line; returns the exit status."""
    if words == ["--version"]:
        print(f"cloudnorth {__version__}")
        return 0

    from cloudnorth_cli.errors import Interrupted
    from cloudnorth_cli.signals import interruptible

    with interruptible() as watch:
        watch.put_off = True  # until `session.run`: what a half-done import leaves behind cannot even say goodbye
        watch.on_again = lambda: _stop(0, None)
        try:
            from cloudnorth_cli import cli

            return cli.run(words, watch)
        except Interrupted as error:
            from cloudnorth_cli.cli import usage

            return usage.interrupted(words, watch, error)


if __name__ == "__main__":
    main()
