"""Who runs this, and where it can be read about."""

from __future__ import annotations

import getpass
import os
import socket
from collections.abc import Mapping

from cloudnorth_cli.model import Actor


def actor(run: str, environ: Mapping[str, str]) -> Actor:
    """The pipeline that runs this, by its own variables, or else `user@host`; `run` is this run's identifier."""
    who, url = _pipeline(environ) or (f"{_user()}@{socket.gethostname().split('.')[0]}", None)
    return Actor(who=who, run=run, run_url=url)


def _pipeline(environ: Mapping[str, str]) -> tuple[str, str | None] | None:
    """Name and page of the pipeline's run.

    Variables: Jenkins "Using environment variables", GitHub "Default environment variables", GitLab "Predefined CI/CD
    variables reference".
    """
    if environ.get("JENKINS_URL") and (number := environ.get("BUILD_NUMBER")):
        return f"jenkins #{number}", environ.get("BUILD_URL") or None
    if environ.get("GITHUB_ACTIONS") == "true" and (number := environ.get("GITHUB_RUN_NUMBER")):
        parts = [environ.get(name) for name in ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")]
        url = f"{parts[0]}/{parts[1]}/actions/runs/{parts[2]}" if all(parts) else None
        return f"github #{number}", url
    if environ.get("GITLAB_CI") and (number := environ.get("CI_PIPELINE_ID")):
        return f"gitlab #{number}", environ.get("CI_JOB_URL") or environ.get("CI_PIPELINE_URL") or None
    return None


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without an entry in /etc/passwd
        return f"uid-{os.getuid()}"
