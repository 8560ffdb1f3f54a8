"""What the double calls itself: one account, one region, one cluster, and the roles that the cluster knows."""

from __future__ import annotations

ACCOUNT = "123456789012"  # moto's own
REGION = "us-east-1"
CLUSTER = "shop-lab"
NAMESPACE = "shop-aws"
USER = "lab"
DATABASE_URL = "shop/lab/database-url"
PORT = 4566  # where moto answers without TLS; AWS's names lead to 443
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/deployer-lab"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/platform-admin"
DEPLOYERS = "shop-deployers"
"""The Kubernetes group of DEPLOYER, which `manifests/aws.yaml` gives the published Role."""
