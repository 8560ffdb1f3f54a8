# Who may do what in the cluster. Entries, not the aws-auth ConfigMap: one wrong line there locks everybody out.

locals {
  access = var.access_entries ? merge(
    { for arn in var.admin_arns : arn => { policy = "AmazonEKSClusterAdminPolicy", namespaces = null } },
    { for arn in var.deployer_arns : arn => { policy = "AmazonEKSAdminPolicy", namespaces = [var.namespace] } },
  ) : {}
}

resource "aws_eks_access_entry" "this" {
  for_each = local.access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.key
  type          = "STANDARD"
}

resource "aws_eks_access_policy_association" "this" {
  for_each = local.access

  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.this[each.key].principal_arn
  policy_arn    = "arn:${var.aws.partition}:eks::aws:cluster-access-policy/${each.value.policy}"

  access_scope {
    type       = each.value.namespaces == null ? "cluster" : "namespace"
    namespaces = each.value.namespaces
  }
}
