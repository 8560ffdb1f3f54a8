output "urls" {
  description = "Service to its repository."
  value       = { for service, repository in aws_ecr_repository.this : service => repository.repository_url }
}
