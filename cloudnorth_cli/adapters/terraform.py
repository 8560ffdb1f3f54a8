"""Terraform's command lines as values (OpenTofu's too). python-terraform builds the arguments; we run them.

Its `Terraform.cmd` would collect all output until the end and know no signals, so only `generate_cmd_string` is used.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged
from python_terraform import Terraform as ArgumentBuilder

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.shell import Command

OLDEST = {"Terraform": (1, 11), "OpenTofu": (1, 10)}
"""The first whose S3 backend locks without DynamoDB (their release notes: `use_lockfile`)."""
LOCK_WAIT = 60.0
"""Seconds for whoever else has the state: somebody's plan takes as long, and their apply is not waited for."""
PATIENCE = 3600.0
"""Seconds that an interrupted Terraform gets: it finishes what is in flight and writes its state. A database takes
half an hour; killed before that, it exists and nobody knows of it."""


@dataclass(frozen=True)
class Terraform:
    """One root module and one environment of it: every line that we run about it."""

    folder: Path
    environment: str
    vars: tuple[str, ...] = ()
    """Files, relative to `folder`; later ones over earlier ones."""
    backend: str | None = None
    workspace: str | None = None
    profile: str | None = None
    """Of AWS; for commands to type."""
    program: str = "terraform"
    environ: Mapping[str, str] = field(default_factory=dict)
    """Added to ours, such as AWS_REGION."""
    inherited: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def version(self) -> Command:
        return self._command("version", json=IsFlagged)

    def init(self, *, machine: bool = True) -> Command:
        """Get providers and modules; never moves a state. machine: its output is JSON."""
        told = {"json": IsFlagged} if machine else {}
        return self._command("init", **told, input=False, backend_config=self._files(self.backend))

    def validate(self) -> Command:
        return self._command("validate", json=IsFlagged)

    def plan(self, out: Path, *, destroy: bool = False, wait: float = 0.0) -> Command:
        """Exit status 0: nothing to do, 2: something. wait: seconds for whoever has the state."""
        return self._command(
            "plan",
            json=IsFlagged,
            input=False,
            out=out,
            detailed_exitcode=IsFlagged,
            lock_timeout=f"{wait:.0f}s",
            destroy=IsFlagged if destroy else None,
            var_file=self._files(*self.vars),
        )

    def show(self, plan: Path | None = None) -> Command:
        """A plan, or the state, as JSON; with everything sensitive in it."""
        return self._command("show", *([str(plan)] if plan else []), json=IsFlagged)

    def apply(self, plan: Path) -> Command:
        """Do what the plan says, nothing else; Terraform itself refuses one that the state has outrun."""
        return self._command("apply", str(plan), json=IsFlagged, input=False, lock_timeout=f"{LOCK_WAIT:.0f}s")

    def outputs(self) -> Command:
        return self._command("output", json=IsFlagged)

    def pull(self) -> Command:
        """The state, whole; for its serial."""
        return self._command("state pull")

    def typed(self, *words: str) -> str:
        """A command of Terraform for a person to type, in this environment."""
        place = f"TF_DATA_DIR={self._data} {self.program} -chdir={os.path.relpath(self.folder)}"
        return " ".join((f"TF_WORKSPACE={self.workspace} {place}" if self.workspace else place, *words))

    def reinit(self) -> tuple[tuple[str, ...], ...]:
        """The two ways to begin anew with a backend, for a person: with the state that is elsewhere, and without."""
        backend = tuple(f"-backend-config={name}" for name in self._files(self.backend))
        return tuple(("init", way, *backend) for way in ("-migrate-state", "-reconfigure"))

    def typed_path(self, name: str) -> str:
        """A file of the root module as a person here would type it."""
        return os.path.relpath(self.folder / name)

    @property
    def begun(self) -> Path:
        """Where what an apply has begun is noted on this machine."""
        return self.folder / self._data / "cloudnorth-begun.txt"

    @property
    def _data(self) -> str:
        # A folder for each environment: in a shared one, changing the backend asks to copy one's state over another's.
        return f".terraform-{self.environment}"

    def _files(self, *names: str | None) -> list[str]:
        return [name for name in names if name]

    def _command(self, words: str, *arguments: str, **options: Any) -> Command:
        builder = ArgumentBuilder(working_dir=str(self.folder), variables=None, terraform_bin_path=self.program)
        argv = builder.generate_cmd_string(words, *arguments, **options)
        environ = {
            **self.environ,
            # What somebody keeps in TF_CLI_ARGS was meant for their own hands.
            **{name: "" for name in self.inherited if name.startswith("TF_CLI_ARGS")},
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_DATA_DIR": self._data,
            **({"TF_WORKSPACE": self.workspace} if self.workspace else {}),
        }
        return Command(tuple(map(str, argv)), environ=environ, cwd=self.folder, patience=PATIENCE)


def check_version(text: str, program: str = "terraform") -> str:
    """The version of `terraform version -json`, which OpenTofu prints alike; `program` tells which of them it is.

    Raises Refused for one that is too old or neither.
    """
    name = "OpenTofu" if "tofu" in Path(program).name else "Terraform"
    try:
        version = str(json.loads(text)["terraform_version"])
        major, minor = (int(part) for part in re.findall(r"\d+", version)[:2])
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"this is not {name}'s version: {text.strip()[:80]!r}", code="terraform-version") from error
    if (major, minor) < (oldest := OLDEST[name]):
        raise Refused(
            f"{name} {version} is too old; {oldest[0]}.{oldest[1]} or later is needed", code="terraform-version"
        )
    return version


def serial(state: str) -> tuple[str, int]:
    """Lineage and serial of a state as `state pull` prints it; ("", 0) where there is none yet."""
    if not state.strip():
        return "", 0
    held = json.loads(state)
    return str(held.get("lineage", "")), int(held.get("serial", 0))


def outputs(text: str) -> dict[str, Any]:
    """Name to value of `terraform output -json`; sensitive ones are stars."""
    return {name: "***" if isinstance(value, Secret) else value for name, value in values(text).items()}


def values(text: str) -> dict[str, Any]:
    """The same with the sensitive ones as `Secret`s, of lists and maps as JSON."""
    return {
        name: _secret(one["value"]) if one.get("sensitive") and one.get("value") is not None else one.get("value")
        for name, one in json.loads(text or "{}").items()
    }


def _secret(value: Any) -> Secret:
    return Secret(value if isinstance(value, str) else json.dumps(value))


def addresses(text: str) -> frozenset[str]:
    """Every resource that the state (`show -json`) knows."""
    return frozenset(str(one["address"]) for one in _root(text))


def tainted(text: str) -> tuple[str, ...]:
    """Addresses of the state (`show -json`) that were left half-made and will be replaced."""
    return tuple(str(one["address"]) for one in _root(text) if one.get("tainted"))


def _root(text: str) -> list[Mapping[str, Any]]:
    return _resources(json.loads(text).get("values", {}).get("root_module", {}))


def _resources(module: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = list(module.get("resources", ()))
    for child in module.get("child_modules", ()):
        found += _resources(child)
    return found
