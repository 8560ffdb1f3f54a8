# Who may do what in the cluster. Entries, not the aws-auth ConfigMap: one wrong line there locks everybody out.

locals {
  admins    = [for arn in var.admin_arns : { arn = arn, policy = "AmazonEKSClusterAdminPolicy", namespaces = tolist([]) }]
  deployers = [for arn in var.deployer_arns : { arn = arn, policy = "AmazonEKSAdminPolicy", namespaces = tolist([var.namespace]) }]
  access    = { for one in concat(local.admins, local.deployers) : one.arn => one if var.access_entries }
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
    type       = length(each.value.namespaces) == 0 ? "cluster" : "namespace"
    namespaces = each.value.namespaces
  }
}
