variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "environment" {
  description = "Tag by which the budget counts."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "key_arn" {
  description = "Key of logs and messages."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}

variable "alert_email" {
  description = "Who is told."
  type        = string
}

variable "cluster_name" {
  description = "The cluster."
  type        = string
}

variable "alb_arn_suffix" {
  description = "The load balancer as CloudWatch names it."
  type        = string
}

variable "target_groups" {
  description = "Service to its target group as CloudWatch names it."
  type        = map(string)
}

variable "db_identifier" {
  description = "The database."
  type        = string
}

variable "db_storage_gb" {
  description = "Its storage to begin with."
  type        = number
}

variable "instance_ids" {
  description = "Name to instance."
  type        = map(string)
}

variable "monthly_budget_usd" {
  description = "What a month may cost."
  type        = number
}

variable "budget" {
  description = "Whether there is a budget."
  type        = bool
}
