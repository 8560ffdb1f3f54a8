variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Who reaches it."
  type        = string
}

variable "key_arn" {
  description = "Key of storage, insights and the master password."
  type        = string
}

variable "instance_class" {
  description = "Its size."
  type        = string
}

variable "engine_version" {
  description = "MySQL's version, such as 8.4."
  type        = string
}

variable "storage_gb" {
  description = "Storage to begin with; grows to five times that."
  type        = number
}

variable "multi_az" {
  description = "A standby in the other zone."
  type        = bool
}

variable "deletion_protection" {
  description = "Resist deletion; keep a last snapshot."
  type        = bool
}

variable "log_retention_days" {
  description = "How long its logs are kept."
  type        = number
}

variable "parameters" {
  description = "Whether its parameters are set (an emulator may not read them back)."
  type        = bool
}

variable "monitoring" {
  description = "Whether the instance's own processes are watched."
  type        = bool
}
