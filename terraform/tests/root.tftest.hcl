# The whole, as prod has it, and what it refuses.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  environment         = "prod"
  vpc_cidr            = "10.9.0.0/16"
  certificate_arn     = "arn:aws:acm:us-east-1:123456789012:certificate/c"
  eks_admin_arns      = ["arn:aws:iam::123456789012:role/admin"]
  node_instance_types = ["t3.medium"]
  node_scaling        = { min = 1, desired = 2, max = 3 }
  db_instance_class   = "db.m7g.large"
  alert_email         = "a@shop.example"
  monthly_budget_usd  = 100
}

run "an_emulator_s_switches_are_refused_in_a_real_account" {
  command = plan
  variables {
    features = { budget = false }
  }

  expect_failures = [data.aws_caller_identity.current]
}

run "the_kubernetes_api_is_not_for_everybody" {
  command = plan
  variables {
    eks_public_access_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.eks_public_access_cidrs]
}

run "a_cluster_without_an_administrator_is_refused" {
  command = plan
  variables {
    eks_admin_arns = []
  }

  expect_failures = [var.eks_admin_arns]
}

run "one_service_answers_everything_else" {
  command = plan
  variables {
    services = { api = { node_port = 30080, paths = ["/api/*"] } }
  }

  expect_failures = [var.services]
}

run "names_fit_where_they_end_up" {
  command = plan
  variables {
    project = "a-project-with-a-long-name"
  }

  expect_failures = [var.project]
}
