"""Starts one program with exactly the environment of a 0600 file: no secret in supervisor's files or argv.

Run by its path with an isolated interpreter (`python -I -S launcher.py FILE`); imports nothing of ours and becomes the
program. The file is JSON: `words`, `environ`, `cwd`, `starts`, a file that grows by a byte a start (or null), and
`rights`, whether it keeps rights that a service was given (to take ports below 1024).
"""

import json
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_CLEAR_ALL = 4


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        launch = json.load(file)
    if sys.platform == "linux":
        _end_with_parent()
        if not launch.get("rights"):
            _give_up_rights()
    if launch["starts"]:
        with open(launch["starts"], "ab") as file:
            file.write(b".")
    try:
        os.chdir(launch["cwd"])
        os.execvpe(launch["words"][0], launch["words"], launch["environ"])
    except OSError as error:
        print(f"cannot run {launch['words'][0]} in {launch['cwd']}: {error.strerror}", file=sys.stderr)
        sys.exit(127)  # what a shell says of a program that is not there


def _give_up_rights() -> None:
    # What a service was given for its front is not for everything that it starts (capabilities(7), "Ambient").
    import ctypes

    ctypes.CDLL(None).prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)


def _end_with_parent() -> None:
    # supervisord killed outright cannot stop its children; the kernel tells them (prctl(2)). Elsewhere, and for their
    # own children, `supervisor.reap` ends what is left at the next start.
    import ctypes

    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("whoever started this is gone")


if __name__ == "__main__":
    main(sys.argv[1])
