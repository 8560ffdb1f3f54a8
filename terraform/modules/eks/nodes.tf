resource "aws_launch_template" "node" {
  count = var.launch_template ? 1 : 0

  name_prefix            = "${var.name}-node-"
  update_default_version = true
  # With a template of our own EKS adds no group by itself; without the cluster's, nodes could not reach each other.
  vpc_security_group_ids = [
    var.node_security_group_id,
    aws_eks_cluster.this.vpc_config[0].cluster_security_group_id,
  ]

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
    # One hop: pods cannot take the node's role; theirs come from Pod Identity.
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"
    ebs {
      volume_size           = 40
      volume_type           = "gp3"
      encrypted             = true
      delete_on_termination = true
    }
  }

  monitoring {
    enabled = true
  }

  tag_specifications {
    resource_type = "instance"
    tags          = { Name = "${var.name}-node" }
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "default"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.subnet_ids
  instance_types  = var.node_instance_types
  ami_type        = "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"

  dynamic "launch_template" {
    for_each = aws_launch_template.node
    content {
      id      = launch_template.value.id
      version = launch_template.value.latest_version
    }
  }

  scaling_config {
    min_size     = var.node_scaling.min
    desired_size = var.node_scaling.desired
    max_size     = var.node_scaling.max
  }

  dynamic "update_config" {
    for_each = var.node_update_config ? [1] : []
    content {
      max_unavailable = 1
    }
  }

  lifecycle {
    # The autoscaler says how many nodes there are. remote_access is never set here, but an emulator may return one,
    # which would replace the group.
    ignore_changes = [scaling_config[0].desired_size, remote_access]
  }

  depends_on = [aws_iam_role_policy_attachment.node]
}

# New nodes join the load balancer by themselves, and leave it before they end.
resource "aws_autoscaling_attachment" "balancer" {
  #checkov:skip=CKV2_AWS_15:EKS owns the group and watches its nodes itself
  for_each = var.attach_to_target_groups ? var.target_group_arns : {}

  autoscaling_group_name = aws_eks_node_group.this.resources[0].autoscaling_groups[0].name
  lb_target_group_arn    = each.value
}

data "aws_iam_policy_document" "node_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "node" {
  name                 = "${var.name}-eks-node"
  assume_role_policy   = data.aws_iam_policy_document.node_assume.json
  permissions_boundary = var.aws.permissions_boundary
}

resource "aws_iam_role_policy_attachment" "node" {
  for_each = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"])

  role       = aws_iam_role.node.name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/${each.key}"
}
