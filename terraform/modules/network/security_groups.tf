# internet -> load balancer -> nodes -> database; the toolbox -> database. Nothing wider.
#
# The rules stand in the groups themselves: so Terraform owns the whole list, and a rule added by hand is drift. Beside
# rules that are resources of their own it would never be noticed. CIDR ranges where two groups would name each other.

resource "aws_security_group" "alb" {
  #checkov:skip=CKV_AWS_260:port 80 only redirects to HTTPS, in dev it is the only door
  #checkov:skip=CKV2_AWS_5:the balancer module uses it
  name        = "${var.name}-alb"
  description = "Load balancer: the public to the nodes' service ports"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-alb" }

  dynamic "ingress" {
    for_each = { HTTP = 80, HTTPS = 443 }
    content {
      description = "${ingress.key} from the public"
      protocol    = "tcp"
      from_port   = ingress.value
      to_port     = ingress.value
      cidr_blocks = var.public_cidrs
    }
  }

  dynamic "egress" {
    for_each = toset(var.node_ports)
    content {
      description = "A service on the nodes"
      protocol    = "tcp"
      from_port   = egress.value
      to_port     = egress.value
      cidr_blocks = values(local.private)
    }
  }
}

# Beside the cluster's own group, which EKS makes and with which nodes and control plane reach each other.
resource "aws_security_group" "nodes" {
  #checkov:skip=CKV2_AWS_5:the eks module uses it
  name        = "${var.name}-nodes"
  description = "Nodes: services from the load balancer"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-nodes" }

  dynamic "ingress" {
    for_each = toset(var.node_ports)
    content {
      description     = "A service, from the load balancer"
      protocol        = "tcp"
      from_port       = ingress.value
      to_port         = ingress.value
      security_groups = [aws_security_group.alb.id]
    }
  }
}

resource "aws_security_group" "toolbox" {
  #checkov:skip=CKV2_AWS_5:the compute module uses it
  name        = "${var.name}-toolbox"
  description = "Toolbox: no way in, HTTPS and the database out"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-toolbox" }

  egress {
    description = "HTTPS, for Systems Manager and packages"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }

  egress {
    description = "MySQL"
    protocol    = "tcp"
    from_port   = 3306
    to_port     = 3306
    cidr_blocks = values(local.private)
  }
}

resource "aws_security_group" "db" {
  #checkov:skip=CKV2_AWS_5:the rds module uses it
  name        = "${var.name}-db"
  description = "Database: MySQL from nodes and toolbox"
  vpc_id      = aws_vpc.this.id
  tags        = { Name = "${var.name}-db" }

  ingress {
    description     = "MySQL"
    protocol        = "tcp"
    from_port       = 3306
    to_port         = 3306
    security_groups = [aws_security_group.nodes.id, aws_security_group.toolbox.id]
  }
}
