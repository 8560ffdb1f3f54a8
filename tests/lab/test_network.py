"""The link to the machine is made and taken back, whatever firewall the machine has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.build.debian import build_root
from tests.lab.conftest import ROOT

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

SWITCH = "/proc/sys/net/ipv4/ip_forward"
DOCKERS = "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }"
# A machine of the test's own: a network namespace and a /var/lib in which no lab is, whatever runs on the real one.
MACHINE = f"""
mount --bind "$1" /var/lib
ip link set lo up
echo 0 > {SWITCH}
show() {{ echo "=== $(cat {SWITCH})"; ip route; chroot "$2" nft list ruleset; }}
"""
CONNECT = """
import os, subprocess
from tests.lab import network
from tests.lab.settings import load_settings
from tests.lab.wait import until

settings = load_settings("labtest-d", "10.89.0.0/16")
settings.state.mkdir(exist_ok=True)
node = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
space = lambda process: os.readlink(f"/proc/{process}/ns/net")
until(lambda: space(node.pid) != space("self"), "the node's namespace", 10)
network.connect(settings, node.pid)
"""
DISCONNECT = """
from tests.lab import network
from tests.lab.settings import load_settings

network.disconnect(load_settings("labtest-d", "10.89.0.0/16"))
"""
RANGE = """
from tests.lab import network
from tests.lab.errors import LabUnavailable
from tests.lab.settings import load_settings

try:
    network.check_range(load_settings("labtest-d", "10.89.0.0/16"))
except LabUnavailable as error:
    print(error)
"""


def on_a_machine(tmp_path: Path, *steps: str) -> list[str]:
    """What the steps print, cut at each look."""
    script = "\n".join([MACHINE, *steps])
    # With its first process end all others, the node's stand-in among them.
    spaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation", "private"]
    words = ["sh", "-ec", script, "sh", str(tmp_path), str(build_root("lab")), sys.executable]
    done = subprocess.run(["unshare", *spaces, *words], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout.split("===")[1:]


def python(code: str) -> str:
    """A step that runs Python."""
    return f"\"$3\" - <<'END'\n{code}\nEND"


def look() -> str:
    """A step that shows forwarding, routes and the firewall."""
    return 'show "$@"'


def test_what_was_connected_is_taken_back_with_the_forwarding_switch(tmp_path: Path) -> None:
    before, during, after = on_a_machine(tmp_path, look(), python(CONNECT), look(), python(DISCONNECT), look())
    assert during.strip().startswith("1")
    assert "10.89.0.0/16 via 10.89.0.2 dev labtest-d" in during
    assert "masquerade" in during
    assert before.strip().startswith("0")
    assert after == before


def test_a_docker_that_drops_forwarded_packets_lets_the_lab_through_and_has_its_rules_back(tmp_path: Path) -> None:
    docker = f'chroot "$2" nft "{DOCKERS}"'
    before, during, after = on_a_machine(tmp_path, docker, look(), python(CONNECT), look(), python(DISCONNECT), look())
    for way in ("iifname", "oifname"):
        assert f'{way} "labtest-d" accept comment "labtest-d"' in during
    assert after == before


def test_a_switch_that_was_on_stays_on(tmp_path: Path) -> None:
    *_, after = on_a_machine(tmp_path, f"echo 1 > {SWITCH}", python(CONNECT), python(DISCONNECT), look())
    assert after.strip().startswith("1")


@pytest.mark.parametrize(
    ("route", "free"),
    [("10.89.7.0/24", "10.96.0.0/16"), ("10.89.0.9", "10.96.0.0/16"), ("10.0.0.0/8", "172.16.0.0/16")],
)
def test_a_route_that_touches_the_range_is_named_with_a_range_that_is_free(
    tmp_path: Path, route: str, free: str
) -> None:
    (shown,) = on_a_machine(tmp_path, f"ip route add {route} dev lo", "echo ===", python(RANGE))
    network = route if "/" in route else f"{route}/32"
    assert f"touched by the route {network} of lo" in shown
    assert f"CLOUDNORTH_LAB_RANGE={free}" in shown
