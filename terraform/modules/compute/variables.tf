variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "subnet_id" {
  description = "A private subnet."
  type        = string
}

variable "security_group_id" {
  description = "What it reaches."
  type        = string
}

variable "detailed_monitoring" {
  description = "Metrics each minute."
  type        = bool
}

variable "instance_type" {
  description = "Its size; ARM."
  type        = string
  default     = "t4g.nano"
}
