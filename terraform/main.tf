data "aws_partition" "current" {}

data "aws_caller_identity" "current" {
  lifecycle {
    postcondition {
      condition     = alltrue(values(var.features)) || self.account_id == "123456789012"
      error_message = "features may be turned off only in the emulator's account 123456789012; this is ${self.account_id}."
    }
  }
}

locals {
  name = "${var.project}-${var.environment}"
  aws = {
    partition            = data.aws_partition.current.partition
    region               = var.region
    account              = data.aws_caller_identity.current.account_id
    permissions_boundary = var.permissions_boundary
  }
}

module "encryption" {
  source = "./modules/encryption"

  name = local.name
  aws  = local.aws
}

module "network" {
  source = "./modules/network"

  name               = local.name
  aws                = local.aws
  cidr               = var.vpc_cidr
  zones              = [for letter in var.zones : "${var.region}${letter}"]
  single_nat_gateway = var.single_nat_gateway
  public_cidrs       = var.public_cidrs
  node_ports         = [for service in var.services : service.node_port]
  key_arn            = module.encryption.key_arn
  log_retention_days = var.log_retention_days
}

module "ecr" {
  source = "./modules/ecr"

  name         = local.name
  repositories = toset(keys(var.services))
  key_arn      = module.encryption.key_arn
  force_delete = !var.deletion_protection
}

module "storage" {
  source = "./modules/storage"

  name          = local.name
  aws           = local.aws
  key_arn       = module.encryption.key_arn
  force_destroy = !var.deletion_protection
  policy        = var.features.bucket_policy
}

module "rds" {
  source = "./modules/rds"

  name                = local.name
  aws                 = local.aws
  subnet_ids          = module.network.private_subnet_ids
  security_group_id   = module.network.db_security_group_id
  key_arn             = module.encryption.key_arn
  instance_class      = var.db_instance_class
  engine_version      = var.db_engine_version
  storage_gb          = var.db_storage_gb
  multi_az            = var.db_multi_az
  deletion_protection = var.deletion_protection
  log_retention_days  = var.log_retention_days
  parameters          = var.features.rds_parameters
  monitoring          = var.features.rds_monitoring
}

module "balancer" {
  source = "./modules/balancer"

  name                = local.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.public_subnet_ids
  security_group_id   = module.network.alb_security_group_id
  services            = var.services
  certificate_arn     = var.certificate_arn
  plain_http_allowed  = var.environment != "prod"
  deletion_protection = var.deletion_protection
}

module "eks" {
  source = "./modules/eks"

  name                    = local.name
  aws                     = local.aws
  kubernetes_version      = var.kubernetes_version
  subnet_ids              = module.network.private_subnet_ids
  node_security_group_id  = module.network.node_security_group_id
  public_access_cidrs     = var.eks_public_access_cidrs
  admin_arns              = var.eks_admin_arns
  deployer_arns           = var.eks_deployer_arns
  namespace               = var.namespace
  node_instance_types     = var.node_instance_types
  node_scaling            = var.node_scaling
  target_group_arns       = module.balancer.target_group_arns
  key_arn                 = module.encryption.key_arn
  log_retention_days      = var.log_retention_days
  pod_policies            = { shop-api = module.storage.read_write_policy_json }
  access_entries          = var.features.eks_access
  addons                  = var.features.eks_addons
  pod_identity            = var.features.eks_pod_identity
  launch_template         = var.features.launch_template
  node_update_config      = var.features.node_update_config
  attach_to_target_groups = var.features.node_targets
}

module "compute" {
  source = "./modules/compute"

  name                = local.name
  aws                 = local.aws
  subnet_id           = module.network.private_subnet_ids[0]
  security_group_id   = module.network.toolbox_security_group_id
  detailed_monitoring = var.features.monitor_instances
}

module "observability" {
  source = "./modules/observability"

  name               = local.name
  environment        = var.environment
  aws                = local.aws
  key_arn            = module.encryption.key_arn
  log_retention_days = var.log_retention_days
  alert_email        = var.alert_email
  cluster_name       = module.eks.cluster_name
  alb_arn_suffix     = module.balancer.arn_suffix
  target_groups      = module.balancer.target_group_arn_suffixes
  db_identifier      = module.rds.identifier
  db_storage_gb      = var.db_storage_gb
  instance_ids       = { toolbox = module.compute.instance_id }
  monthly_budget_usd = var.monthly_budget_usd
  budget             = var.features.budget
}
