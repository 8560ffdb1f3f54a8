# What the cluster needs to work and to be seen: each version is written down, so that two applies make the same cluster.
# `aws eks describe-addon-versions --kubernetes-version 1.34` lists what there is.

locals {
  addons = {
    vpc-cni                         = { version = "v1.20.4-eksbuild.2", roles = {} }
    kube-proxy                      = { version = "v1.34.0-eksbuild.2", roles = {} }
    coredns                         = { version = "v1.12.3-eksbuild.1", roles = {} }
    eks-pod-identity-agent          = { version = "v1.3.10-eksbuild.2", roles = {} }
    metrics-server                  = { version = "v0.8.0-eksbuild.2", roles = {} }
    amazon-cloudwatch-observability = { version = "v4.4.0-eksbuild.1", roles = { cloudwatch-agent = aws_iam_role.cloudwatch_agent.arn } }
  }
}

resource "aws_eks_addon" "this" {
  for_each = var.addons ? local.addons : {}

  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  addon_version               = each.value.version
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "PRESERVE"

  dynamic "pod_identity_association" {
    for_each = var.pod_identity ? each.value.roles : {}
    content {
      service_account = pod_identity_association.key
      role_arn        = pod_identity_association.value
    }
  }

  depends_on = [aws_eks_node_group.this]
}
