"""A configuration of the `docker` client for one build, with credentials that stand in cloudnorth.yaml."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.model import Secret


def logged_in(host: str, login: Login | None, folder: Path) -> dict[str, str | Secret]:
    """Let the `docker` client read base images of a registry whose credentials stand in cloudnorth.yaml.

    Returns what to add to the client's environment. The client takes credentials from files only: they stand in
    `folder`, which the caller removes, beside whatever else the user's has (contexts, plugins, other registries).
    """
    if login is None:
        return {}
    theirs, ours = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker"), folder / "docker"
    ours.mkdir(mode=0o700)
    for entry in theirs.iterdir() if theirs.is_dir() else ():
        if entry.name != "config.json":
            (ours / entry.name).symlink_to(entry.absolute())
    written = os.open(ours / "config.json", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(written, "w", encoding="utf-8") as file:
        json.dump(_client_config(theirs / "config.json", host, login), file)
    return {"DOCKER_CONFIG": str(ours)}


def _client_config(theirs: Path, host: str, login: Login) -> dict[str, Any]:
    try:
        config = json.loads(theirs.read_text("utf-8"))
    except (OSError, ValueError):
        config = {}
    config = config if isinstance(config, dict) else {}
    auth = base64.b64encode(f"{login.username}:{login.password.reveal()}".encode()).decode()
    config["auths"] = {**(config.get("auths") or {}), host: {"auth": auth}}
    # An empty helper makes the client look into this file for this registry, whatever `credsStore` says
    # (docker/cli: config/configfile, GetCredentialsStore).
    config["credHelpers"] = {**(config.get("credHelpers") or {}), host: ""}
    return config
