variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "cidr" {
  description = "Address range of the VPC."
  type        = string
}

variable "zones" {
  description = "The two availability zones."
  type        = list(string)
}

variable "single_nat_gateway" {
  description = "One NAT gateway for both zones."
  type        = bool
}

variable "public_cidrs" {
  description = "Who reaches the load balancer."
  type        = list(string)
}

variable "node_ports" {
  description = "Ports of the nodes that the load balancer sends to."
  type        = list(number)
}

variable "key_arn" {
  description = "Key of the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
}
