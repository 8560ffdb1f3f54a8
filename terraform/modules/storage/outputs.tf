output "bucket" {
  description = "Name of the assets' bucket."
  value       = aws_s3_bucket.assets.id
}

output "read_write_policy_json" {
  description = "What a pod needs that keeps assets there."
  value       = data.aws_iam_policy_document.read_write.json
}
