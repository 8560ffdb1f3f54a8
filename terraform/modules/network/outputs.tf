output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "One in each zone, for the load balancer."
  value       = [for zone in var.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "One in each zone, for nodes and database."
  value       = [for zone in var.zones : aws_subnet.private[zone].id]
}

output "alb_security_group_id" {
  description = "Group of the load balancer."
  value       = aws_security_group.alb.id
}

output "node_security_group_id" {
  description = "Group of the nodes."
  value       = aws_security_group.nodes.id
}

output "toolbox_security_group_id" {
  description = "Group of the toolbox."
  value       = aws_security_group.toolbox.id
}

output "db_security_group_id" {
  description = "Group of the database."
  value       = aws_security_group.db.id
}
