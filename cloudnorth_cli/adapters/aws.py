"""AWS through its SDK: credentials, region, role, clients, and its errors as ours. ecr.py and eks.py stand on it.

boto3 reads the standard variables and files by itself, `AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_SERVICE` among them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws
from cloudnorth_cli.suggestions import nearest

CONNECT, READ, ATTEMPTS = 2.0, 4.0, 2
"""Seconds to connect and for an answer, and how often: an endpoint that hangs is known of within 12 s and a pause."""

EXPIRED = {"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired"}
INVALID = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "UnauthorizedOperation",
    "UnauthorizedAccess",
    "AuthorizationError",
    "KMSAccessDenied",
}
"""The last two are SNS's."""


@dataclass(frozen=True)
class Identity:
    """Who we are in AWS."""

    account: str
    arn: str


class Door:
    """One account as an environment reaches it: profile, region, role. Nothing is asked before something is wanted.

    Clients can be used from several threads. Credentials of a role are made anew by themselves before they end.
    """

    def __init__(self, settings: Aws) -> None:
        self.settings = settings

    @cached_property
    def region(self) -> str:
        """Raises Refused where neither the configuration nor the machine names one."""
        with self.told("the region"):
            found = self.settings.region or self._own.get_config_variable("region")
        if not found:
            raise Refused(
                "no region is named, neither as aws.region nor on this machine",
                code="aws-region",
                next=(f"aws configure set region us-east-1{self._profile}",),
            )
        return str(found)

    def client(self, service: str, **config: Any) -> Any:
        """A boto3 client; `config` goes into its botocore Config. What it raises is for `told`. Raises Refused."""
        with self.told(service):
            return self._boto.client(service, config=_patience(**config))

    @cached_property
    def _boto(self) -> Any:
        """One for all clients: each boto3 session adds S3's methods to the botocore session, which takes them once."""
        import boto3

        return boto3.Session(botocore_session=self.session, region_name=self.region)

    @cached_property
    def session(self) -> Any:
        """The botocore session, with the role's credentials where one is named."""
        if self.settings.role is None:
            return self._own
        import botocore.session
        from botocore.credentials import (
            AssumeRoleCredentialFetcher,
            CredentialProvider,
            CredentialResolver,
            DeferredRefreshableCredentials,
        )
        from botocore.exceptions import NoCredentialsError

        own, region = self._own, self.region

        class Assumed(CredentialProvider):  # type: ignore[misc]
            METHOD = "assume-role"

            def load(self) -> Any:
                return DeferredRefreshableCredentials(fetcher.fetch_credentials, self.METHOD)

        def create_client(service: str, **given: Any) -> Any:
            return own.create_client(service, region_name=region, config=_patience(), **given)

        with self.told("the credentials"):
            source = own.get_credentials()
            if source is None:
                raise NoCredentialsError()
        fetcher = AssumeRoleCredentialFetcher(
            create_client, source, self.settings.role, extra_args={"RoleSessionName": "cloudnorth"}
        )
        session = botocore.session.Session(profile=self.settings.profile)
        session.register_component("credential_provider", CredentialResolver([Assumed()]))
        return session

    def credentials(self) -> Any:
        """botocore's credentials, which renew themselves. Raises Refused where there are none."""
        from botocore.exceptions import NoCredentialsError

        with self.told("the credentials"):
            found = self.session.get_credentials()
            if found is None:
                raise NoCredentialsError()
            return found

    def host(self, service: str) -> str:
        """A service's address in the region, such as `sts.us-east-1.amazonaws.com`, whatever AWS_ENDPOINT_URL says."""
        return f"{service}.{self.region}.{dns_suffix(self.region)}"

    def identity(self) -> Identity:
        """Who we are, as STS says. Raises Refused."""
        with self.told("who we are"):
            said: dict[str, str] = self.client("sts").get_caller_identity()
        return Identity(said["Account"], said["Arn"])

    def check(self) -> Identity:
        """Who we are; raises Refused where that is not the account that the configuration names."""
        who, wanted = self.identity(), self.settings.account
        if wanted is not None and who.account != wanted:
            raise Refused(
                f"these are credentials of account {who.account} ({who.arn}), aws.account is {wanted}",
                code="aws-account",
                next=(f"aws sts get-caller-identity{self._profile}",),
            )
        return who

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Raises what the SDK raises inside as Refused: what was asked for, a code, and the next command."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            raise self._answered(what, error) from error
        except BotoCoreError as error:
            raise self._unasked(what, error) from error

    def _answered(self, what: str, error: Any) -> Refused:
        code, said = str(error.response["Error"].get("Code", "")), _short(error.response["Error"].get("Message", ""))
        whoami = f"aws sts get-caller-identity{self._profile}"
        if code in EXPIRED:
            return Refused(
                f"the AWS credentials have expired: {said}",
                code="aws-credentials-expired",
                next=(f"aws sso login{self._profile}",),
            )
        if code in INVALID:
            message = f"AWS refuses the credentials: {said}{self._maybe_region()}"
            return Refused(message, code="aws-credentials", next=(whoami,))
        if code in DENIED:
            operation = error.operation_name
            return Refused(
                f"AWS does not let us ask for {what} ({operation}): {said}", code="aws-denied", next=(whoami,)
            )
        if code in throttling() or error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") == 429:
            return Refused(
                f"AWS asks us to slow down ({code}, {what}): {said}",
                code="aws-throttled",
                next=(f"aws service-quotas list-services{self._profile}",),
                retryable=True,
            )
        return Refused(
            f"AWS does not tell {what}: {said} ({code}, {error.operation_name})",
            code="aws-failed",
            next=(whoami,),
            retryable=error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) >= 500,
        )

    def _unasked(self, what: str, error: Exception) -> Refused:
        from botocore import exceptions as e

        whoami = f"aws sts get-caller-identity{self._profile}"
        match error:
            case e.ProfileNotFound():
                return Refused(str(error), code="aws-credentials-missing", next=("aws configure list-profiles",))
            case e.NoCredentialsError() | e.PartialCredentialsError() | e.CredentialRetrievalError():
                return Refused(
                    f"there are no AWS credentials: {error}",
                    code="aws-credentials-missing",
                    next=(f"aws configure{self._profile}",),
                )
            case e.UnauthorizedSSOTokenError() | e.SSOTokenLoadError() | e.TokenRetrievalError():
                return Refused(
                    f"the AWS credentials have expired: {error}",
                    code="aws-credentials-expired",
                    next=(f"aws sso login{self._profile}",),
                )
            case e.NoRegionError() | e.InvalidRegionError():
                return Refused(f"{error}{self._maybe_region()}", code="aws-region", next=("aws account list-regions",))
            case e.EndpointConnectionError() if maybe := self._maybe_region():
                return Refused(f"{error}{maybe}", code="aws-region", next=("aws account list-regions",))
            case e.HTTPClientError() | e.ConnectionError():
                return Refused(
                    f"AWS does not answer when asked for {what}: {error}",
                    code="aws-unreachable",
                    next=(whoami,),
                    retryable=True,
                )
        return Refused(f"AWS cannot be asked for {what}: {error}", code="aws-failed", next=(whoami,))

    def _maybe_region(self) -> str:
        """What is said of a region that the SDK has not heard of; new ones are."""
        known = [name for part in self._own.get_available_partitions() for name in self._known_regions(part)]
        region = self.settings.region or self._own.get_config_variable("region") or ""
        return "" if region in known else f"; {region!r} is no region that the SDK knows of; {nearest(region, known)}"

    def _known_regions(self, partition: str) -> list[str]:
        return list(self._own.get_available_regions("sts", partition_name=partition))

    @property
    def _profile(self) -> str:
        return f" --profile {self.settings.profile}" if self.settings.profile else ""

    @cached_property
    def _own(self) -> Any:
        """The machine's own credentials, before any role."""
        import botocore.session

        return botocore.session.Session(profile=self.settings.profile)


def dns_suffix(region: str) -> str:
    """`amazonaws.com`, and what other partitions have instead (botocore's endpoints.json)."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"


def check_account(settings: Aws) -> str:
    """Who we are in AWS, as an ARN; "" where the configuration names no account.

    Raises Refused for missing or expired credentials, for another account's, and where AWS cannot be asked.
    """
    return "" if settings.account is None else Door(settings).check().arn


def check_bucket(settings: Aws, bucket: str) -> None:
    """That S3 answers when asked for a bucket, whatever it says: asked without credentials.

    Raises Refused (`aws-unreachable`) where it does not.
    """
    from botocore import UNSIGNED
    from botocore.exceptions import ClientError

    door = Door(settings)
    client = door.client("s3", signature_version=UNSIGNED)
    with door.told(f"the bucket {bucket}"):
        try:
            client.head_bucket(Bucket=bucket)
        except ClientError:
            pass


def _patience(**config: Any) -> Any:
    from botocore.config import Config

    retries = {"total_max_attempts": ATTEMPTS, "mode": "standard"}
    return Config(**{"connect_timeout": CONNECT, "read_timeout": READ, "retries": retries} | config)


def throttling() -> set[str]:
    """Codes by which AWS's services ask for patience, as the SDK lists them."""
    from botocore.retries.standard import ThrottledRetryableChecker

    return set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)


def _short(text: str) -> str:
    """One line: what is no AWS answers with whole pages."""
    line = " ".join(text.split())
    return line if len(line) <= 300 else f"{line[:300]}…"
