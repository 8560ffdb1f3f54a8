"""`cloudnorth doctor --permissions`: the rights that each kind of work needs, from files that come with the tool."""

from __future__ import annotations

import json
from pathlib import Path

from cloudnorth_cli.events import Permissions, Result

_PACKAGE = Path(__file__).resolve().parents[1]
_FOLDER = _PACKAGE / "permissions"
_ROLES = {
    "deploy": _PACKAGE / "platforms" / "kubernetes" / "deployer-role.yaml",
    "read": _FOLDER / "read.role.yaml",
    "cleanup": _FOLDER / "read.role.yaml",
}
"""The others ask nothing of the cluster."""
KINDS = ("build", "cleanup", "deploy", "provision", "read")


def permissions() -> Result:
    """IAM policies as JSON and RBAC roles as YAML, by kind of work; capitals stand for names of your own."""
    found = tuple(map(_permissions, KINDS))
    return Result(
        command="doctor",
        exit_status=0,
        outcome="done",
        permissions=found,
        text="\n\n".join(part for one in found for part in _shown(one)),
    )


def _permissions(kind: str) -> Permissions:
    role = _ROLES.get(kind)
    return Permissions(
        work=kind,
        iam=json.loads((_FOLDER / f"{kind}.iam.json").read_text(encoding="utf-8")),
        rbac=role.read_text(encoding="utf-8") if role else None,
    )


def _shown(one: Permissions) -> list[str]:
    policy = f"# {one.work}: IAM policy\n{json.dumps(one.iam, indent=2)}"
    return [policy, f"# {one.work}: RBAC\n{one.rbac.rstrip()}"] if one.rbac else [policy]
