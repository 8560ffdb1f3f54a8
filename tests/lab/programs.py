"""The programs of a node, as supervisord runs them: which, and with what arguments."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tests.lab.aws import files as aws
from tests.lab.settings import VERSIONS, Settings

GO = "/opt/lab"  # where enter.sh mounts the programs built with Go


@dataclass(frozen=True)
class Program:
    """One program of a node and its command line."""

    name: str
    command: tuple[str, ...]


def node_programs(settings: Settings, node: int) -> list[Program]:
    """The programs of a node: all of them on node 1, those of a worker on the others."""
    pki = f"{settings.state}/pki"
    binaries = f"{GO}/kubernetes-{VERSIONS.go('kubernetes')}"
    worker = [
        Program("containerd", ("/usr/bin/containerd",)),
        Program("kubelet", (
            f"{binaries}/kubelet", "--config=/etc/kubernetes/kubelet.yaml", f"--kubeconfig={pki}/kubelet-{node}.conf",
            f"--node-ip={settings.address(node)}", f"--hostname-override={settings.node_name(node)}",
            "--image-credential-provider-config=/etc/kubernetes/credential-provider.yaml",
            f"--image-credential-provider-bin-dir={_folder('ecr-credential-provider')}")),
        Program("kube-proxy", (
            f"{binaries}/kube-proxy", f"--kubeconfig={pki}/super-admin.conf", "--proxy-mode=nftables",
            f"--cluster-cidr={settings.pods}", f"--hostname-override={settings.node_name(node)}",
            # These limits are the machine's; the lab leaves them alone.
            "--conntrack-max-per-core=0", "--conntrack-tcp-timeout-established=0",
            "--conntrack-tcp-timeout-close-wait=0")),
    ]  # fmt: skip
    return worker if node > 1 else worker + _control_plane(settings, pki, binaries) + _double(settings)


def _folder(name: str) -> str:
    return f"{GO}/{name}-{VERSIONS.go(name)}"


def _double(settings: Settings) -> list[Program]:
    """AWS's double: names, TLS, what answers, and who of IAM is whom in the cluster."""
    kept = str(aws.kept(settings))
    return [
        Program("aws-names", (f"{_folder('coredns')}/coredns", "-conf", "/etc/aws/Corefile")),
        Program("aws-front", (f"{kept}/caddy", "run", "--config", "/etc/aws/Caddyfile", "--adapter", "caddyfile")),
        Program("aws", aws.server_command(settings)),
        Program("aws-iam-authenticator", (
            "/usr/bin/env", "AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true",
            f"{_folder('aws-iam-authenticator')}/aws-iam-authenticator", "server",
            "--config=/etc/aws/authenticator.yaml", f"--state-dir={kept}", "--kubeconfig-pregenerated=true")),
    ]  # fmt: skip


def _control_plane(settings: Settings, pki: str, binaries: str) -> list[Program]:
    return [
        Program("registry", ("/usr/bin/docker-registry", "serve", "/etc/docker/registry.yml")),
        Program("dockerd", ("/usr/sbin/dockerd", "--config-file=/etc/docker/daemon.json")),
        Program("etcd", (
            "/usr/bin/etcd", "--data-dir=/run/etcd", "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379", "--listen-peer-urls=http://127.0.0.1:2380")),
        Program("kube-apiserver", (
            f"{binaries}/kube-apiserver", f"--advertise-address={settings.address()}", "--secure-port=6443",
            "--etcd-servers=http://127.0.0.1:2379", "--allow-privileged=true", "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction", "--enable-aggregator-routing=true",
            f"--service-cluster-ip-range={settings.services}", f"--client-ca-file={pki}/ca.crt",
            f"--authentication-token-webhook-config-file={aws.kept(settings)}/aws-iam-authenticator.kubeconfig",
            f"--tls-cert-file={pki}/apiserver.crt", f"--tls-private-key-file={pki}/apiserver.key",
            f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
            f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/sa.pub", f"--service-account-signing-key-file={pki}/sa.key",
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client", "--requestheader-username-headers=X-Remote-User",
            "--requestheader-group-headers=X-Remote-Group", "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key")),
        Program("kube-controller-manager", (
            f"{binaries}/kube-controller-manager", f"--kubeconfig={pki}/controller-manager.conf",
            f"--authentication-kubeconfig={pki}/controller-manager.conf",
            f"--authorization-kubeconfig={pki}/controller-manager.conf", "--bind-address=127.0.0.1",
            f"--client-ca-file={pki}/ca.crt", f"--root-ca-file={pki}/ca.crt",
            f"--cluster-signing-cert-file={pki}/ca.crt", f"--cluster-signing-key-file={pki}/ca.key",
            f"--service-account-private-key-file={pki}/sa.key", "--use-service-account-credentials=true",
            "--leader-elect=false",
            # An autoscaler in a test shall answer within seconds.
            "--horizontal-pod-autoscaler-sync-period=5s", "--horizontal-pod-autoscaler-initial-readiness-delay=5s")),
        Program("kube-scheduler", (
            f"{binaries}/kube-scheduler", f"--kubeconfig={pki}/scheduler.conf",
            f"--authentication-kubeconfig={pki}/scheduler.conf",
            f"--authorization-kubeconfig={pki}/scheduler.conf", "--bind-address=127.0.0.1", "--leader-elect=false")),
    ]  # fmt: skip


def supervisor_section(program: Program, logs: str) -> str:
    """The program's section of supervisord.conf; the registry's standard output is its access log, kept apart."""
    apart = program.name == "registry"
    lines = [
        f"[program:{program.name}]",
        f"command={shlex.join(program.command).replace('%', '%%')}",
        "autostart=false",
        "autorestart=true",
        "startsecs=1",
        "startretries=3",
        "stopasgroup=true",
        "killasgroup=true",
        f"stdout_logfile={logs}/{'registry-access' if apart else program.name}.log",
        "stdout_logfile_maxbytes=0",
    ]
    lines += [f"stderr_logfile={logs}/registry.log", "stderr_logfile_maxbytes=0"] if apart else ["redirect_stderr=true"]
    return "\n".join(lines) + "\n"
