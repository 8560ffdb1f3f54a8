"""The lab's link to the machine: one veth pair, one route, one nft table, IPv4 forwarding.

The link's end inside dies with the lab's first process, and the link and its route with it. The table, the accepting
rules in somebody's FORWARD chain and the forwarding switch are taken back by `disconnect`.
"""

from __future__ import annotations

import ipaddress
import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.lab.build.debian import root
from tests.lab.errors import LabError, LabUnavailable
from tests.lab.settings import Settings, search_path

FORWARD_SWITCH = Path("/proc/sys/net/ipv4/ip_forward")
PRIVATE = ("10.96.0.0/11", "172.16.0.0/12", "192.168.0.0/16")  # RFC 1918; of 10/8 a part that few use
REMEMBERED = "lab-remembers-ip_forward"
NFT = """
table ip {name} {{
  chain postrouting {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {network} oifname != "{name}" masquerade
  }}
  chain forward {{
    type filter hook forward priority filter; policy accept;
    oifname "{name}" ct state new drop comment "forwarding is on: nobody but this machine reaches the lab"
  }}
}}
"""


def check_range(settings: Settings) -> None:
    """LabUnavailable when a route or address of the machine touches the lab's range, with a range that is free."""
    for taken, link in _routes():
        if taken.overlaps(settings.network):
            raise LabUnavailable(
                f"the lab's range {settings.network} is touched by the route {taken} of {link};"
                f" free is, for one, CLOUDNORTH_LAB_RANGE={free_range()}"
            )


def free_range() -> ipaddress.IPv4Network:
    """A private /16 that no route of the machine touches; LabUnavailable when there is none."""
    taken = [network for network, _ in _routes()]
    for block in PRIVATE:
        for candidate in ipaddress.IPv4Network(block).subnets(new_prefix=16):
            if not any(candidate.overlaps(network) for network in taken):
                return candidate
    raise LabUnavailable(f"every /16 of {', '.join(PRIVATE)} is touched by a route of this machine")


def _routes() -> list[tuple[ipaddress.IPv4Network, str]]:
    """Every route but the default one, and its link; the machine's own addresses are routes too."""
    routes = [route for route in _ip_json("route", "show", "table", "all") if route["dst"] != "default"]
    return [(ipaddress.IPv4Network(route["dst"], strict=False), str(route.get("dev", "?"))) for route in routes]


def connect(settings: Settings, pid: int) -> None:
    """Join the first node's network namespace, that of process `pid`, to the machine."""
    _remember_forwarding(settings)
    _link(settings, settings.name, pid, 1, ())
    _ip("route", "replace", str(settings.network), "via", settings.address())
    _nft("-f", "-", stdin=NFT.format(name=settings.name, network=settings.network))
    FORWARD_SWITCH.write_text("1\n")
    _pass_through_foreign_filter(settings)


def connect_node(settings: Settings, node: int, pid: int, first_pid: int) -> None:
    """Join another node's network namespace to the first node's, and route its pods there."""
    inside = ("nsenter", f"--net=/proc/{first_pid}/ns/net")
    _link(settings, settings.node_name(node), pid, node, inside)
    _run((*inside, "ip", "route", "replace", settings.node_pods(node), "via", settings.address(node)))


def disconnect(settings: Settings) -> None:
    """Take back everything that `connect` may have left; fine when there is nothing."""
    if _has_link(settings):
        try:
            _ip("link", "delete", settings.name)
        except LabError:
            if _has_link(settings):  # else it went with the namespace of its other end meanwhile
                raise
    if not root("lab").exists():
        return  # nothing was ever started, and nft stands in that root
    for chain, handle in _foreign_rules(settings):
        _nft("delete", "rule", "ip", "filter", chain, "handle", str(handle))
    if settings.name in _tables():
        # The table goes last and stands for all of it: after a reboot, say, there is nothing to switch back.
        _restore_forwarding(settings)
        _nft("delete", "table", "ip", settings.name)


def _has_link(settings: Settings) -> bool:
    return any(link["ifname"] == settings.name for link in _ip_json("link", "show"))


def _link(settings: Settings, name: str, pid: int, node: int, at: Sequence[str]) -> None:
    _run((*at, "ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", str(pid)))
    _run((*at, "ip", "address", "add", f"{settings.gateway(node)}/24", "dev", name))
    _run((*at, "ip", "link", "set", name, "up"))
    inside = ("nsenter", f"--net=/proc/{pid}/ns/net", "ip")
    _run((*inside, "address", "add", f"{settings.address(node)}/24", "dev", "eth0"))
    _run((*inside, "link", "set", "eth0", "up"))
    _run((*inside, "route", "add", "default", "via", settings.gateway(node)))


def _forwarding_file(settings: Settings) -> Path:
    return settings.state / REMEMBERED


def _others(settings: Settings) -> list[Path]:
    """What other labs on this machine remember of the switch."""
    return [path for path in settings.state.parent.glob(f"*/{REMEMBERED}") if path != _forwarding_file(settings)]


def _remember_forwarding(settings: Settings) -> None:
    """Note how the machine had the switch before any lab; another lab that is up knows better than the switch."""
    others = _others(settings)
    _forwarding_file(settings).write_text(others[0].read_text() if others else FORWARD_SWITCH.read_text())


def _restore_forwarding(settings: Settings) -> None:
    remembered = _forwarding_file(settings)
    if remembered.exists() and not _others(settings) and FORWARD_SWITCH.read_text() != remembered.read_text():
        FORWARD_SWITCH.write_text(remembered.read_text())


def _pass_through_foreign_filter(settings: Settings) -> None:
    """A Docker engine of the machine's own drops what it does not know: let the lab's link through its FORWARD chain.

    An accepting rule in a table of ours cannot do it, a drop elsewhere is final. Rules made with the older
    iptables-legacy are not seen here.
    """
    if "FORWARD" in _filter_chains():
        for key in ("iifname", "oifname"):
            argv = ("insert", "rule", "ip", "filter", "FORWARD", key, settings.name, "accept", "comment")
            _nft(*argv, f'"{settings.name}"')


def _foreign_rules(settings: Settings) -> list[tuple[str, int]]:
    if "filter" not in _tables():
        return []
    rules = [item["rule"] for item in _nft_json("list", "table", "ip", "filter") if "rule" in item]
    return [(rule["chain"], rule["handle"]) for rule in rules if rule.get("comment") == settings.name]


def _tables() -> set[str]:
    tables = [item["table"] for item in _nft_json("list", "tables", "ip") if "table" in item]
    return {table["name"] for table in tables}


def _filter_chains() -> set[str]:
    if "filter" not in _tables():
        return set()
    return {item["chain"]["name"] for item in _nft_json("list", "table", "ip", "filter") if "chain" in item}


def _ip(*words: str) -> None:
    _run(("ip", *words))


def _ip_json(*words: str) -> list[dict[str, Any]]:
    shown = subprocess.run(["ip", "-j", "-4", *words], capture_output=True, text=True, env=_environment())
    return json.loads(shown.stdout or "[]") if shown.returncode == 0 else []


def _environment() -> dict[str, str]:
    return {"PATH": search_path(), "LC_ALL": "C"}


def _nft(*words: str, stdin: str = "") -> str:
    """Run the lab root's nft on the machine's own tables: the machine need not have it."""
    return _run(("chroot", str(root("lab")), "/usr/sbin/nft", *words), stdin)


def _nft_json(*words: str) -> list[dict[str, Any]]:
    return list(json.loads(_nft("-j", *words))["nftables"])


def _run(argv: Sequence[str], stdin: str = "") -> str:
    done = subprocess.run(list(argv), input=stdin, capture_output=True, text=True, env=_environment())
    if done.returncode:
        raise LabError(f"the lab's network: `{' '.join(argv)}` failed: {done.stderr.strip()}")
    return done.stdout
