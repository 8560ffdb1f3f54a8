"""ECR's rules in front of the lab's registry: who may enter, which repositories there are, which tags stay.

Caddy asks `gate` before each request, and the registry tells `pushed` what it took. Words as ECR's own; what they are
is in https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageAlreadyExistsException, ImageNotFoundException, RepositoryNotFoundException
from moto.ecr.models import ecr_backends
from moto.ecr.responses import ECRResponse
from werkzeug import Request, Response

HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
PLACE = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs|tags)/(?P<name>.*)")
MANIFESTS = (
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
)
LOGIN_LASTS = timedelta(hours=12)
SECONDS = 10


def give_logins_an_end() -> None:
    """Have moto's logins end in 12 hours, as ECR's do; its own ended in 2015."""
    of_moto = ECRResponse.get_authorization_token

    def get_authorization_token(self: ECRResponse) -> ActionResult:
        result = of_moto(self)
        for one in result.result["authorizationData"]:  # type: ignore[index]
            one["expiresAt"] = datetime.now(UTC) + LOGIN_LASTS
        return result

    ECRResponse.get_authorization_token = get_authorization_token  # type: ignore[method-assign]


def gate(request: Request) -> Response:
    """200 where the registry may answer this itself; else what ECR would answer."""
    host = HOST.fullmatch(request.headers.get("X-Forwarded-Host", ""))
    if host is None:
        return _refused(404, "NAME_UNKNOWN", "no registry of ECR has this name")
    login = base64.b64encode(f"AWS:{host['account']}-auth-token".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {login}":
        refused = _refused(401, "UNAUTHORIZED", "authentication required")
        refused.headers["WWW-Authenticate"] = f'Basic realm="https://{host[0]}/",service="ecr.amazonaws.com"'
        return refused
    place = PLACE.fullmatch(request.headers.get("X-Forwarded-Uri", "").partition("?")[0])
    if place is None:
        return Response(status=200)
    return _look(host["account"], host["region"], place, request.headers.get("X-Forwarded-Method", ""))


def _look(account: str, region: str, place: re.Match[str], method: str) -> Response:
    ecr = ecr_backends[account][region]
    repository, name = place["repository"], place["name"]
    try:
        (found,) = ecr.describe_repositories(repository_names=[repository])
    except RepositoryNotFoundException:
        message = f"The repository with name '{repository}' does not exist in the registry with id '{account}'"
        return _refused(404, "NAME_UNKNOWN", message)
    tagging = method == "PUT" and place["kind"] == "manifests" and not name.startswith("sha256:")
    if tagging and found.image_tag_mutability.startswith("IMMUTABLE"):
        try:
            ecr.describe_images(repository, image_ids=[{"imageTag": name}])
        except ImageNotFoundException:
            return Response(status=200)
        message = f"The image tag '{name}' already exists in the '{repository}' repository and cannot be overwritten"
        return _refused(400, "TAG_INVALID", f"{message} because the tag is immutable.")
    return Response(status=200)


def pushed(request: Request, registry: str) -> Response:
    """Enter in ECR what the registry took under ECR's name; pushes under its own name are nobody's business here."""
    for event in json.loads(request.get_data())["events"]:
        host = HOST.fullmatch(event["request"]["host"])
        if host and event["action"] == "push" and event["target"]["mediaType"] in MANIFESTS:
            _enter(ecr_backends[host["account"]][host["region"]], event["target"], registry)
    return Response(status=200)


def _enter(ecr: Any, target: dict[str, str], registry: str) -> None:
    digest = target["digest"]
    url = f"http://{registry}/v2/{target['repository']}/manifests/{digest}"
    answer = requests.get(url, headers={"Accept": target["mediaType"]}, timeout=SECONDS)
    answer.raise_for_status()
    if f"sha256:{hashlib.sha256(answer.content).hexdigest()}" != digest:
        raise ValueError(f"{url} is not what it is called")  # moto would believe it
    try:
        ecr.put_image(target["repository"], answer.text, target.get("tag"), target["mediaType"], digest)
    except ImageAlreadyExistsException:
        pass  # told twice, or pushed again


def _refused(status: int, code: str, message: str) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]})
    return Response(body, status, content_type="application/json")
