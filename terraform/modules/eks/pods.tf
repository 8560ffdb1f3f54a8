# AWS rights of pods, by service account, through EKS Pod Identity: no keys in the cluster, no OIDC provider to keep.

data "aws_iam_policy_document" "pods_assume" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "Service"
      identifiers = ["pods.eks.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.aws.account]
    }
  }
}

resource "aws_iam_role" "cloudwatch_agent" {
  name                 = "${var.name}-cloudwatch-agent"
  assume_role_policy   = data.aws_iam_policy_document.pods_assume.json
  permissions_boundary = var.aws.permissions_boundary
}

resource "aws_iam_role_policy_attachment" "cloudwatch_agent" {
  role       = aws_iam_role.cloudwatch_agent.name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/CloudWatchAgentServerPolicy"
}

resource "aws_iam_role" "pod" {
  for_each = var.pod_policies

  name                 = "${var.name}-pod-${each.key}"
  assume_role_policy   = data.aws_iam_policy_document.pods_assume.json
  permissions_boundary = var.aws.permissions_boundary
}

resource "aws_iam_role_policy" "pod" {
  for_each = var.pod_policies

  name   = "own"
  role   = aws_iam_role.pod[each.key].id
  policy = each.value
}

resource "aws_eks_pod_identity_association" "pod" {
  for_each = var.pod_identity ? var.pod_policies : {}

  cluster_name    = aws_eks_cluster.this.name
  namespace       = var.namespace
  service_account = each.key
  role_arn        = aws_iam_role.pod[each.key].arn
}
