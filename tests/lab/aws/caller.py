"""STS's answer to a presigned GetCallerIdentity, which is what an EKS token is: its signature is checked.

moto does not check signatures, and answers a presigned request in another service's name or in XML;
aws-iam-authenticator asks for JSON (pkg/token/token.go, `Verify`).
"""

from __future__ import annotations

import calendar
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.iam.models import iam_backends
from moto.sts.models import sts_backends
from werkzeug import Request, Response

from tests.lab.aws.names import ACCOUNT

EARLY, LATE = 300, 900
"""Seconds that a signature's date may be ahead and behind (Signature Version 4)."""


def is_presigned(request: Request) -> bool:
    """Whether this asks who signed it, with the signature in the query."""
    return request.args.get("Action") == "GetCallerIdentity" and "X-Amz-Signature" in request.args


def answer(request: Request) -> Response:
    """Who signed it; 403 with a code of STS's where that cannot be told."""
    query = request.args.to_dict()
    try:
        key, _, region, _, _ = query["X-Amz-Credential"].split("/")
        age = time.time() - calendar.timegm(time.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))
    except (KeyError, ValueError):
        return _refused("IncompleteSignature")
    secret, session = _secret(key)
    if not secret or (session or "") != query.get("X-Amz-Security-Token", ""):
        return _refused("InvalidClientTokenId")
    if not -EARLY < age < LATE:
        return _refused("ExpiredToken")
    if not hmac.compare_digest(_signature(request, query, secret).encode(), query["X-Amz-Signature"].encode()):
        return _refused("SignatureDoesNotMatch")
    user, arn, account = sts_backends[ACCOUNT]["aws"].get_caller_identity(key, region)
    who = {"UserId": user, "Account": account, "Arn": arn}
    return _json(200, {"GetCallerIdentityResponse": {"GetCallerIdentityResult": who, **_metadata()}})


def _signature(request: Request, query: Mapping[str, str], secret: str) -> str:
    _, day, region, service, _ = query["X-Amz-Credential"].split("/")
    signer = SigV4QueryAuth(Credentials("", secret), service, region)
    signed = {name: request.headers.get(name, "") for name in query.get("X-Amz-SignedHeaders", "host").split(";")}
    params = {name: value for name, value in query.items() if name != "X-Amz-Signature"}
    again = AWSRequest("GET", f"https://{request.host}/", headers=signed, params=params)
    again.context["timestamp"] = query["X-Amz-Date"]
    return str(signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again))


def _secret(key: str) -> tuple[str, str | None]:
    """The secret of a key, and the session's token where it is a role's."""
    role = sts_backends[ACCOUNT]["aws"].get_assumed_role_from_access_key(key)
    if role:
        return role.secret_access_key, role.session_token
    for user in iam_backends[ACCOUNT]["aws"].users.values():
        for one in user.access_keys:
            if one.access_key_id == key and one.status == "Active":
                return one.secret_access_key, None
    return "", None


def _refused(code: str) -> Response:
    return _json(403, {"Error": {"Type": "Sender", "Code": code, "Message": code}, "RequestId": "lab"})


def _metadata() -> dict[str, Any]:
    return {"ResponseMetadata": {"RequestId": "lab"}}


def _json(status: int, document: Mapping[str, Any]) -> Response:
    return Response(json.dumps(document), status, content_type="application/json")
