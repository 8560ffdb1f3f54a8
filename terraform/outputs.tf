output "region" {
  description = "AWS region."
  value       = var.region
}

output "vpc_id" {
  description = "The VPC."
  value       = module.network.vpc_id
}

output "cluster_name" {
  description = "For `aws eks update-kubeconfig --name`."
  value       = module.eks.cluster_name
}

output "cluster_endpoint" {
  description = "The Kubernetes API."
  value       = module.eks.cluster_endpoint
}

output "ecr_repositories" {
  description = "Service to its repository."
  value       = module.ecr.urls
}

output "rds_endpoint" {
  description = "HOST:PORT of MySQL."
  value       = module.rds.endpoint
}

output "rds_secret_arn" {
  description = "Secrets Manager's name for the master password, which RDS made and rotates; nobody else has seen it."
  value       = module.rds.secret_arn
}

output "assets_bucket" {
  description = "Bucket of the static assets."
  value       = module.storage.bucket
}

output "alb_dns_name" {
  description = "Where the load balancer answers; point the shop's name at it."
  value       = module.balancer.dns_name
}

output "toolbox_instance_id" {
  description = "For `aws ssm start-session --target`."
  value       = module.compute.instance_id
}

output "alerts_topic_arn" {
  description = "SNS topic of the alarms."
  value       = module.observability.topic_arn
}

output "dashboard_name" {
  description = "CloudWatch dashboard."
  value       = module.observability.dashboard_name
}
