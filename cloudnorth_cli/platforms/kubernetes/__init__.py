"""The kubernetes platform: releases installed by Helm; rendered, watched, verified, recorded and taken back by us."""

from cloudnorth_cli.platforms.kubernetes.platform import KubernetesPlatform

__all__ = ["KubernetesPlatform"]
