"""Whose credentials these are, before anything is planned with them."""

from __future__ import annotations

from typing import Any

from cloudnorth_cli.errors import Refused
from cloudnorth_cli.settings import Aws

SECONDS = 5.0


def check_account(settings: Aws) -> str:
    """Who we are in AWS, as an ARN; "" where the configuration names no account.

    Raises Refused for missing or expired credentials, for another account's, and where AWS cannot be asked.
    """
    if settings.account is None:
        return ""
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    config = Config(connect_timeout=SECONDS, read_timeout=SECONDS, retries={"total_max_attempts": 2})
    try:
        session = boto3.Session(profile_name=settings.profile, region_name=settings.region)
        region = session.region_name or "us-east-1"
        identity: dict[str, Any] = session.client("sts", region_name=region, config=config).get_caller_identity()
    except ClientError as error:
        raise Refused(
            f"AWS refuses the credentials: {error.response['Error']['Message']}", code="aws-credentials"
        ) from error
    except BotoCoreError as error:
        raise Refused(f"AWS cannot be asked who we are: {error}", code="aws-credentials") from error
    if identity["Account"] != settings.account:
        raise Refused(
            f"these are credentials of account {identity['Account']} ({identity['Arn']}), "
            f"aws.account is {settings.account}",
            code="aws-account",
        )
    return str(identity["Arn"])
