variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Group of the load balancer."
  type        = string
}

variable "services" {
  description = "Services behind it; the one without paths answers everything else."
  type        = map(object({ node_port = number, paths = list(string), health = string }))
}

variable "certificate_arn" {
  description = "Certificate of the HTTPS listener; null: HTTP only."
  type        = string
}

variable "plain_http_allowed" {
  description = "Whether it may do without a certificate."
  type        = bool
}

variable "deletion_protection" {
  description = "Resist deletion."
  type        = bool
}
