"""Texts that AWS keeps: secrets of Secrets Manager and parameters of SSM, decrypted. Nothing here tells one."""

from __future__ import annotations

import shlex
import threading
from typing import Any

from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import SecretSource


class Vault:
    """One account's secrets in one region; may be used from several threads."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._clients: dict[str, Any] = {}
        self._guard = threading.Lock()
        self._looked = False
        self._refused: Refused | None = None

    def secret(self, name: str) -> Secret:
        """A secret's current value, by its name or ARN. Raises Refused.

        GetSecretValue gives a text, or bytes where it was stored as such
        (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
        """
        client = self._client("secretsmanager")
        with self._door.told("its value"):
            try:
                said = client.get_secret_value(SecretId=name)
            except client.exceptions.ResourceNotFoundException:
                raise self._missing() from None
        if "SecretString" in said:
            return Secret(said["SecretString"])
        try:
            return Secret(said["SecretBinary"].decode())
        except UnicodeDecodeError:
            # Without the cause: its text holds the bytes.
            raise Refused("it holds bytes that are no UTF-8 text", code="secret-missing") from None

    def parameter(self, name: str) -> Secret:
        """A parameter's value, decrypted, by its name or ARN. Raises Refused."""
        client = self._client("ssm")
        with self._door.told("its value"):
            try:
                said = client.get_parameter(Name=name, WithDecryption=True)
            except client.exceptions.ParameterNotFound:
                raise self._missing() from None
        return Secret(said["Parameter"]["Value"])

    def _client(self, service: str) -> Any:
        """One for each service: boto3's session makes them in one thread at a time (its documentation, "Session")."""
        with self._guard:
            self._look()
            if service not in self._clients:
                self._clients[service] = self._door.client(service)
            return self._clients[service]

    def _look(self) -> None:
        """Whose secrets these are, asked once: another account's of the same name would be read without a word.

        An endpoint that hangs is waited for once, however many secrets there are.
        """
        if not self._looked:
            self._looked = True
            try:
                if self._door.settings.account:
                    self._door.check()
            except Refused as error:
                self._refused = error
        if self._refused:
            raise self._refused

    def typed(self, source: SecretSource) -> tuple[str, ...]:
        """A command for a person, about a secret or parameter there; it prints no value of a secret."""
        region, profile = self._door.region, self._door.settings.profile
        place = f"--region {region}{f' --profile {profile}' if profile else ''}"
        if source.ssm is not None:
            return (
                f"aws ssm describe-parameters --parameter-filters Key=Name,Values={shlex.quote(source.ssm)} {place}",
            )
        return (f"aws secretsmanager describe-secret --secret-id {shlex.quote(source.secretsmanager or '')} {place}",)

    def _missing(self) -> Refused:
        return Refused(f"there is none in {self._door.region}", code="secret-missing")
