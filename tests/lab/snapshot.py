"""What the lab could leave behind on a machine, read off before and after, so that the two can be compared."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

from tests.lab import shell
from tests.lab.build.debian import root
from tests.lab.node import descendants
from tests.lab.settings import search_path

Snapshot = dict[str, set[str]]
# Counters and readings, not settings: they move by themselves.
MOVING = re.compile(
    r"^(fs/(dentry-state|file-nr|inode-nr|inode-state|aio-nr|quota/.*)|kernel/(random/.*|ns_last_pid|pty/nr|tainted"
    r"|sched_.*|perf_event_max_sample_rate)|net/netfilter/nf_conntrack_count|net/.*/tcp_fastopen_key|vm/stat_refresh"
    r"|vm/drop_caches|vm/compact_memory|net/ipv[46]/route/flush)$"
)
SYSTEM_FOLDERS = ("/etc", "/lib/systemd", "/usr/lib/systemd", "/run/systemd", "/opt", "/usr/local/bin")
HOME_FILES = (".kube/config", ".docker/config.json", ".config/helm/repositories.yaml")


def take(others: set[str]) -> Snapshot:
    """The machine as it stands; what belongs to the labs named in `others`, which run beside, is left out."""
    return {
        "links": _ip("link", others) | _ip("address", others),
        "routes": _ip("route", others) | _ip("rule", others),
        "firewall": _firewall(others),
        "mounts": {" ".join(line.split()[3:]) for line in Path("/proc/self/mountinfo").read_text().splitlines()},
        "cgroups": _cgroups(others),
        "sysctls": _sysctls(others),
        "processes": _processes(others),
        "packages": {_hash(path) for path in (Path("/var/lib/dpkg/status"), Path("/var/lib/apt/extended_states"))},
        "files": _files(),
        "folders": {str(path) for top in ("/run", "/var/lib", "/var/run") for path in Path(top).iterdir()},
    }


def differences(before: Snapshot, after: Snapshot) -> dict[str, dict[str, list[str]]]:
    """What came and what went, by kind; empty when the two are the same."""
    return {
        kind: {"came": sorted(after[kind] - before[kind]), "went": sorted(before[kind] - after[kind])}
        for kind in before
        if before[kind] != after[kind]
    }


def _ip(what: str, others: set[str]) -> set[str]:
    words = ["route", "show", "table", "all"] if what == "route" else [what, "show"]
    found: set[str] = set()
    for family in ("-4", "-6"):
        shown = json.loads(_run(["ip", "-j", family, *words]) or "[]")
        for item in shown:
            # A link's index, its peer's and its counters are not what a person configured.
            kept = {key: value for key, value in item.items() if key not in ("ifindex", "link_index", "link_netnsid")}
            if item.get("dev") not in others and item.get("ifname") not in others:
                found.add(json.dumps(kept, sort_keys=True))
    return {re.sub(r'"(valid|preferred)_life_time": \d+', "", line) for line in found}


def _firewall(others: set[str]) -> set[str]:
    inside = ["chroot", str(root("lab"))]
    shown = json.loads(_run([*inside, "/usr/sbin/nft", "-j", "list", "ruleset"]))["nftables"]
    rules = set()
    for item in shown:
        ((kind, value),) = item.items()
        if kind != "metainfo" and not others & {value.get("table"), value.get("name"), value.get("comment")}:
            rules.add(json.dumps({key: val for key, val in value.items() if key != "handle"}, sort_keys=True))
    legacy = Path("/proc/net/ip_tables_names")  # asking iptables-legacy itself would load its modules
    return rules | set(legacy.read_text().split() if legacy.exists() else ())


def _cgroups(others: set[str]) -> set[str]:
    """The folders at the top of each tree; whoever else starts and ends processes does so further down."""
    top = Path("/sys/fs/cgroup")
    found = [path for pattern in ("*", "*/*") for path in top.glob(pattern) if path.is_dir()]
    return {str(path) for path in found if path.name not in others}


def _sysctls(others: set[str]) -> set[str]:
    found = set()
    top = Path("/proc/sys")
    for path in (Path(folder) / name for folder, _, names in os.walk(top) for name in names):
        name = str(path.relative_to(top))
        if MOVING.match(name) or others & set(path.parts):
            continue
        try:
            found.add(f"{name} = {path.read_text().strip()}")
        except OSError:
            continue  # some may only be written
    return found


def _processes(others: set[str]) -> set[str]:
    """Every process in namespaces other than the machine's own: a lab's are, and nobody else's need be."""
    own = {kind: os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "pid", "mnt")}
    marks = {shell.mark(Path("/run") / name).encode() for name in others}  # whoever works in another lab's shell
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            spaces = {kind: os.readlink(folder / "ns" / kind) for kind in own}
            if spaces != own and not marks & set((folder / "environ").read_bytes().split(b"\0")):
                found[int(folder.name)] = (folder / "cmdline").read_text()[:200]
        except OSError:
            continue  # ended meanwhile
    theirs = descendants(others)  # asked last: a lab beside this one starts processes all the time
    return {f"{pid} {line}" for pid, line in found.items() if pid not in theirs and Path(f"/proc/{pid}").exists()}


def _files() -> set[str]:
    """The administrator's files by size and time, and the person's own that tell clients where to go."""
    files = [Path.home() / name for name in HOME_FILES]
    for top in SYSTEM_FOLDERS:
        files += [Path(folder) / name for folder, _, names in os.walk(top) for name in names]
    return {_stat(path) for path in files if path.is_symlink() or path.exists()}


def _stat(path: Path) -> str:
    stat = path.lstat()
    return f"{path} {stat.st_mode:o} {stat.st_size} {stat.st_mtime_ns}"


def _hash(path: Path) -> str:
    return f"{path} {hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else 'absent'}"


def _run(argv: list[str]) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env={"PATH": search_path(), "LC_ALL": "C"})
    return done.stdout
