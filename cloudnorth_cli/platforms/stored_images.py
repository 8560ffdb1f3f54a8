"""The images of an environment's own registry: what is there, and deleting. ECR alone can tell when one was pushed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from cloudnorth_cli.adapters import aws_look
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.ecr_images import Contents, EcrImage
from cloudnorth_cli.adapters.threads import side_by_side
from cloudnorth_cli.errors import Refused
from cloudnorth_cli.platforms.registries import Registries
from cloudnorth_cli.settings import Environment


class StoredImages:
    """The repositories of the services that an environment builds. Raises Refused throughout."""

    def __init__(self, environment: Environment) -> None:
        """Raises Refused for an environment without a registry, and for one that is not ECR."""
        if environment.file.registry is None:
            raise Refused(
                f"{environment.name} has no registry here that could be cleaned up"
                + (": it runs files of this machine" if environment.platform == "local" else ""),
                code="registry-none",
                next=(f"cloudnorth config --env {environment.name}",),
            )
        built = [name for name, service in environment.services.items() if service.image is None]
        repositories = [Registries(environment).repository(name) for name in built]
        self.host = (environment.registry_host or "").partition("/")[0]
        """Of the registry."""
        self.repositories = tuple(dict.fromkeys(one.partition("/")[2] for one in repositories))
        """Their paths."""
        place = aws_look.registry(self.host)
        if place is None:
            raise Refused(
                f"{self.host or environment.name} is no registry of ECR, and the registries' API neither tells when an "
                "image was pushed nor has every registry delete; it has a cleanup of its own",
                code="cleanup-ecr-only",
                where=f"{environment.config_path.name} environments.{environment.name}.registry",
            )
        account, region = place
        self._door = Door(msgspec.structs.replace(environment.file.aws, region=region))
        self._contents = Contents(self._door, account)

    def check(self) -> None:
        """See that the credentials are of the account that the configuration names."""
        self._door.check()

    def all(self) -> tuple[EcrImage, ...]:
        """By repository, newest first."""
        return tuple(one for found in side_by_side(self._contents.images, self.repositories) for one in found)

    def members(self, indexes: Sequence[EcrImage]) -> Mapping[str, frozenset[str]]:
        """By the digest of each index, the digests of what it is made of. Raises Refused where one cannot be read."""
        found: dict[str, frozenset[str]] = {}
        for repository in {one.repository for one in indexes}:
            wanted = [one.digest for one in indexes if one.repository == repository]
            found |= self._contents.members(repository, wanted)
        if missing := sorted({one.digest for one in indexes} - found.keys()):
            raise Refused(f"the index {missing[0]} cannot be read, so it is not known what it needs", code="aws-failed")
        return found

    def delete(self, repository: str, digests: Sequence[str]) -> Mapping[str, str]:
        """Delete images; returns those that stayed all the same, each with the registry's reason."""
        return self._contents.delete(repository, digests)
