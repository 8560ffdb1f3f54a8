output "identifier" {
  description = "Name of the instance."
  value       = aws_db_instance.this.identifier
}

output "endpoint" {
  description = "HOST:PORT."
  value       = aws_db_instance.this.endpoint
}

output "secret_arn" {
  description = "Secret of the master password."
  value       = try(aws_db_instance.this.master_user_secret[0].secret_arn, null)
}
