"""`cloudnorth kubeconfig`: the way to an environment's cluster, for other tools."""

from __future__ import annotations

import os
from pathlib import Path

from cloudnorth_cli.errors import Failed
from cloudnorth_cli.events import Result
from cloudnorth_cli.platforms import Platform


def kubeconfig(platform: Platform, out: Path | None = None) -> Result:
    """The text of a kubeconfig; with `out` it goes to that file, which only its owner may read. Raises Failed."""
    text = platform.kubeconfig()
    if out is None:
        return Result(command="kubeconfig", exit_status=0, outcome="done", text=text)
    try:
        new = out.with_name(f".{out.name}.new")
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(new, out)
    except OSError as error:
        raise Failed(f"cannot write {out}: {error.strerror}", code="kubeconfig-file") from error
    return Result(
        command="kubeconfig",
        exit_status=0,
        outcome="done",
        summary=f"{out} written, readable by you alone.",
        next=(f"kubectl --kubeconfig {out} get pods",),
    )
