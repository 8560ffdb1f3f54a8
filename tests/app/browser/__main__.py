"""`python -m tests.app.browser [check]`: install what these tests need, or only say whether it can be."""

import subprocess
import sys

from tests.app.browser import parts

if __name__ == "__main__":
    if missing := parts.why_not():
        sys.exit(missing)
    if sys.argv[1:] != ["check"]:
        try:
            parts.install()
        except subprocess.CalledProcessError as error:
            sys.exit(f"{error.cmd[0]} ended with status {error.returncode}; its last lines are above")
