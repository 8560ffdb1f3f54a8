"""What one process is started with: words, whole environment, folder; a file of mode 0600 for the launcher."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets as random
import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cloudnorth_cli import masking, templates
from cloudnorth_cli.adapters.supervisor import Program
from cloudnorth_cli.model import Secret
from cloudnorth_cli.platforms.local.files import python_path
from cloudnorth_cli.platforms.local.lineup import Process
from cloudnorth_cli.platforms.local.place import Place
from cloudnorth_cli.platforms.local.plan import Plan, ServicePlan

HANDED_ON = ("HOME", "LOGNAME", "PATH", "SHELL", "TMPDIR", "USER", "TZ", "LANG", "LC_ALL", "LC_CTYPE", "SSL_CERT_FILE")
"""Variables of whoever deploys that services get; everything else they get is in cloudnorth.yaml, as on Kubernetes."""

OWN_PROGRAMS = ("bin", "node_modules/.bin")
"""Folders of a project's own files that stand on its PATH."""


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a process gets of our own environment."""
    return {name: environ[name] for name in HANDED_ON if name in environ}


def values(plan: Plan, process: Process, urls: Mapping[str, str], place: Place) -> dict[str, str]:
    """What the placeholders of a service's texts stand for.

    urls: of every service of the plan.
    """
    service = _service(plan, process)
    image = service.image
    return {
        "port": str(process.port),
        "data": str(place.data),
        "image": image.reference,
        "repository": image.repository,
        "registry": "",
        "name": image.repository,
        "tag": image.tag,
        "digest": image.digest,
        "release": str(process.release),
        "commit": process.commit,
        "secret": plan.secrets,
        **{f"url.{name}": url for name, url in urls.items()},
    }


def environ(plan: Plan, process: Process, filled: Mapping[str, str], place: Place) -> dict[str, str]:
    """The whole environment of a process, secrets among it."""
    service = _service(plan, process)
    found = inherited() | {"PORT": str(process.port), "HOST": "127.0.0.1", "PYTHONUNBUFFERED": "1"}
    folders = [folder for part in OWN_PROGRAMS if (folder := service.folder / part).is_dir()]
    if service.environment:
        folders.append(service.environment / "bin")
        found |= {"VIRTUAL_ENV": str(service.environment), "PYTHONPATH": python_path(service.folder)}
    found["PATH"] = ":".join([*(str(each) for each in folders), found.get("PATH", os.defpath)])
    for name, text in service.env.items():
        found[name] = templates.fill(text, filled, f"services.{service.name}.env.{name}")
    return found | read_secrets(place, plan.secrets)


def write(
    file: Path, words: tuple[str, ...], variables: Mapping[str, str], cwd: Path, *, counted: bool, rights: bool = False
) -> None:
    """Write a launch file. counted: starts are counted in a file beside it. rights: to ports below 1024, if given."""
    starts = starts_file(file) if counted else None
    if starts:
        starts.write_bytes(b"")
    counts = str(starts) if starts else None
    launch = {"words": words, "environ": variables, "cwd": str(cwd), "starts": counts, "rights": rights}
    _write_private(file, json.dumps(launch))


def write_process(plan: Plan, process: Process, urls: Mapping[str, str], place: Place) -> None:
    """Write the launch file of a service's process."""
    service = _service(plan, process)
    filled = values(plan, process, urls, place)
    words = tuple(shlex.split(templates.fill(service.run, filled, f"services.{service.name}.run")))
    variables = environ(plan, process, filled, place) | place.marker
    write(launch_file(place, process.name), words, variables, service.folder, counted=True)


def launch_file(place: Place, name: str) -> Path:
    return place.launches / f"{name}.json"


def starts_file(file: Path) -> Path:
    """Grows by a byte with every start."""
    return file.with_suffix(".starts")


def starts(place: Place, process: Process) -> int:
    """How often a process was started: 1 when it never died."""
    try:
        return starts_file(launch_file(place, process.name)).stat().st_size
    except OSError:
        return 0


def log_file(place: Place, process_name: str) -> Path:
    return place.logs / f"{process_name}.log"


def program(place: Place, name: str) -> Program:
    """What supervisord is told about a process."""
    return Program(name, launch_file(place, name), log_file(place, name))


def keep_secrets(place: Place, resolved: Mapping[str, Secret]) -> str:
    """Keep secrets in a file named by their content; the name, or "" where there are none.

    The name is keyed by a random file, so that it tells nothing about a weak secret to who may read records.
    """
    if not resolved:
        return ""
    place.secrets.mkdir(mode=0o700, exist_ok=True)
    salt = place.secrets / "salt"
    if not salt.exists():
        _write_private(salt, random.token_hex(32))
    text = json.dumps({name: value.reveal() for name, value in sorted(resolved.items())})
    name = hmac.new(salt.read_bytes(), text.encode(), hashlib.sha256).hexdigest()[:16]
    if not (place.secrets / f"{name}.json").exists():
        _write_private(place.secrets / f"{name}.json", text)
    return name


def read_secrets(place: Place, name: str) -> dict[str, str]:
    """The secrets of a plan."""
    return json.loads((place.secrets / f"{name}.json").read_text()) if name else {}


def secrets_kept(place: Place) -> int:
    """Changes when there are others."""
    return place.secrets.stat().st_mtime_ns if place.secrets.exists() else 0


def kept_secrets(place: Place) -> Iterator[str]:
    """The values of every release that is kept: what its programs wrote may hold them."""
    for file in place.secrets.glob("*.json"):
        yield from read_secrets(place, file.stem).values()


def masker(place: Place, plan: Plan) -> Callable[[str], str]:
    """What takes a release's secrets out of a line that one of its programs wrote."""
    return masking.masker(read_secrets(place, plan.secrets).values())


def _service(plan: Plan, process: Process) -> ServicePlan:
    found = plan.service(process.service)
    assert found is not None, f"{process.service} is not in the plan"
    return found


def _write_private(file: Path, text: str) -> None:
    new = file.with_name(f".{file.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(text)
    new.replace(file)
