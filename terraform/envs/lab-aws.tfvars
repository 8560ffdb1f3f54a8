environment             = "lab"
allowed_account_ids     = ["123456789012"]
vpc_cidr                = "10.50.0.0/16"
single_nat_gateway      = true
deletion_protection     = false
eks_public_access_cidrs = ["203.0.113.0/24"]
eks_admin_arns          = ["arn:aws:iam::123456789012:role/platform-admin"]
eks_deployer_arns       = ["arn:aws:iam::123456789012:role/deployer-lab"]
namespace               = "shop-aws"
node_instance_types     = ["t3.medium"]
node_scaling            = { min = 1, desired = 1, max = 2 }
db_instance_class       = "db.t4g.micro"
db_multi_az             = false
alert_email             = "lab@shop.example"
monthly_budget_usd      = 10
log_retention_days      = 30
