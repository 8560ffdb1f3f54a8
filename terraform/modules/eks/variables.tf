variable "name" {
  description = "Names everything in it: PROJECT-ENVIRONMENT."
  type        = string
}

variable "aws" {
  description = "Where this is: partition, region, account, and the boundary of its roles."
  type        = object({ partition = string, region = string, account = string, permissions_boundary = string })
}

variable "kubernetes_version" {
  description = "Of control plane and nodes."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "node_security_group_id" {
  description = "Group of the nodes, beside the cluster's own."
  type        = string
}

variable "public_access_cidrs" {
  description = "Who reaches the API from outside; empty: nobody."
  type        = list(string)
}

variable "admin_arns" {
  description = "Roles that administer the cluster."
  type        = set(string)
}

variable "deployer_arns" {
  description = "Roles that administer the namespace."
  type        = set(string)
}

variable "namespace" {
  description = "Where the project's pods run."
  type        = string
}

variable "node_instance_types" {
  description = "Of the node group."
  type        = list(string)
}

variable "node_scaling" {
  description = "How many nodes."
  type        = object({ min = number, desired = number, max = number })
}

variable "target_group_arns" {
  description = "Target groups that the nodes join."
  type        = map(string)
}

variable "key_arn" {
  description = "Key of secrets and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long control-plane logs are kept."
  type        = number
}

variable "pod_policies" {
  description = "Service account to the policy (JSON) that its pods get."
  type        = map(string)
}

variable "access_entries" {
  description = "Whether access is managed by entries."
  type        = bool
}

variable "addons" {
  description = "Whether add-ons are installed."
  type        = bool
}

variable "pod_identity" {
  description = "Whether pods get roles."
  type        = bool
}

variable "launch_template" {
  description = "Whether nodes are shaped by a launch template."
  type        = bool
}

variable "node_update_config" {
  description = "Whether it is said how many nodes are exchanged at a time."
  type        = bool
}

variable "attach_to_target_groups" {
  description = "Whether nodes join the target groups."
  type        = bool
}
