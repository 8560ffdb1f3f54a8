"""The deployer's rights in AWS: the actions of the published policies for all but provisioning, and no others.

moto can enforce policies itself, but asks for most actions as if they were of every resource, so a policy that names
its repositories would allow nothing. Here the action alone counts. Whoever is not the deployer may do everything.
"""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.sts.models import sts_backends

from tests.lab.aws.names import ACCOUNT, DEPLOYER

POLICIES = Path(__file__).resolve().parents[3] / "cloudnorth_cli" / "permissions"
SIGNED_AS = {"monitoring": "cloudwatch"}
"""Services that requests are signed for under another name than their policies have."""
KINDS = ("build", "cleanup", "deploy", "read")


def published() -> frozenset[str]:
    """The actions of the policies that `doctor --permissions` prints."""
    found = [json.loads((POLICIES / f"{kind}.iam.json").read_text())["Statement"] for kind in KINDS]
    return frozenset(action for statements in found for one in statements for action in one["Action"])


def bind_the_deployer() -> None:
    """Have moto refuse the deployer what is not published, as AWS does it."""
    allowed = published()

    def authorize(self: Any, kind: type, resource: str = "*") -> None:
        role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(self.get_access_key())
        if role is None or role.role_arn != DEPLOYER:
            return
        request = kind(
            account_id=self.current_account, method=self.method, path=self.raw_path, data=self.data,
            body=self.raw_body, headers=self.headers, action=self._get_action(),
        )  # fmt: skip
        service, _, action = request._action.partition(":")
        asked = f"{SIGNED_AS.get(service, service)}:{action}"
        if asked != "sts:GetCallerIdentity" and not any(fnmatchcase(asked, one) for one in allowed):
            request._raise_access_denied()

    ActionAuthenticatorMixin._authenticate_and_authorize_action = authorize  # type: ignore[method-assign]
