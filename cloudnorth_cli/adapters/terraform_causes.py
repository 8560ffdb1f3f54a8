"""What an error of Terraform is about, where AWS or the way to it is: a code, a sentence, what to type next.

Terraform and its provider hand on what AWS's SDK for Go said, as text: `operation error S3: PutObject, https response
error StatusCode: 403, RequestID: …, api error AccessDenied: …` (github.com/aws/aws-sdk-go-v2, smithy-go's errors.go and
aws/transport/http/response_error.go). The codes are the services' own and the same in every SDK.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from cloudnorth_cli.adapters import aws
from cloudnorth_cli.adapters.terraform import Terraform
from cloudnorth_cli.adapters.terraform_stream import Diagnostic

_API = re.compile(
    r"(?:api error |(?:RequestID|HostID): [^,\n]*, (?=[A-Z]))(?P<code>[A-Z][\w.]+)(?<!ID): ?(?P<said>[^\n]*)"
)
_OPERATION = re.compile(r"operation error (?P<service>[^:]+): (?P<operation>\w+)")
_NOISE = re.compile(r"(https response error StatusCode: \d+, )?(RequestID: [^,]*, )?(HostID: [^,]*, )?")
_TAKEN = re.compile(r"AlreadyExists|AlreadyOwnedByYou|Duplicate|ResourceInUse|EntityAlreadyExists")
_NO_KEYS = re.compile(r"No valid credential sources|failed to refresh cached credentials|no EC2 IMDS role found")
_SILENT = re.compile(
    r"dial tcp|i/o timeout|context deadline exceeded|connection re(?:fused|set)|no such host|request send failed"
)
_ELSEWHERE = re.compile(r'requested bucket from "(?P<asked>[^"]+)", actual location "(?P<there>[^"]*)"')
_REGION = re.compile(r"[Ii]nvalid (?:AWS )?[Rr]egion[^:]*: (?P<region>[\w-]+)")
_PROVIDER = re.compile(
    r"Failed to (query available provider packages|install provider)|Required plugins are not installed"
    r"|Inconsistent dependency lock file|[Ii]ncompatible provider version"
)
_NEWER = re.compile(
    r"format version \d+, which is not supported by \w+ (?P<ours>[\d.]+\d)\b"
    r"[^\n]*created by \w+ (?P<theirs>[\w.-]+?)\.?$"
    r"|created by \w+ v?(?P<those>[\w.-]+), which is newer than current v?(?P<this>[\w.-]+)",
    re.MULTILINE,
)
_MOVED = re.compile(r"for state migration|state migration action|Backend configuration changed|Backend type changed")
_UNREADABLE = re.compile(r"Unsupported state file format|unsupported checksum|state data in S3 does not have")


@dataclass(frozen=True)
class Cause:
    """What went wrong. said: a sentence; mends: what to type before it is tried again, if there is anything."""

    code: str
    said: str
    mends: tuple[str, ...] = ()
    retryable: bool = False


def cause(error: Diagnostic, here: Terraform) -> Cause | None:
    """What an error is about; None where it is about neither AWS nor the way to it."""
    text = f"{error.summary}\n{error.detail}"
    for found in (_of_aws, _of_the_state, _of_the_way):
        if known := found(text, here):
            return known
    return None


def brief(text: str) -> str:
    """A line of the SDK without its numbers of requests."""
    return _NOISE.sub("", text)


def taken(errors: Sequence[Diagnostic]) -> tuple[str, ...]:
    """Addresses whose names somebody else has."""
    coded = [(error.address, _API.search(f"{error.summary}\n{error.detail}")) for error in errors]
    return tuple(address for address, said in coded if address and said and _TAKEN.search(said["code"]))


def _of_aws(text: str, here: Terraform) -> Cause | None:
    profile = f" --profile {here.profile}" if here.profile else ""
    if not (said := _API.search(text)):
        if _NO_KEYS.search(text):
            message = "there are no AWS credentials"
            return Cause("aws-credentials-missing", message, (f"aws configure{profile}",))
        return None
    code, words = said["code"], said["said"].strip().rstrip(".")
    asked = _OPERATION.search(text)
    what = f"{asked['operation']} of {asked['service']}" if asked else "what was asked"
    if code in aws.EXPIRED:
        message = f"the AWS credentials have expired: {words}"
        return Cause("aws-credentials-expired", message, (f"aws sso login{profile}",))
    if code in aws.INVALID:
        message = f"AWS refuses the credentials: {words}"
        return Cause("aws-credentials", message, (f"aws sts get-caller-identity{profile}",))
    if code in aws.DENIED:
        message = f"AWS does not let us {what}: {words}"
        return Cause("aws-denied", message, ("cloudnorth doctor --permissions",))
    if code in aws.throttling():
        return Cause("aws-throttled", f"AWS asks us to slow down ({code}, {what}): {words}", retryable=True)
    if _TAKEN.search(code):
        return Cause("name-taken", f"the name is taken ({code}, {what}){f': {words}' if words else ''}")
    return None


def _of_the_state(text: str, here: Terraform) -> Cause | None:
    if newer := _NEWER.search(text):
        theirs, ours = newer["theirs"] or newer["those"], newer["ours"] or newer["this"]
        message = (
            f"the state was written by Terraform {theirs}, and this one, {ours}, cannot read it: "
            "install that one, or name it as terraform.command"
        )
        return Cause("state-newer", message, (here.typed("version"),))
    if _MOVED.search(text):
        message = "there is a state in another place than the backend's: to be moved, or left where it is, by your hand"
        return Cause("backend-changed", message, tuple(here.typed(*words) for words in here.reinit()))
    if _UNREADABLE.search(text):
        message = "the state is none that Terraform can read: put back the version before it"
        return Cause("state-unreadable", message, (here.typed("state", "pull"),))
    if _PROVIDER.search(text):
        named = re.search(r"provider[s]? ([\w./-]+/[\w-]+)", text)
        message = f"Terraform cannot get its provider{f' {named[1]}' if named else 's'}"
        return Cause("provider-missing", message, (here.typed("init"),), retryable="could not connect" in text)
    return None


def _of_the_way(text: str, here: Terraform) -> Cause | None:
    if there := _ELSEWHERE.search(text):
        named = f"in {there['there']}" if there["there"] else "in another region"
        message = f"the bucket of the state is {named}, not in {there['asked']}"
        bucket = re.search(r'S3 bucket "([^"]+)"', text)
        look = f"aws s3api get-bucket-location --bucket {bucket[1] if bucket else 'BUCKET'}"
        return Cause("aws-region", message, (look,))
    if region := _REGION.search(text):
        return Cause("aws-region", f"{region['region']!r} is no region of AWS", ("aws account list-regions",))
    if _SILENT.search(text):
        message = f"it does not answer: {brief(text.splitlines()[0])}"
        return Cause("aws-unreachable", message, (f"cloudnorth doctor --env {here.environment}",), retryable=True)
    return None
