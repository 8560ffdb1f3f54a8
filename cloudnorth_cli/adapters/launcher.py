"""Starts one program with exactly the environment of a 0600 file: no secret in supervisor's files or argv.

Run by its path with an isolated interpreter (`python -I -S launcher.py FILE`); reads one module of ours by its path and
becomes the program. The file is JSON: `words`, `environ`, `cwd`, `starts`, a file that grows by a byte a start (or
null), and `rights`, whether it keeps rights that a service was given (to take ports below 1024).
"""

import json
import os
import signal
import sys

_SYSTEM = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "system.py")


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        launch = json.load(file)
    system: dict[str, object] = {"__name__": "system"}
    with open(_SYSTEM, encoding="utf-8") as file:
        exec(compile(file.read(), _SYSTEM, "exec"), system)
    # supervisord killed outright cannot stop its children; the kernel tells them. Where it does not, and for their own
    # children, `supervisor.reap` ends what is left at the next start.
    system["end_with_supervisor"](signal.SIGTERM)  # type: ignore[operator]
    if not launch.get("rights"):
        system["give_up_rights"]()  # type: ignore[operator]
    if launch["starts"]:
        with open(launch["starts"], "ab") as file:
            file.write(b".")
    try:
        os.chdir(launch["cwd"])
        os.execvpe(launch["words"][0], launch["words"], launch["environ"])
    except OSError as error:
        print(f"cannot run {launch['words'][0]} in {launch['cwd']}: {error.strerror}", file=sys.stderr)
        sys.exit(127)  # what a shell says of a program that is not there


if __name__ == "__main__":
    main(sys.argv[1])
