# Load balancer, toolbox, alarms and the key.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "shop-test"
  environment         = "test"
  aws                 = { partition = "aws", region = "us-east-1", account = "123456789012", permissions_boundary = null }
  key_arn             = "arn:aws:kms:us-east-1:123456789012:key/k"
  vpc_id              = "vpc-1"
  subnet_ids          = ["subnet-a", "subnet-b"]
  subnet_id           = "subnet-a"
  security_group_id   = "sg-1"
  services            = { api = { node_port = 30080, paths = ["/api/*"], health = "/readyz" }, storefront = { node_port = 30030, paths = [], health = "/readyz" } }
  certificate_arn     = "arn:aws:acm:us-east-1:123456789012:certificate/c"
  plain_http_allowed  = false
  deletion_protection = true
  detailed_monitoring = true
  log_retention_days  = 30
  alert_email         = "a@shop.example"
  cluster_name        = "shop-test"
  alb_arn_suffix      = "app/shop-test/1"
  target_groups       = { api = "targetgroup/a/1", storefront = "targetgroup/s/1" }
  db_identifier       = "shop-test"
  db_storage_gb       = 100
  instance_ids        = { toolbox = "i-1" }
  monthly_budget_usd  = 100
  budget              = true
}

run "port_80_redirects_and_tls_is_today_s" {
  command = plan
  module {
    source = "./modules/balancer"
  }

  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect"
    error_message = "nothing is served in clear"
  }
  assert {
    condition     = startswith(aws_lb_listener.https[0].ssl_policy, "ELBSecurityPolicy-TLS13")
    error_message = "TLS 1.2 and 1.3"
  }
  assert {
    condition     = length(aws_lb_listener_rule.this) == 1 && aws_lb_target_group.this["api"].port == 30080
    error_message = "paths to the API's node port, everything else by default"
  }
}

run "prod_is_not_served_in_clear" {
  command = plan
  module {
    source = "./modules/balancer"
  }
  variables {
    certificate_arn = null
  }

  expect_failures = [aws_lb.this]
}

run "the_toolbox_asks_for_tokens_and_is_encrypted" {
  command = plan
  module {
    source = "./modules/compute"
  }

  assert {
    condition     = aws_instance.toolbox.metadata_options[0].http_tokens == "required" && aws_instance.toolbox.root_block_device[0].encrypted
    error_message = "IMDSv2, encrypted"
  }
}

run "what_matters_rings" {
  command = plan
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = length(setsubtract(["nodes-cpu", "nodes-memory", "pods-crash-loop", "alb-5xx", "api-5xx", "db-cpu", "db-storage"], keys(aws_cloudwatch_metric_alarm.this))) == 0
    error_message = "CPU, memory, crash loops, 5xx, database"
  }
  assert {
    condition     = aws_cloudwatch_metric_alarm.this["db-storage"].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.this["db-storage"].threshold == 10000000000
    error_message = "less room is worse; a tenth of 100 GB"
  }
  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == var.key_arn
    error_message = "under our key: alarms cannot publish under AWS's own"
  }
  assert {
    condition     = aws_budgets_budget.monthly[0].limit_amount == "100"
    error_message = "a budget"
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 6
    error_message = "the dashboard is valid JSON with its six graphs"
  }
}

run "the_key_rotates" {
  command = plan
  module {
    source = "./modules/encryption"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "rotation"
  }
}
