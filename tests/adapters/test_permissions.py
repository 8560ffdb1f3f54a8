"""Every call of AWS that the tool makes is in a policy that `doctor --permissions` prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import botocore.session

import cloudnorth_cli
from cloudnorth_cli.commands.permissions import KINDS, permissions

PACKAGE = Path(cloudnorth_cli.__file__).parent
FREE = {"sts:GetCallerIdentity", "sts:AssumeRole"}
"""Nobody needs a right for the first (its API reference); the second is in the trust policy of `aws.role`."""
ACTIONS = {"s3:HeadBucket": "s3:ListBucket"}
"""Where the action has another name than the call (Service Authorization Reference)."""
PREFIXES = {"monitoring": "cloudwatch"}


@cache
def operations() -> dict[str, set[str]]:
    """Method of a client to the actions that it may be, of every service of which the package makes a client."""
    session = botocore.session.Session()
    source = "\n".join(file.read_text() for file in PACKAGE.rglob("*.py"))
    services = set(re.findall(r'client\(\s*"([a-z0-9]+)"', source)) | {"sts"}
    found: dict[str, set[str]] = {}
    for service in services:
        model = session.get_service_model(service)
        prefix = PREFIXES.get(model.signing_name, model.signing_name)
        for name in model.operation_names:
            found.setdefault(botocore.xform_name(name), set()).add(f"{prefix}:{name}")
    return found


def calls() -> Iterator[tuple[str, set[str]]]:
    """Each call by its file and line, with the actions that it may be."""
    for file in sorted(PACKAGE.rglob("*.py")):
        if "boto" not in (text := file.read_text()) and "Door" not in text and "ecr" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            name = node.func.attr
            if name in ("get_paginator", "get_waiter") and isinstance(node.args[0], ast.Constant):
                name = str(node.args[0].value)
            if name in operations():
                yield f"{file.relative_to(PACKAGE)}:{node.lineno} {name}", operations()[name]


def allowed() -> list[str]:
    """Actions of the policies; of `provision` those of the state's bucket alone, for its others are Terraform's."""
    return [
        action
        for one in permissions().permissions or ()
        for statement in one.iam["Statement"]
        for action in statement["Action"]
        if one.work != "provision" or action.startswith("s3:")
    ]


def test_each_call_is_in_a_policy() -> None:
    made = dict(calls())
    assert any("describe_images" in where for where in made), "the search finds calls"
    patterns = allowed()
    missing = {
        where: actions
        for where, actions in made.items()
        if not actions & FREE and not any(fnmatchcase(ACTIONS.get(a, a), p) for a in actions for p in patterns)
    }
    assert missing == {}


def test_each_kind_of_work_has_a_policy_and_each_policy_a_kind() -> None:
    assert {file.name.partition(".")[0] for file in (PACKAGE / "permissions").glob("*.iam.json")} == set(KINDS)
