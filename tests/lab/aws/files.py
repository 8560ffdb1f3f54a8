"""What the double's programs and its shell read, written before the lab's first node starts."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import string
import sysconfig
from pathlib import Path

from tests.lab.aws import authority, names
from tests.lab.build.debian import CA_BUNDLE
from tests.lab.build.go import program
from tests.lab.build.steps import run
from tests.lab.errors import LabError
from tests.lab.settings import VERSIONS, Settings

RESOLVERS = (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf"))
SWITCH = Path("/etc/nsswitch.conf")
ROOT = Path(__file__).resolve().parents[3]
CODE = ("tests/__init__.py", "tests/lab/__init__.py", "tests/lab/aws/*.py", "cloudnorth_cli/permissions/*.json")
"""What moto runs with of ours."""


def kept(settings: Settings) -> Path:
    """The folder of what only the double's programs read."""
    return settings.state / "aws"


def shown(settings: Settings) -> Path:
    """The folder of its faces: what a shell inside is given."""
    return settings.run / "aws"


def prepare(settings: Settings, log: Path) -> None:
    """Authority, keys, the authenticator's certificate, the shell's files.

    The cluster's certificates and the database's URL come first.
    """
    kept(settings).mkdir(mode=0o700)
    shown(settings).mkdir()
    authority.make(kept(settings) / "ca.crt", kept(settings) / "ca.key")
    shutil.copy2(_caddy(), kept(settings) / "caddy")
    _keep_code(kept(settings) / "code")
    (kept(settings) / "upstream.conf").write_text(_resolvers())
    run([program("aws-iam-authenticator"), "init", "--cluster-id", names.CLUSTER], log, cwd=kept(settings))
    key, secret = _key_pair()
    _write_private(kept(settings) / "double.json", json.dumps(_told(settings, key, secret), indent=2))
    _write_faces(settings, key, secret)


def trusted(settings: Settings, bundle: Path = CA_BUNDLE) -> str:
    """What is trusted already, and the double's authority."""
    return bundle.read_text() + "\n" + (kept(settings) / "ca.crt").read_text()


def resolv_conf(settings: Settings) -> str:
    """The machine's own, with the double's DNS as the only server."""
    lines = [line for line in _resolvers().splitlines() if not line.strip().startswith("nameserver")]
    return "\n".join([*lines, f"nameserver {settings.address()}", ""])


def forward(settings: Settings) -> str:
    """The line of Corefile that sends other names on; none where the machine has nobody to ask."""
    file = kept(settings) / "upstream.conf"
    return f"forward . {file}" if re.search(r"^\s*nameserver\s", file.read_text(), re.MULTILINE) else ""


def server_command(settings: Settings) -> tuple[str, ...]:
    """How a node's supervisord starts moto: by the node's Python, on what the lab keeps of this clone."""
    return (
        "/usr/bin/env", "PYTHONUNBUFFERED=1", f"PYTHONPATH=/opt/lab-python:{kept(settings)}/code",
        # Without them moto knows no policy of AWS's own, and roles that name one are refused.
        "MOTO_IAM_LOAD_MANAGED_POLICIES=true",
        "/usr/bin/python3", "-m", "tests.lab.aws.server", str(kept(settings) / "double.json"),
    )  # fmt: skip


def _keep_code(to: Path) -> None:
    for pattern in CODE:
        for file in ROOT.glob(pattern):
            target = to / file.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def _told(settings: Settings, key: str, secret: str) -> dict[str, object]:
    return {
        "address": settings.address(), "registry": settings.registry, "api": settings.api,
        "authority": (settings.state / "pki/ca.crt").read_text(),
        "kubernetes": VERSIONS.go("kubernetes").lstrip("v").rpartition(".")[0],
        "key": key, "secret": secret,
        "secrets": {names.DATABASE_URL: f"{(settings.run / 'database-url').read_text().strip()}_aws"},
    }  # fmt: skip


def _write_faces(settings: Settings, key: str, secret: str) -> None:
    folder = shown(settings)
    (folder / "resolv.conf").write_text(resolv_conf(settings))
    (folder / "bundle.crt").write_text(trusted(settings, _bundle()))
    (folder / "config").write_text(f"[default]\nregion = {names.REGION}\n")
    _write_private(folder / "credentials", f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
    # Whoever asks systemd's resolver by the name switch never reads resolv.conf.
    switch = SWITCH.read_text() if SWITCH.exists() else ""
    (folder / "nsswitch.conf").write_text(re.sub(r"(?m)^hosts:.*$", "hosts: files dns", switch))


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)


def _key_pair() -> tuple[str, str]:
    """Of a form that every SDK takes, and good nowhere else."""
    letters = string.ascii_uppercase + "234567"
    return "AKIA" + "".join(secrets.choice(letters) for _ in range(16)), secrets.token_urlsafe(30)


def _bundle() -> Path:
    """Who the machine trusts, as whoever runs the lab has it."""
    named = os.environ.get("SSL_CERT_FILE")
    return Path(named) if named and Path(named).is_file() else CA_BUNDLE


def _resolvers() -> str:
    return next(path for path in RESOLVERS if path.exists()).read_text()


def _caddy() -> Path:
    found = shutil.which("caddy", path=sysconfig.get_path("scripts")) or shutil.which("caddy")
    if found is None:
        raise LabError("no Caddy for the double of AWS: make .venv/.dev puts it beside this Python")
    return Path(found)
