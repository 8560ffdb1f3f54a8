"""The registries of an environment: its own, and those that other images come from."""

from __future__ import annotations

import threading
from collections.abc import Callable

from cloudnorth_cli import secrets
from cloudnorth_cli.adapters import docker
from cloudnorth_cli.adapters.aws import Door
from cloudnorth_cli.adapters.ecr import Ecr
from cloudnorth_cli.adapters.reference import Reference, parse
from cloudnorth_cli.adapters.registry import Registry
from cloudnorth_cli.adapters.registry_login import Login
from cloudnorth_cli.errors import ExitStatus, Refused, UsageError
from cloudnorth_cli.events import Journal
from cloudnorth_cli.settings import Environment


class Registries:
    """Each registry as the environment reaches it; credentials are read when one is first asked.

    journal: told to hide them; who only wants names needs none.
    """

    def __init__(self, environment: Environment, journal: Journal | None = None) -> None:
        self._environment = environment
        self._journal = journal or Journal()
        self._ours = environment.file.registry
        self._our_host = (environment.registry_host or "").partition("/")[0] or None
        self._ecr = Ecr(Door(environment.file.aws)) if self._ours and self._ours.ecr else None
        self._known: dict[str, Registry] = {}
        self._guard = threading.Lock()

    def of(self, reference: Reference) -> Registry:
        """The registry that an image is in."""
        host = reference.host
        with self._guard:
            if host not in self._known:
                if self._ours is not None and host == self._our_host:
                    insecure = self._ours.insecure
                else:
                    insecure = host.partition(":")[0] in ("localhost", "127.0.0.1")  # as the engine has it
                self._known[host] = Registry(host, insecure=insecure, login=self._standing(host))
            return self._known[host]

    def digest(self, repository: str, tag: str) -> str | None:
        """The digest that a tag has, None where there is no such tag. Raises Refused."""
        reference = parse(repository)
        return self.of(reference).digest(reference.path, tag)

    def see_push_allowed(self, repository: str) -> None:
        """Known within milliseconds, before a long build; makes a repository that ECR lacks.

        Raises Refused with the status of a failed push.
        """
        reference = parse(repository)
        try:
            if self._ecr is not None and reference.host == self._our_host and self._ecr.ensure(reference.path):
                self._journal.notice(f"made repository {reference.path} in ECR, which was not there")
            self.of(reference).check_push(reference.path)
        except Refused as error:
            error.status = ExitStatus.FAILED
            raise

    def look_push_allowed(self, repository: str) -> bool:
        """The same and nothing is made: False where ECR lacks the repository, which a push makes. Raises Refused."""
        reference = parse(repository)
        try:
            self.of(reference).check_push(reference.path)
        except Refused as error:
            if error.code == "repository-missing" and self._ecr is not None and reference.host == self._our_host:
                return False
            raise
        return True

    def repository(self, service: str) -> str:
        """Host and path of a service's image in the environment's own registry. Raises UsageError without one."""
        if self._ours is None:
            raise UsageError(
                f"{self._environment.config_path}: environments.{self._environment.name}.registry is missing; "
                f"{service} has to be pushed somewhere",
                code="registry-missing",
            )
        name = self._environment.services[service].repository or f"{self._environment.project}/{service}"
        return f"{self._environment.registry_host}/{name}"

    def login(self, host: str) -> Login | None:
        """Who we are to a registry: as the configuration says, else what `docker login` left. Raises Refused."""
        return self.own_login(host) or docker.login(host)

    def own_login(self, host: str) -> Login | None:
        """The credentials that the configuration names for a registry. Raises Refused."""
        if self._ecr is not None and host == self._our_host:
            return self._ecr.login()
        if self._ours is None or host != self._our_host or not (self._ours.username and self._ours.password):
            return None
        known = secrets.sources(self._environment, self._journal)
        found = known.resolve({"password": self._ours.password}, "registry")
        return Login(self._ours.username, found["password"])

    def renewed(self, host: str) -> Login | None:
        """A new login where the registry no longer takes the one it gave; None where there is none. Raises Refused."""
        return self._ecr.login(renew=True) if self._ecr is not None and host == self._our_host else None

    def check_account(self) -> None:
        """See that the credentials are of the account that the registry is in. Raises Refused."""
        if self._ecr is not None:
            Door(self._environment.file.aws).check()

    def _standing(self, host: str) -> Login | Callable[[], Login] | None:
        return self._ecr.login if self._ecr is not None and host == self._our_host else self.login(host)

    def ours(self) -> tuple[str, Login | None]:
        """Host of the environment's own registry, and the credentials that the configuration names for it."""
        host = self._our_host or ""
        return host, self.own_login(host)
