"""The lab's configuration files: templates in config/ and manifests/, filled and put where each program looks."""

from __future__ import annotations

from pathlib import Path
from string import Template

from tests.lab.aws import files as aws
from tests.lab.aws import names
from tests.lab.build.debian import CA_BUNDLE, root
from tests.lab.build.images import recipes
from tests.lab.programs import node_programs, supervisor_section
from tests.lab.settings import HERE, VERSIONS, Settings


def fill(template: str, settings: Settings, node: int = 1, **more: str) -> str:
    """A template of config/ or manifests/ with its names filled in; a name nobody knows is a KeyError."""
    return Template((HERE / template).read_text()).substitute(
        name=settings.name, state=str(settings.state), run=str(settings.run), registry=settings.registry,
        address=settings.address(), machine=settings.gateway(), node=str(node), node_name=settings.node_name(node),
        node_pods=settings.node_pods(node), docker_bridge=settings.docker_bridge, services=settings.services,
        pods=settings.pods, dns_service=settings.dns_service, kubernetes=VERSIONS.go("kubernetes"),
        logs=str(log_dir(settings, node)), aws_port=str(names.PORT), aws_namespace=names.NAMESPACE,
        cluster=names.CLUSTER, admin=names.ADMIN, deployer=names.DEPLOYER, deployers=names.DEPLOYERS,
        **_images(), **more,
    )  # fmt: skip


def log_dir(settings: Settings, node: int = 1) -> Path:
    """The folder of a node's logs."""
    return settings.state / "log" / settings.node_name(node)


def node_dir(settings: Settings, node: int) -> Path:
    """The folder of everything that a node writes."""
    return settings.state / settings.node_name(node)


def write_node_files(settings: Settings, node: int) -> None:
    """Put a node's configuration into its root, before the root is mounted."""
    etc = node_dir(settings, node) / "upper/etc"
    files = {
        "containerd/config.toml": fill("config/containerd.toml", settings, node),
        f"containerd/certs.d/{settings.registry}/hosts.toml": fill("config/hosts.toml", settings, node),
        "cni/net.d/10-lab.conflist": fill("config/cni.conflist", settings, node),
        "kubernetes/kubelet.yaml": fill("config/kubelet.yaml", settings, node),
        "kubernetes/credential-provider.yaml": fill("config/credential-provider.yaml", settings, node),
        "docker/daemon.json": fill("config/daemon.json", settings, node),
        "docker/registry.yml": fill("config/registry.yml", settings, node),
        "supervisor/supervisord.conf": _supervisord(settings, node),
        "aws/Caddyfile": fill("config/Caddyfile", settings, node),
        "aws/Corefile": fill("config/Corefile", settings, node, forward=aws.forward(settings)),
        "aws/authenticator.yaml": fill("config/authenticator.yaml", settings, node),
        str(CA_BUNDLE.relative_to("/etc")): aws.trusted(settings, root("lab") / CA_BUNDLE.relative_to("/")),
        "hosts": f"127.0.0.1 localhost\n{settings.address(node)} {settings.node_name(node)}\n"
        f"{settings.address()} registry.lab\n",
        "resolv.conf": aws.resolv_conf(settings),
    }
    for name, text in files.items():
        path = etc / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    log_dir(settings, node).mkdir(parents=True, exist_ok=True)


def database_user() -> tuple[int, int]:
    """The user and group ids that the database's package gave itself in its root."""
    for line in (root("mariadb") / "etc/passwd").read_text().splitlines():
        fields = line.split(":")
        if fields[0] == "mysql":
            return int(fields[2]), int(fields[3])
    raise LookupError("the mariadb root has no user mysql")


def _supervisord(settings: Settings, node: int) -> str:
    programs = node_programs(settings, node)
    sections = [supervisor_section(program, str(log_dir(settings, node))) for program in programs]
    return "\n".join([fill("config/supervisord.conf", settings, node), *sections])


def _images() -> dict[str, str]:
    references = {recipe.reference.split(":")[0].split("/")[1]: recipe.reference for recipe in recipes()}
    return {name.replace("-", "_"): reference for name, reference in references.items() if name != "python"}
