"""ECR: a login from the SDK that is renewed before it ends, and repositories that are made where they lack."""

from __future__ import annotations

import base64
import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret

ROOM = 1800.0
"""Seconds that a login has to last when it is handed out: a push that begins with it ends within."""
UNTAGGED_DAYS = 14
LIFECYCLE = {
    "rules": [
        {
            "rulePriority": 1,
            "description": f"untagged images end after {UNTAGGED_DAYS} days",
            "selection": {
                "tagStatus": "untagged",
                "countType": "sinceImagePushed",
                "countUnit": "days",
                "countNumber": UNTAGGED_DAYS,
            },
            "action": {"type": "expire"},
        }
    ]
}
"""As https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html has it."""


class Ecr:
    """One account's registry in one region; may be used from several threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._login: Login | None = None
        self._until = 0.0
        self._guard = threading.Lock()

    def login(self, *, renew: bool = False) -> Login:
        """Who we are to the registry. Raises Refused.

        Made anew when less than ROOM is left of it, and with `renew`, for when the registry does not take it any more.
        AWS gives it for 12 hours (GetAuthorizationToken).
        """
        with self._guard:
            if self._login is None or renew or time.time() + ROOM > self._until:
                self._login, self._until = self._ask()
            return self._login

    def ensure(self, repository: str) -> bool:
        """Make a repository where there is none, and tell whether it was made; one that is there stays as it is.

        A new one scans on push, has tags that stay, and forgets untagged images. Raises Refused.
        """
        client = self._client()
        what = f"the ECR repository {repository}"
        with self._door.told(what):
            try:
                client.describe_repositories(repositoryNames=[repository])
                return False
            except client.exceptions.RepositoryNotFoundException:
                pass
            try:
                client.create_repository(
                    repositoryName=repository,
                    imageTagMutability="IMMUTABLE",
                    imageScanningConfiguration={"scanOnPush": True},
                )
            except client.exceptions.RepositoryAlreadyExistsException:
                return False  # another run was faster, and makes its policy too
            client.put_lifecycle_policy(repositoryName=repository, lifecyclePolicyText=json.dumps(LIFECYCLE))
        return True

    def _ask(self) -> tuple[Login, float]:
        with self._door.told("a login to ECR"):
            said = self._client().get_authorization_token()["authorizationData"][0]
        ends: datetime = said["expiresAt"]
        username, colon, password = base64.b64decode(said["authorizationToken"]).decode().partition(":")
        if not colon:
            raise Refused("ECR's login is not of the form USER:PASSWORD", code="aws-failed")
        return Login(username, Secret(password)), ends.astimezone(UTC).timestamp()

    def _client(self) -> Any:
        return self._door.client("ecr")
