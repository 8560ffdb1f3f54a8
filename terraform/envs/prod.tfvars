environment             = "prod"
allowed_account_ids     = ["123456789012"]
vpc_cidr                = "10.40.0.0/16"
eks_public_access_cidrs = ["203.0.113.0/24"]
eks_admin_arns          = ["arn:aws:iam::123456789012:role/platform-admin"]
eks_deployer_arns       = ["arn:aws:iam::123456789012:role/deployer-prod"]
certificate_arn         = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-4000-8000-000000000000"
node_instance_types     = ["m6i.large"]
node_scaling            = { min = 3, desired = 3, max = 9 }
db_instance_class       = "db.m7g.large"
db_storage_gb           = 100
alert_email             = "oncall@shop.example"
monthly_budget_usd      = 1200
