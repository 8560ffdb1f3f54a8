"""Reading secrets from where the configuration says they are: {env}, {file}, {command}."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cloudnorth_cli import shell
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import SecretSource

MAX_BYTES = 1_000_000
"""Kubernetes keeps at most 1 MiB in one Secret (its own limit, v1/Secret)."""
COMMAND_SECONDS = 60.0


def resolve(sources: Mapping[str, SecretSource], root: Path, environ: Mapping[str, str]) -> dict[str, Secret]:
    """Every secret's value, by name.

    root: where relative files start and commands run; environ: where {env} looks, and what commands get.
    Raises Refused that tells every secret that cannot be read, with its source and never with any value.
    """
    values: dict[str, Secret] = {}
    problems: list[str] = []
    evidence: list[str] = []
    for name, source in sources.items():
        try:
            values[name] = read(source, root, environ)
        except Refused as error:
            problems.append(f"secret {name}: {error.message}")
            evidence += error.evidence
    if problems:
        raise Refused("\n".join(problems), code="secret-missing", evidence=evidence)
    return values


def read(source: SecretSource, root: Path, environ: Mapping[str, str]) -> Secret:
    """One secret's value; one newline at its end is dropped. Raises Refused."""
    if source.env is not None:
        text = _from_environment(source.env, environ)
    elif source.file is not None:
        text = _from_file(root / Path(source.file).expanduser(), source.file)
    else:
        text = _from_command(source.command or "", root, environ)
    value = text.removesuffix("\n").removesuffix("\r")
    if not value:
        raise Refused(f"{describe(source)} is empty", code="secret-missing")
    if "\0" in value:
        raise Refused(f"{describe(source)} holds a NUL byte, which no environment variable can", code="secret-missing")
    return Secret(value)


def describe(source: SecretSource) -> str:
    """`environment variable TOKEN`, `file token.txt`, `command pass show token`."""
    if source.env is not None:
        return f"environment variable {source.env}"
    return f"file {source.file}" if source.file is not None else f"command {source.command}"


def _from_environment(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise Refused(f"environment variable {name} is not set", code="secret-missing")
    return environ[name]


def _from_file(path: Path, shown: str) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Refused(f"file {shown} is larger than {MAX_BYTES / 1e6:.0f} MB", code="secret-missing")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"file {shown} cannot be read: {error.strerror}", code="secret-missing") from error
    except UnicodeDecodeError:
        # Without the cause: its text holds the bytes.
        raise Refused(f"file {shown} is not UTF-8 text", code="secret-missing") from None


def _from_command(text: str, root: Path, environ: Mapping[str, str]) -> str:
    command = shell.Command(("sh", "-c", text), environ=environ, cwd=root)
    try:
        done = shell.run(command, timeout=COMMAND_SECONDS, check=False)
    except Failed as error:
        message = f"command {text} did not end within {COMMAND_SECONDS:.0f} s"
        raise Refused(message, code="secret-missing", evidence=error.evidence) from error
    if done.status != 0:
        # Its standard output may hold part of the secret; only what it wrote as an error is told.
        message = f"command {text} ended with status {done.status}"
        raise Refused(message, code="secret-missing", evidence=shell.tail(done.errors, 5))
    return done.output
