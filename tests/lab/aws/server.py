"""`python -m tests.lab.aws.server FILE`: moto's server with the lab's corrections; FILE tells where the lab is.

One process, so that what Caddy and the registry tell it meets moto's state without a way in between.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from moto.iam.models import iam_backends
from moto.moto_api._internal import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from moto.secretsmanager.models import secretsmanager_backends
from werkzeug import Request, Response
from werkzeug.serving import run_simple

from tests.lab.aws import caller, cluster, registry, rights
from tests.lab.aws.names import ACCOUNT, PORT, REGION, USER

OWN = "/_lab/"
"""Paths that are not AWS's: Caddy's question, whether it is up, and forgetting."""


class Double(DomainDispatcherApplication):
    """moto's dispatcher, behind what is answered otherwise here."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        super().__init__(create_backend_app)
        self.told = told
        self._begin()

    def _begin(self) -> None:
        """What is there at the start, as somebody's account has it before Terraform comes: a user, secrets."""
        give_user_a_key(self.told["key"], self.told["secret"])
        for name, value in self.told["secrets"].items():
            secretsmanager_backends[ACCOUNT][REGION].create_secret(
                name, secret_string=value, secret_binary=None, description=None, tags=None, kms_key_id=None,
                client_request_token=None, replica_regions=[], force_overwrite=False,
            )  # fmt: skip

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """One request."""
        if environ["PATH_INFO"].startswith(OWN):
            return self._own(Request(environ))(environ, start_response)
        if registry.HOST.fullmatch(environ.get("HTTP_HOST", "")):
            return registry.put(Request(environ), self.told["registry"])(environ, start_response)
        if "X-Amz-Signature" in environ.get("QUERY_STRING", "") and caller.is_presigned(request := Request(environ)):
            return caller.answer(request)(environ, start_response)
        answer: Iterable[bytes] = super().__call__(environ, start_response)
        return answer

    def _own(self, request: Request) -> Response:
        match request.path.removeprefix(OWN):
            case "gate":
                return registry.gate(request)
            case "up":
                return Response("up\n")
            case "forget" if request.method == "POST":
                moto_api_backend.reset()
                self._begin()
                return Response("as at the start\n")
        return Response(status=404)


def give_user_a_key(key: str, secret: str) -> None:
    """The one user there is at the start: whoever works in the lab's shell."""
    iam = iam_backends[ACCOUNT]["aws"]
    iam.create_user(region_name=REGION, user_name=USER)
    made = iam.create_access_key(USER)
    del iam.access_keys[made.physical_resource_id]
    made.access_key_id, made.secret_access_key = key, secret
    iam.access_keys[made.physical_resource_id] = made


def main(file: Path) -> None:
    """Serve until ended."""
    told = json.loads(file.read_text())
    os.environ["MOTO_PORT"] = str(PORT)  # where moto asks itself
    cluster.lead_to(told["api"], told["authority"], told["kubernetes"])
    registry.correct_moto()
    rights.bind_the_deployer()
    run_simple(told["address"], PORT, Double(told), threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
