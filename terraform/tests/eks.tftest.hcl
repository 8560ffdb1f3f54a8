mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                    = "shop-test"
  aws                     = { partition = "aws", region = "us-east-1", account = "123456789012", permissions_boundary = null }
  kubernetes_version      = "1.34"
  subnet_ids              = ["subnet-a", "subnet-b"]
  node_security_group_id  = "sg-nodes"
  public_access_cidrs     = []
  admin_arns              = ["arn:aws:iam::123456789012:role/admin"]
  deployer_arns           = ["arn:aws:iam::123456789012:role/deployer"]
  namespace               = "shop"
  node_instance_types     = ["t3.medium"]
  node_scaling            = { min = 1, desired = 2, max = 3 }
  target_group_arns       = { api = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/a/1", storefront = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/s/1" }
  key_arn                 = "arn:aws:kms:us-east-1:123456789012:key/k"
  log_retention_days      = 30
  pod_policies            = { shop-api = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  access_entries          = true
  addons                  = true
  pod_identity            = true
  launch_template         = true
  node_update_config      = true
  attach_to_target_groups = true
}

run "access_by_entries_and_nobody_by_accident" {
  command = plan
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "entries only, and none for whoever applies"
  }
  assert {
    condition     = one(aws_eks_access_policy_association.this["arn:aws:iam::123456789012:role/deployer"].access_scope).type == "namespace"
    error_message = "who deploys administers the namespace only"
  }
  assert {
    condition     = one(aws_eks_access_policy_association.this["arn:aws:iam::123456789012:role/admin"].access_scope).type == "cluster"
    error_message = "an administrator, the cluster"
  }
}

run "closed_encrypted_and_logged" {
  command = plan
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "without networks named the API is private"
  }
  assert {
    condition     = length(aws_eks_cluster.this.enabled_cluster_log_types) == 5
    error_message = "every control-plane log"
  }
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.key_arn
    error_message = "secrets under our key"
  }
  assert {
    condition     = aws_launch_template.node[0].metadata_options[0].http_tokens == "required" && aws_launch_template.node[0].metadata_options[0].http_put_response_hop_limit == 1
    error_message = "IMDSv2, and not for pods"
  }
}

run "every_add_on_is_pinned_and_the_balancer_knows_the_nodes" {
  command = plan
  module {
    source = "./modules/eks"
  }

  assert {
    condition     = alltrue([for addon in aws_eks_addon.this : can(regex("^v[0-9.]+-eksbuild\\.[0-9]+$", addon.addon_version))])
    error_message = "a version each"
  }
  assert {
    condition     = contains(keys(aws_eks_addon.this), "metrics-server") && contains(keys(aws_eks_addon.this), "amazon-cloudwatch-observability")
    error_message = "metrics for autoscaling, logs and metrics for CloudWatch"
  }
  assert {
    condition     = length(aws_autoscaling_attachment.balancer) == 2
    error_message = "a target group for each service"
  }
  assert {
    condition     = aws_eks_pod_identity_association.pod["shop-api"].namespace == "shop"
    error_message = "the API's pods have their own role"
  }
}
