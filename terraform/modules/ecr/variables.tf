variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "repositories" {
  description = "One for each service."
  type        = set(string)
}

variable "key_arn" {
  description = "Key of the images."
  type        = string
}

variable "force_delete" {
  description = "Whether a repository may be destroyed with images in it."
  type        = bool
}
