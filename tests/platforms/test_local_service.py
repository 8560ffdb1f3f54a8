"""The systemd unit: what is in it, and that exactly its ExecStart serves, as the user and with the rights it names.

systemd itself does not run where these tests do; `systemd-analyze verify` reads the unit where it is there.
"""

from __future__ import annotations

import os
import pwd
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from cloudnorth_cli import config
from cloudnorth_cli.adapters import systemd
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.platforms.local import LocalPlatform, service
from cloudnorth_cli.platforms.local.place import MARK
from tests.platforms.conftest import SAMPLES
from tests.platforms.local_project import LocalProject
from tests.tool import PROGRAM, Ran, environ

ROOT = Path(__file__).resolve().parents[2]
NET_BIND = 1 << 10
"""CAP_NET_BIND_SERVICE (capabilities(7))."""


@dataclass
class Kept:
    """A project in a folder that an unprivileged user may read, and the service that keeps it."""

    root: Path
    user: pwd.struct_passwd
    drops: bool
    """Whether what is started becomes another user; where nobody else may run our interpreter, it stays ours."""
    unit: str = ""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def values(self, key: str) -> list[str]:
        return re.findall(rf"^{key}=(.*)$", self.unit, re.M)

    @property
    def variables(self) -> dict[str, str]:
        words = (shlex.split(line)[0] for line in self.values("Environment"))
        found = dict(word.split("=", 1) for word in words)
        return found | {"PYTHONPATH": str(ROOT)}

    @property
    def log(self) -> Path:
        return Path(self.user.pw_dir) / "service.log"

    @property
    def runtime(self) -> Path:
        return Path(self.variables["XDG_RUNTIME_DIR"])

    def as_user(self, *, rights: bool) -> list[str]:
        """What systemd does before it starts a program, done by setpriv(1)."""
        if not self.drops:
            return []
        ids = ["--reuid", str(self.user.pw_uid), "--regid", str(self.user.pw_gid), "--clear-groups", "--no-new-privs"]
        given = ["--inh-caps", "+net_bind_service", "--ambient-caps", "+net_bind_service"] if rights else []
        return ["setpriv", *ids, *given, "--bounding-set", "-all,+net_bind_service"]

    def start(self) -> None:
        """Run exactly the unit's ExecStart."""
        words = shlex.split(self.values("ExecStart")[0])
        folder = self.values("WorkingDirectory")[0]
        log = self.log.open("ab")
        self.started.append(
            subprocess.Popen(
                [*self.as_user(rights=True), *words], cwd=folder, env=self.variables, stderr=log, stdout=log
            )
        )
        until(lambda: any(self.runtime.rglob("supervisor")), self.log.read_text)

    def run(self, *words: str) -> Ran:
        done = subprocess.run(
            [*self.as_user(rights=False), *PROGRAM, *words, "--env", "local", "-o", "json"],
            cwd=self.root,
            env=environ({"HOME": self.user.pw_dir, "PYTHONPATH": str(ROOT)}),
            capture_output=True,
            text=True,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def processes(self) -> list[psutil.Process]:
        """Those of the service: who reads their environment has to have their rights, or be root."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get(MARK, "").startswith(self.user.pw_dir):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return found


def for_everybody() -> bool:
    """Whether another user may run our interpreter and read our code; one in /root is root's own."""
    needed = (Path(sys.executable), Path(os.path.realpath(sys.executable)), ROOT / "cloudnorth_cli")
    return all(parent.stat().st_mode & 0o001 for path in needed for parent in path.parents)


def until(done: Any, evidence: Any) -> None:
    end = time.monotonic() + 30
    while not done():
        assert time.monotonic() < end, evidence()
        time.sleep(0.1)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    ground = Path(tempfile.mkdtemp(prefix="a service ", dir="/tmp"))
    root = ground / "project"
    for name in ("XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    drops = os.geteuid() == 0 and for_everybody()
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    user = pwd.struct_passwd((*account[:5], str(ground / "home"), account[6]))
    monkeypatch.setattr(pwd, "getpwnam", lambda _: user)
    shutil.copytree(SAMPLES / "plain", root)
    made = yaml.safe_load((root / "cloudnorth.yaml").read_text())
    low = 600 if os.geteuid() == 0 else 16000
    tls = {"issuer": "internal", "http_port": random.randrange(low, low + 200)}
    tls["https_port"] = tls["http_port"] + 200
    made["environments"]["local"] |= {"port": random.randrange(18000, 20000), "domain": "shop.example", "tls": tls}
    (root / "cloudnorth.yaml").write_text(yaml.safe_dump(made))
    found = Kept(root, user, drops)
    loaded = config.load_project(None, root, os.environ)
    platform = LocalPlatform(config.environment(loaded, "local", os.environ), Journal())
    found.unit = platform.service().unit(user.pw_name)
    for folder in (ground / "home", found.runtime):
        folder.mkdir(mode=0o700)
    for path in (ground, *ground.rglob("*"), found.runtime):
        if drops:
            os.chown(path, user.pw_uid, user.pw_gid)
    yield found
    for each in found.started:
        each.terminate()
        each.wait(30)
    for process in found.processes():
        process.kill()
    shutil.rmtree(found.runtime, ignore_errors=True)
    shutil.rmtree(ground)


def rights(process: psutil.Process) -> int:
    """The effective ones."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(re.findall(r"^CapEff:\s*(\w+)", status, re.M)[0], 16)


@pytest.mark.slow
def test_exactly_its_exec_start_serves_and_comes_back_after_a_reboot(kept: Kept) -> None:
    kept.start()
    deployed = kept.run("deploy")
    assert deployed.status == 0, deployed.out + deployed.err
    assert deployed.result["address"].startswith("https://shop.example")
    number = deployed.result["release"]["number"]
    by_name = {each.name(): each for each in kept.processes()}
    assert {each.uids().effective for each in by_name.values()} == {kept.user.pw_uid if kept.drops else os.geteuid()}
    if kept.drops:  # else no rights were given or taken
        assert rights(next(each for name, each in by_name.items() if name.startswith("caddy"))) == NET_BIND
        assert rights(next(each for each in by_name.values() if "server.py" in each.cmdline())) == 0
    # A reboot: everything is gone at once, /run too.
    for process in kept.processes():
        process.kill()
    kept.started.pop().wait(10)
    shutil.rmtree(kept.runtime)
    kept.runtime.mkdir(mode=0o700)
    if kept.drops:
        os.chown(kept.runtime, kept.user.pw_uid, kept.user.pw_gid)
    kept.start()
    until(lambda: kept.run("status").status == 0, lambda: kept.run("status").out)
    assert kept.run("status").result["status"][0]["serving"]["release"]["number"] == number
    assert kept.run("deploy").result["outcome"] == "unchanged"
    # systemd stops it with SIGTERM.
    kept.started[0].send_signal(signal.SIGTERM)
    assert kept.started.pop().wait(30) == 0
    assert kept.processes() == []


@pytest.mark.slow
@pytest.mark.repeat
def test_a_first_release_that_fails_leaves_the_service_running(kept: Kept) -> None:
    kept.start()
    server = (kept.root / "server.py").read_text()
    (kept.root / "server.py").write_text("raise SystemExit(3)\n")
    assert kept.run("deploy").status == 5
    assert kept.started[0].poll() is None
    (kept.root / "server.py").write_text(server)
    assert kept.run("deploy").status == 0


def test_the_unit_is_one_that_systemd_reads(kept: Kept, tmp_path: Path) -> None:
    file = tmp_path / "cloudnorth-plain-local.service"
    file.write_text(kept.unit)
    assert "User=" + kept.user.pw_name in kept.unit
    if shutil.which("systemd-analyze"):
        read = subprocess.run(["systemd-analyze", "verify", str(file)], capture_output=True, text=True)
        complaints = [line for line in read.stderr.splitlines() if str(file) in line and "nobody" not in line]
        assert complaints == []
        assert read.returncode == 0


def test_words_of_a_unit_are_quoted() -> None:
    unit = systemd.Unit(
        "a.service", "50 %", "shop", Path("/srv/a b"), ("/bin/x", 'a "b" $c %'), {"A": "b c"}, (Path("/d e"),)
    )
    text = str(unit)
    assert 'ExecStart="/bin/x" "a \\"b\\" $$c %%"' in text
    assert 'Environment="A=b c"' in text
    assert "Description=50 %%" in text
    assert 'ReadWritePaths="/d e"' in text


def test_root_is_refused(local: LocalProject) -> None:
    with pytest.raises(Refused, match="as root"):
        service.unit(local.environment, "root")


def test_installed_is_written_and_taken_away_again(
    local: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systemd, "FOLDER", tmp_path)
    monkeypatch.setattr(systemd, "BOOTED", tmp_path / "no systemd here")
    kept = local.platform().service()
    assert kept.state() == "not installed"
    monkeypatch.setattr(service.os, "chown", lambda *_: None)
    user = next(each.pw_name for each in pwd.getpwall() if each.pw_uid)
    monkeypatch.setattr(service, "make_folders", lambda *_: None)
    assert kept.install(user) is False  # it waits for the next boot
    assert f"User={user}" in (tmp_path / kept.name).read_text()
    assert kept.state() == "installed"
    assert kept.uninstall() is True
    assert kept.uninstall() is False


def test_with_systemd_it_is_systemd_that_starts_it_and_a_deploy_says_so(
    local: LocalProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$@" >> "{tmp_path}/asked"\necho inactive\n')
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(systemd, "FOLDER", tmp_path)
    monkeypatch.setattr(systemd, "BOOTED", tmp_path)
    monkeypatch.setattr(service, "make_folders", lambda *_: None)
    kept = local.platform().service()
    user = next(each.pw_name for each in pwd.getpwall() if each.pw_uid)
    assert kept.install(user) is True
    assert kept.state() == "inactive"
    refused = local.deploy()
    assert refused.exit_status == 3
    assert refused.next == (f"sudo systemctl start {kept.name}",)
    assert kept.uninstall() is True
    asked = (tmp_path / "asked").read_text().splitlines()
    enable, ask, disable = f"enable --now {kept.name}", f"is-active {kept.name}", f"disable --now {kept.name}"
    assert asked == ["daemon-reload", enable, ask, disable, "daemon-reload"]
