"""`python -m tests.lab up|down|status|check|build|shell [PROGRAM …]`.

Exit status: 0 done, 1 a part failed, 3 this machine cannot run the lab (the reasons are shown), 7 `status`: not up.
"""

from __future__ import annotations

import argparse
import sys

from tests.lab import facts, lifecycle, machine, shell
from tests.lab.build import build_all
from tests.lab.build.steps import say
from tests.lab.errors import LabError, LabUnavailable
from tests.lab.settings import load_settings


def main(argv: list[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    arguments = _parser().parse_args(argv)
    try:
        return _run(arguments)
    except LabUnavailable as error:
        say(f"cannot run on this machine:\n{error}")
        return 3
    except LabError as error:
        say(f"failed: {error}")
        return 1


def _run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments.name, arguments.range)
    if arguments.verb == "check":
        machine.require()
    elif arguments.verb == "build":
        machine.require()
        build_all()
    elif arguments.verb == "down":
        lifecycle.down(settings)
        say(f"{settings.name} is down")
    elif arguments.verb == "up":
        lab = lifecycle.up(settings, arguments.nodes)
        say(f"kubeconfig {lab.kubeconfig}, engine {lab.docker_host}, registry {lab.registry}, programs {lab.bin}")
    elif arguments.verb == "shell":
        shell.enter(lifecycle.up(settings), arguments.program)
    else:
        lab_or_none = facts.read(settings)
        ill = lifecycle.ailing(settings, lab_or_none) if lab_or_none else []
        if lab_or_none is None or ill:
            say(f"{settings.name} is not up{': no answer from ' + ', '.join(ill) if ill else ''}")
            return 7
        print(facts.path(settings).read_text(), end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="The lab: real parts on one machine.")
    parser.add_argument("verb", choices=["up", "down", "status", "check", "build", "shell"])
    parser.add_argument("program", nargs="*", help="what to run instead of your shell, behind -- (shell)")
    parser.add_argument("--nodes", type=int, default=1, choices=range(1, 5), help="Kubernetes nodes (up)")
    parser.add_argument("--name", help="the lab's name, and its link's; default from versions.toml")
    parser.add_argument("--range", help="the lab's /16; default from versions.toml")
    return parser


if __name__ == "__main__":
    sys.exit(main())
