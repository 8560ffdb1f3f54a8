"""When a kubeconfig's credentials end, as a token's own claim tells.

What an exec plugin or a token file gives is made anew by itself, so nothing is known of its end; certificates last for
months, and one that has ended is refused by the API server at `check`.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import Any

from cloudnorth_cli.adapters import kube_config


def ends(path: str, context: str) -> datetime | None:
    """None where it is not known. Raises Refused where the context is not there."""
    user = kube_config.user_of(path, context)
    if user.get("exec") or user.get("tokenFile"):
        return None
    return of_token(str(user.get("token") or ""))


def of_token(token: str) -> datetime | None:
    """The `exp` of a JSON Web Token (RFC 7519, 4.1.4); None for a token of another kind."""
    try:
        payload = token.split(".")[1]
        claims: Any = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return datetime.fromtimestamp(float(claims["exp"]), UTC)
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error):
        return None
