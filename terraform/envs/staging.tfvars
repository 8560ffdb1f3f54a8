environment             = "staging"
vpc_cidr                = "10.30.0.0/16"
single_nat_gateway      = true
eks_public_access_cidrs = ["203.0.113.0/24"]
eks_admin_arns          = ["arn:aws:iam::123456789012:role/platform-admin"]
eks_deployer_arns       = ["arn:aws:iam::123456789012:role/deployer-staging"]
node_instance_types     = ["t3.large"]
node_scaling            = { min = 2, desired = 2, max = 4 }
db_instance_class       = "db.t4g.small"
db_multi_az             = false
alert_email             = "staging@shop.example"
monthly_budget_usd      = 450
log_retention_days      = 90
