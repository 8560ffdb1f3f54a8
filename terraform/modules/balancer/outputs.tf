output "dns_name" {
  description = "Where it answers."
  value       = aws_lb.this.dns_name
}

output "arn_suffix" {
  description = "As CloudWatch names it."
  value       = aws_lb.this.arn_suffix
}

output "target_group_arns" {
  description = "Service to its target group."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn }
}

output "target_group_arn_suffixes" {
  description = "Service to its target group as CloudWatch names it."
  value       = { for name, group in aws_lb_target_group.this : name => group.arn_suffix }
}
