# ---- what is made, and where

variable "project" {
  description = "Names everything, together with the environment."
  type        = string
  default     = "shop"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,10}[a-z0-9]$", var.project))
    error_message = "project wants 2 to 12 lower-case letters, digits and hyphens: load balancers' names end at 32."
  }
}

variable "environment" {
  description = "dev, staging or prod; lab for the double of AWS in the project's lab."
  type        = string

  validation {
    condition     = contains(["dev", "staging", "prod", "lab"], var.environment)
    error_message = "environment must be dev, staging, prod or lab."
  }
}

variable "region" {
  description = "AWS region."
  type        = string
  default     = "us-east-1"
}

variable "allowed_account_ids" {
  description = "Accounts in which this may be applied; null: any. Keeps prod's variables out of another account."
  type        = list(string)
  default     = null
}

variable "permissions_boundary" {
  description = "ARN of the policy that bounds every role made here; null: none."
  type        = string
  default     = null
}

variable "deletion_protection" {
  description = "Whether database, load balancer and buckets resist being deleted."
  type        = bool
  default     = true
}

variable "services" {
  description = "Each service behind the load balancer: its node port (the chart's `service.nodePort`), its paths (none: everything else), and the path that answers when it is ready."
  type = map(object({
    node_port = number
    paths     = optional(list(string), [])
    health    = optional(string, "/readyz")
  }))
  default = {
    api        = { node_port = 30080, paths = ["/api", "/api/*"] }
    storefront = { node_port = 30030 }
  }

  validation {
    condition     = length([for service in var.services : service if length(service.paths) == 0]) == 1
    error_message = "services wants exactly one without paths: it answers everything else."
  }
  validation {
    condition     = alltrue([for service in var.services : service.node_port >= 30000 && service.node_port <= 32767])
    error_message = "node_port is from Kubernetes' own range, 30000 to 32767."
  }
}

# ---- network

variable "vpc_cidr" {
  description = "Address range of the VPC; a /16 gives four subnets of 4,096 addresses."
  type        = string
}

variable "zones" {
  description = "Letters of the two availability zones. Written down: asked for, the list would change with AWS's own, and subnets would move."
  type        = list(string)
  default     = ["a", "b"]

  validation {
    condition     = length(var.zones) == 2 && length(distinct(var.zones)) == 2
    error_message = "two zones: a load balancer and a database's standby want no fewer, and more cost more."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for both zones: cheaper, but its zone's failure takes the way out with it."
  type        = bool
  default     = false
}

variable "public_cidrs" {
  description = "Who reaches the load balancer."
  type        = list(string)
  default     = ["0.0.0.0/0"]
}

variable "certificate_arn" {
  description = "ACM certificate of the HTTPS listener; null: plain HTTP, refused in prod."
  type        = string
  default     = null
}

# ---- cluster

variable "kubernetes_version" {
  description = "Of the control plane and the nodes. Go one minor version at a time."
  type        = string
  default     = "1.34"
}

variable "eks_public_access_cidrs" {
  description = "Who reaches the Kubernetes API from outside the VPC; empty: nobody."
  type        = list(string)
  default     = []

  validation {
    condition     = !contains(var.eks_public_access_cidrs, "0.0.0.0/0")
    error_message = "the Kubernetes API is not for everybody: name the networks that may reach it."
  }
}

variable "eks_admin_arns" {
  description = "IAM roles that administer the cluster. Whoever creates it gets no rights by that alone."
  type        = set(string)

  validation {
    condition     = length(var.eks_admin_arns) > 0
    error_message = "eks_admin_arns wants at least one role, or nobody could enter the cluster."
  }
}

variable "eks_deployer_arns" {
  description = "IAM roles that deploy: administrators of the project's namespace and of nothing else."
  type        = set(string)
  default     = []
}

variable "namespace" {
  description = "Namespace that deployers may change and whose pods get AWS rights."
  type        = string
  default     = "shop"
}

variable "node_instance_types" {
  description = "Instance types of the node group."
  type        = list(string)
}

variable "node_scaling" {
  description = "How many nodes; `desired` counts at the first apply, from then on the autoscaler's word does."
  type        = object({ min = number, desired = number, max = number })
}

# ---- database

variable "db_instance_class" {
  description = "Size of the database."
  type        = string
}

variable "db_engine_version" {
  description = "MySQL's version; 8.4 is the long-term one."
  type        = string
  default     = "8.4"
}

variable "db_multi_az" {
  description = "A standby in the other zone."
  type        = bool
  default     = true
}

variable "db_storage_gb" {
  description = "Storage to begin with; it grows by itself to five times that."
  type        = number
  default     = 20
}

# ---- people

variable "alert_email" {
  description = "Who is told of alarms; confirms once by e-mail."
  type        = string
}

variable "monthly_budget_usd" {
  description = "Warned at 80 % spent and 100 % forecast."
  type        = number
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps logs."
  type        = number
  default     = 365
}

# ---- emulators

variable "aws_max_retries" {
  description = "null: the provider's own 25. An emulator answers 500 to what it lacks, and 25 retries take ten minutes."
  type        = number
  default     = null
}

variable "features" {
  description = "Parts that an AWS emulator lacks. All on against AWS; emulator/moto.tfvars turns them off, and main.tf refuses that outside the emulator's account."
  type = object({
    eks_access         = optional(bool, true)
    eks_addons         = optional(bool, true)
    eks_pod_identity   = optional(bool, true)
    launch_template    = optional(bool, true)
    node_update_config = optional(bool, true)
    node_targets       = optional(bool, true)
    monitor_instances  = optional(bool, true)
    rds_parameters     = optional(bool, true)
    rds_monitoring     = optional(bool, true)
    bucket_policy      = optional(bool, true)
    budget             = optional(bool, true)
  })
  default  = {}
  nullable = false
}
