"""A shell, or one program, for which AWS's own names lead to the lab's double. Nothing outside of it changes.

It has a mount namespace of its own with another resolv.conf in it, and variables that name the double's authority and
keys. Whatever AWS account its person has is out of reach in it: their variables and files are left out.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.build.steps import say
from tests.lab.errors import LabError
from tests.lab.facts import Lab

ENTER = """
mount --bind "$1/resolv.conf" /etc/resolv.conf
[ ! -e /etc/nsswitch.conf ] || mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf
shift
exec "$@"
"""


def command(lab: Lab, words: Sequence[str]) -> list[str]:
    """The line that runs `words` inside. Raises LabError for a lab without a double."""
    if not lab.aws.is_dir():
        raise LabError(f"{lab.name} was started by an older version, which had no double of AWS: make lab-down lab")
    apart = ["unshare", "--mount", "--propagation", "slave"]
    return [*apart, "sh", "-euc", ENTER, "lab-shell", str(lab.aws), *words]


def mark(run: Path) -> str:
    """The variable by which a program in a lab's shell is known; run: the folder of the lab's faces."""
    return f"AWS_CONFIG_FILE={run / 'aws/config'}"


def environ(lab: Lab, given: Mapping[str, str]) -> dict[str, str]:
    """`given` without anybody's AWS account and cluster, with the double's keys, authority and engine."""
    kept = {name: value for name, value in given.items() if not name.startswith("AWS_") and name != "KUBECONFIG"}
    bundle = str(lab.aws / "bundle.crt")
    return {
        **kept,
        "AWS_CONFIG_FILE": str(lab.aws / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(lab.aws / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        # Each client has a variable of its own, and prefers it to the others'.
        **{name: bundle for name in ("AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")},
        "DOCKER_HOST": lab.docker_host,
        # The lab's clients first; cloudnorth, which kubectl asks for tokens, behind whatever else has that name.
        "PATH": os.pathsep.join([str(lab.bin), given.get("PATH", os.defpath), str(Path(sys.executable).parent)]),
    }


def enter(lab: Lab, words: Sequence[str]) -> None:
    """Become a program inside: `words`, or the person's shell."""
    environment = environ(lab, os.environ)
    if not words:
        say(f"in this shell AWS is {lab.name}'s double; `exit` leaves it, outside nothing has changed")
    argv = command(lab, list(words) or [os.environ.get("SHELL", "/bin/sh")])
    os.execvpe(argv[0], argv, environment)
