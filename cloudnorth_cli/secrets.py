"""Reading secrets from where the configuration says they are: this machine, AWS, or Terraform's outputs."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cloudnorth_cli import shell
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.aws_secrets import Vault
from cloudnorth_cli.adapters.terraform_outputs import Outputs
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import Failed, Refused
from cloudnorth_cli.events import Journal
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Environment, SecretSource

MAX_BYTES = 1_000_000
"""Kubernetes keeps at most 1 MiB in one Secret (its own limit, v1/Secret)."""
COMMAND_SECONDS = 60.0


@dataclass(frozen=True)
class Sources:
    """Where the secrets of an environment are; nothing is asked before one is wanted."""

    root: Path
    """Where relative files start and commands run."""
    environ: Mapping[str, str]
    """Where {env} looks, and what commands get."""
    vault: Vault
    outputs: Outputs
    journal: Journal
    """Told to hide every value that is read."""
    place: Callable[..., str] = lambda *path: ".".join(path)
    """Where the key at a path stands."""

    def resolve(self, sources: Mapping[str, SecretSource], *path: str) -> dict[str, Secret]:
        """Every secret's value, by name. path: where the sources stand in the file.

        Raises Refused that tells every secret that cannot be read, with its source and never with any value.
        """
        kept = self._kept(sources)
        values: dict[str, Secret] = {}
        problems: dict[str, Refused] = {}
        for name, source in sources.items():
            try:
                values[name] = self._value(source, kept)
            except Refused as error:
                problems[name] = self._about(source, error)
        if problems:
            raise _together(problems, [self.place(*path, name) for name in problems])
        return values

    def read(self, source: SecretSource) -> Secret:
        """One secret's value. Raises Refused."""
        try:
            return self._value(source, self._kept({"": source}))
        except Refused as error:
            raise self._about(source, error) from error

    def _value(self, source: SecretSource, kept: Mapping[SecretSource, Secret | Refused]) -> Secret:
        whole = _whole(source)
        if whole is None:
            value = _without_newline(self._here(source))
        else:
            found = kept[whole]
            if isinstance(found, Refused):
                raise found
            value = found if source.key is None else _field(found, source.key)
        if not value.reveal():
            raise Refused(f"{describe(source)} is empty", code="secret-missing")
        if "\0" in value.reveal():
            message = f"{describe(source)} holds a NUL byte, which no environment variable can"
            raise Refused(message, code="secret-missing")
        self.journal.hide(value.reveal())
        return value

    def _about(self, source: SecretSource, error: Refused) -> Refused:
        """The error with its source and a next command; AWS's own words do not name the source."""
        told = describe(source)
        return Refused(
            error.message if error.message.startswith(told) else f"{told}: {error.message}",
            code=error.code,
            evidence=error.evidence,
            next=error.next or self._mend(source),
            retryable=error.retryable,
        )

    def _mend(self, source: SecretSource) -> tuple[str, ...]:
        if source.env is not None:
            return (f"read -rs {source.env} && export {source.env}",)  # asks for it; no shell's history keeps it
        if source.file is not None:
            return (f"ls -l {shlex.quote(source.file)}",)
        if source.command is not None:
            return (source.command,)
        if source.terraform is not None:
            return (self.outputs.typed,)
        return self.vault.typed(self._named(source))

    def _here(self, source: SecretSource) -> Secret:
        if source.env is not None:
            return _from_environment(source.env, self.environ)
        if source.file is not None:
            return _from_file(self.root / Path(source.file).expanduser(), source.file)
        return _from_command(source.command or "", self.root, self.environ)

    def _kept(self, sources: Mapping[str, SecretSource]) -> dict[SecretSource, Secret | Refused]:
        """What AWS and Terraform keep, asked for side by side; two keys of one secret are of one version of it."""
        wanted = tuple(dict.fromkeys(whole for one in sources.values() if (whole := _whole(one))))
        return dict(zip(wanted, side_by_side(self._ask, wanted), strict=True))

    def _ask(self, source: SecretSource) -> Secret | Refused:
        try:
            if source.terraform is not None:
                return self.outputs.secret(source.terraform)
            named = self._named(source)
            return self.vault.parameter(named.ssm) if named.ssm else self.vault.secret(named.secretsmanager or "")
        except Refused as error:
            return error

    def _named(self, source: SecretSource) -> SecretSource:
        """With Terraform's outputs in its name. Raises Refused."""

        def filled(text: str | None) -> str | None:
            return text and self.outputs.filled(text, "")

        return SecretSource(secretsmanager=filled(source.secretsmanager), ssm=filled(source.ssm))


def sources(environment: Environment, journal: Journal, outputs: Outputs | None = None) -> Sources:
    """Those of an environment, read with our own variables and its `aws`. outputs: Terraform's, where this run has
    them already."""
    vault = Vault(Door(environment.file.aws))
    known = outputs or Outputs(environment, journal)
    return Sources(environment.root, os.environ, vault, known, journal, environment.place)


def describe(source: SecretSource) -> str:
    """`environment variable TOKEN`, `file token.txt`, `Secrets Manager shop/db, key password`, `SSM /shop/token`."""
    if source.env is not None:
        return f"environment variable {source.env}"
    if source.file is not None:
        return f"file {source.file}"
    if source.secretsmanager is not None:
        return f"Secrets Manager {source.secretsmanager}{f', key {source.key}' if source.key is not None else ''}"
    if source.terraform is not None:
        return f"Terraform's output {source.terraform}"
    return f"SSM {source.ssm}" if source.ssm is not None else f"command {source.command}"


def _whole(source: SecretSource) -> SecretSource | None:
    """What AWS or Terraform is asked for: the source without its key; None where it is on this machine."""
    if source.secretsmanager is not None:
        return SecretSource(secretsmanager=source.secretsmanager)
    return source if source.ssm is not None or source.terraform is not None else None


def _without_newline(value: Secret) -> Secret:
    """As a shell's `$(…)` does with one: editors and `echo` end a text with it."""
    return Secret(value.reveal().removesuffix("\n").removesuffix("\r"))


def _together(problems: Mapping[str, Refused], places: Sequence[str]) -> Refused:
    """One error that tells all, `where` being the first one's place; of one code where each has that."""
    told = [f"secret {name}: {error.message}" for name, error in problems.items()]
    all_of_them = [f"{place}  {line}" for place, line in zip(places, told, strict=True)] if len(told) > 1 else []
    codes = {error.code for error in problems.values()}
    return Refused(
        f"{len(told)} secrets cannot be read" if all_of_them else told[0],
        code=codes.pop() if len(codes) == 1 else "secret-missing",
        where=places[0],
        evidence=(*all_of_them, *(line for error in problems.values() for line in error.evidence)),
        next=dict.fromkeys(line for error in problems.values() for line in error.next),
        retryable=all(error.retryable for error in problems.values()),
    )


def _field(whole: Secret, key: str) -> Secret:
    """One key of a JSON text: a text as it is, a number or truth value as it is written. No other key is told.

    Errors have no cause: that of a JSON text holds all of it.
    """
    try:
        told = json.loads(whole.reveal(), parse_int=str, parse_float=str)
    except ValueError:
        raise Refused("it is no JSON text, so it has no keys", code="secret-missing") from None
    found = told.get(key) if isinstance(told, dict) else None
    if found is None:
        raise Refused("it has no such key", code="secret-missing")
    if isinstance(found, dict | list):
        raise Refused("what stands there is no text", code="secret-missing")
    return Secret(found if isinstance(found, str) else json.dumps(found))


def _from_environment(name: str, environ: Mapping[str, str]) -> Secret:
    if name not in environ:
        raise Refused(f"environment variable {name} is not set", code="secret-missing")
    return Secret(environ[name])


def _from_file(path: Path, shown: str) -> Secret:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Refused(f"file {shown} is larger than {MAX_BYTES / 1e6:.0f} MB", code="secret-missing")
        return Secret(path.read_bytes().decode())
    except OSError as error:
        raise Refused(f"file {shown} cannot be read: {error.strerror}", code="secret-missing") from error
    except UnicodeDecodeError:
        # Without the cause: its text holds the bytes.
        raise Refused(f"file {shown} is not UTF-8 text", code="secret-missing") from None


def _from_command(text: str, root: Path, environ: Mapping[str, str]) -> Secret:
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
    return Secret(done.output)
