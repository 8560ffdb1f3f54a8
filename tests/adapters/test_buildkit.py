"""`docker build` with BuildKit: the command line, and what it prints (kept from Docker 20.10.24)."""

from __future__ import annotations

from pathlib import Path

from cloudnorth_cli.adapters.buildkit import command
from cloudnorth_cli.adapters.buildkit_output import Stages, failure
from cloudnorth_cli.errors import ExitStatus, Refused
from cloudnorth_cli.model import Secret
from cloudnorth_cli.settings import Build, Docker, SecretSource

OUTPUT = """\
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#4 [one 1/2] FROM registry.example/base/python:3.11@sha256:325d
#4 CACHED

#5 [one 2/2] RUN pip install --requirement /requirements.lock
#5 0.412 Collecting starlette
#5 DONE 1.4s

#7 [stage-1 1/3] COPY . /ctx
#7 DONE 0.0s

#8 [stage-1 2/3] RUN make
#8 0.266 make: *** No rule to make target 'all'.  Stop.
#8 ERROR: executor failed running [/bin/sh -c make]: exit code: 2
------
 > [stage-1 2/3] RUN make:
------
executor failed running [/bin/sh -c make]: exit code: 2
"""


def test_the_command_line_is_what_one_would_type_and_holds_no_secret() -> None:
    build = Build(
        context="app",
        dockerfile="app/api.Dockerfile",
        target="api",
        args={"VERSION": "2"},
        secrets={"token": SecretSource(env="TOKEN")},
    )
    docker = Docker(host="tcp://engine:2375", command="/opt/docker")
    made = command(docker, Path("/shop"), build, {"token": Secret("hunter2")}, {"DOCKER_CONFIG": "/run/x"})
    assert str(made) == (
        "DOCKER_BUILDKIT=1 BUILDX_NO_DEFAULT_ATTESTATIONS=1 BUILDX_BUILDER=default DOCKER_HOST=tcp://engine:2375 "
        "CLOUDNORTH_BUILD_SECRET_0=*** DOCKER_CONFIG=/run/x /opt/docker build --progress plain "
        "--file /shop/app/api.Dockerfile --platform linux/amd64 --target api --build-arg VERSION=2 "
        "--secret id=token,env=CLOUDNORTH_BUILD_SECRET_0 /shop/app"
    )


def test_progress_counts_the_instructions_of_all_stages() -> None:
    stages = Stages()
    seen = [(stages.done, stages.total, stages.label) for line in OUTPUT.splitlines() if stages.read(line)]
    assert seen[0] == (0, 2, "FROM registry.example/base/python:3.11@sha256:325d")
    assert seen[-1] == (3, 5, "RUN make")


def test_a_failed_build_names_the_instruction_and_shows_its_lines() -> None:
    error = failure("api", 1, OUTPUT)
    assert error.message == "building api failed at [stage-1 2/3] RUN make"
    assert error.status == ExitStatus.FAILED
    assert error.evidence == (
        "make: *** No rule to make target 'all'.  Stop.",
        "executor failed running [/bin/sh -c make]: exit code: 2",
    )


def test_a_full_disk_is_told_as_such_with_the_commands_that_make_room() -> None:
    error = failure("api", 1, "failed to copy: write /var/lib/docker/x: no space left on device\n")
    assert (error.code, error.status) == ("disk-full", ExitStatus.FAILED)
    assert "docker builder prune" in error.next


def test_a_client_without_buildkit_is_refused_with_the_remedy() -> None:
    error = failure("api", 1, "ERROR: BuildKit is enabled but the buildx component is missing or broken.\n")
    assert isinstance(error, Refused)
    assert "buildx" in error.message
    assert "docker.command" in error.message
