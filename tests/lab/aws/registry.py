"""ECR's rules in front of the lab's registry: who may enter, which repositories there are, which tags stay.

Caddy asks `gate` before each request, and sends manifests to `put`. Words as ECR's own; what they are is in
https://docs.aws.amazon.com/AmazonECR/latest/userguide/common-errors-docker.html.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from moto.core.responses import ActionResult
from moto.ecr.exceptions import ImageAlreadyExistsException, ImageNotFoundException, RepositoryNotFoundException
from moto.ecr.models import Image, ecr_backends
from moto.ecr.responses import ECRResponse
from werkzeug import Request, Response

HOST = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")
PLACE = re.compile(r"/v2/(?P<repository>.+)/(?P<kind>manifests|blobs|tags)/(?P<name>.*)")
LOGIN_LASTS = timedelta(hours=12)
SECONDS = 10
CREATED = 201
PASSED = ("Content-Type", "Docker-Content-Digest", "Location")
_ONE_BY_ONE = threading.Lock()


def correct_moto() -> None:
    """Have moto's logins end in 12 hours (its own ended in 2015), and images be as large as their layers."""
    of_moto = ECRResponse.get_authorization_token

    def get_authorization_token(self: ECRResponse) -> ActionResult:
        result = of_moto(self)
        for one in result.result["authorizationData"]:  # type: ignore[index]
            one["expiresAt"] = datetime.now(UTC) + LOGIN_LASTS
        return result

    def size(self: Image) -> int | None:
        layers = json.loads(self.image_manifest).get("layers")
        return sum(layer.get("size", 0) for layer in layers) if layers else None

    ECRResponse.get_authorization_token = get_authorization_token  # type: ignore[method-assign]
    Image.get_image_size_in_bytes = size  # type: ignore[method-assign]


def gate(request: Request) -> Response:
    """Caddy's question before the registry is asked: 200, or what ECR answers instead."""
    told = request.headers
    login, path = told.get("Authorization", ""), told.get("X-Forwarded-Uri", "")
    answer = _refusal(told.get("X-Forwarded-Host", ""), login, told.get("X-Forwarded-Method", ""), path)
    return answer or Response(status=200)


def put(request: Request, registry: str) -> Response:
    """A manifest on its way to the registry; ECR knows the image when the engine hears that it is there."""
    with _ONE_BY_ONE:
        if refused := _refusal(request.host, request.headers.get("Authorization", ""), "PUT", request.path):
            return refused
        body = request.get_data()
        headers = {"Content-Type": request.content_type or "", "Host": request.host, "X-Forwarded-Proto": "https"}
        taken = requests.put(f"http://{registry}{request.path}", body, headers=headers, timeout=SECONDS)
        if taken.status_code == CREATED:
            _enter(request.host, request.path, body, request.content_type or "")
    passed = {name: taken.headers[name] for name in PASSED if name in taken.headers}
    return Response(taken.content, taken.status_code, headers=passed)


def _refusal(hostname: str, login: str, method: str, uri: str) -> Response | None:
    """What ECR refuses a request with; None for one that the registry may answer."""
    host = HOST.fullmatch(hostname)
    if host is None:
        return _refused(404, "NAME_UNKNOWN", "no registry of ECR has this name")
    wanted = base64.b64encode(f"AWS:{host['account']}-auth-token".encode()).decode()
    if login != f"Basic {wanted}":
        refused = _refused(401, "UNAUTHORIZED", "authentication required")
        refused.headers["WWW-Authenticate"] = f'Basic realm="https://{hostname}/",service="ecr.amazonaws.com"'
        return refused
    place = PLACE.fullmatch(uri.partition("?")[0])
    return _refused_there(host, place, method) if place else None


def _refused_there(host: re.Match[str], place: re.Match[str], method: str) -> Response | None:
    ecr, repository, name = _backend(host), place["repository"], place["name"]
    try:
        (found,) = ecr.describe_repositories(repository_names=[repository])
    except RepositoryNotFoundException:
        message = f"The repository with name '{repository}' does not exist in the registry with id '{host['account']}'"
        return _refused(404, "NAME_UNKNOWN", message)
    if place["kind"] != "manifests":
        return None
    there = _has(ecr, repository, name)
    if method != "PUT":
        # The registry keeps what was deleted from ECR, and has what was pushed under its own name.
        return None if there else _refused(404, "MANIFEST_UNKNOWN", "Requested image not found")
    if there and not name.startswith("sha256:") and found.image_tag_mutability.startswith("IMMUTABLE"):
        message = f"The image tag '{name}' already exists in the '{repository}' repository and cannot be overwritten"
        return _refused(400, "TAG_INVALID", f"{message} because the tag is immutable.")
    return None


def _has(ecr: Any, repository: str, name: str) -> bool:
    try:
        ecr.describe_images(repository, image_ids=[_reference(name)])
        return True
    except ImageNotFoundException:
        return False


def _enter(hostname: str, path: str, manifest: bytes, media_type: str) -> None:
    host, place = HOST.fullmatch(hostname), PLACE.fullmatch(path)
    assert host is not None
    assert place is not None
    digest = f"sha256:{hashlib.sha256(manifest).hexdigest()}"  # moto would invent one
    tag = _reference(place["name"]).get("imageTag")
    try:
        _backend(host).put_image(place["repository"], manifest.decode(), tag, media_type, digest)
    except ImageAlreadyExistsException:
        pass  # pushed again


def _reference(name: str) -> dict[str, str]:
    return {"imageDigest" if name.startswith("sha256:") else "imageTag": name}


def _backend(host: re.Match[str]) -> Any:
    return ecr_backends[host["account"]][host["region"]]


def _refused(status: int, code: str, message: str) -> Response:
    body = json.dumps({"errors": [{"code": code, "message": message}]})
    return Response(body, status, content_type="application/json")
