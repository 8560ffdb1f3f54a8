variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "key_arn" {
  description = "Key of the objects."
  type        = string
}

variable "force_destroy" {
  description = "Whether the bucket may be destroyed with objects in it."
  type        = bool
}

variable "policy" {
  description = "Whether the bucket has its policy (an emulator may not understand conditions)."
  type        = bool
}

variable "cloudfront_distribution_arns" {
  description = "Distributions that read the bucket through Origin Access Control."
  type        = list(string)
  default     = []
}
