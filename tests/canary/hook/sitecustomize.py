"""Python's own start-up hook in every interpreter of a canary run: writes down each program that is started.

With CANARY_LEAK it breaks the masking of the tool, so that the test can be seen to notice.
"""

import json
import os
import sys

_SAID = os.environ.get("CANARY_ARGV")
_STARTS = {"subprocess.Popen": 1, "os.exec": 1, "os.posix_spawn": 1}


def _hear(event: str, arguments: tuple) -> None:  # type: ignore[type-arg]
    if event in _STARTS and _SAID:
        words = [os.fsdecode(word) for word in arguments[_STARTS[event]] or ()]
        with open(_SAID, "a") as file:
            file.write(json.dumps(words) + "\n")


sys.addaudithook(_hear)
if os.environ.get("CANARY_LEAK"):
    from cloudnorth_cli import masking

    masking._parts = lambda value: iter(())
