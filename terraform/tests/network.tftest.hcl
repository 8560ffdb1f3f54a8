mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name               = "shop-test"
  aws                = { partition = "aws", region = "us-east-1", account = "123456789012", permissions_boundary = "arn:aws:iam::123456789012:policy/bound" }
  cidr               = "10.9.0.0/16"
  zones              = ["us-east-1a", "us-east-1b"]
  single_nat_gateway = false
  public_cidrs       = ["0.0.0.0/0"]
  node_ports         = [30080, 30030]
  key_arn            = "arn:aws:kms:us-east-1:123456789012:key/k"
  log_retention_days = 30
}

run "two_public_and_two_private_subnets_that_do_not_overlap" {
  command = plan
  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_subnet.public) == 2 && length(aws_subnet.private) == 2
    error_message = "two zones, a public and a private subnet in each"
  }
  assert {
    condition     = length(toset([for subnet in concat(values(aws_subnet.public), values(aws_subnet.private)) : subnet.cidr_block])) == 4
    error_message = "four ranges"
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 2
    error_message = "each zone has its own way out"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.map_public_ip_on_launch != true])
    error_message = "nothing in a private subnet has a public address"
  }
}

run "one_nat_gateway_where_that_is_enough" {
  command = plan
  module {
    source = "./modules/network"
  }
  variables {
    single_nat_gateway = true
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(aws_route.nat) == 2
    error_message = "both zones go out through the one"
  }
}

run "only_nodes_and_toolbox_reach_the_database" {
  command = plan
  module {
    source = "./modules/network"
  }

  assert {
    condition     = alltrue([for rule in aws_security_group.db.ingress : rule.from_port == 3306 && rule.to_port == 3306 && try(length(rule.cidr_blocks), 0) == 0])
    error_message = "MySQL, by group, from no address range"
  }
  assert {
    condition     = aws_iam_role.flow.permissions_boundary == var.aws.permissions_boundary
    error_message = "the boundary bounds"
  }
}

run "the_toolbox_has_no_way_in" {
  command = plan
  module {
    source = "./modules/network"
  }
  plan_options {
    target = [aws_security_group.toolbox]
  }

  assert {
    condition     = alltrue([for rule in aws_security_group.toolbox.egress : contains([443, 3306], rule.from_port)])
    error_message = "HTTPS and MySQL out, nothing else"
  }
}
