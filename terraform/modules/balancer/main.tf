# Terraform owns the load balancer, whole (docs/decisions/2026-11-24-load-balancer.md): the nodes are its targets, on each service's
# node port, so a deploy never changes it and nothing is left behind when the environment is destroyed.

locals {
  rest = one([for name, service in var.services : name if length(service.paths) == 0])
  tls  = var.certificate_arn != null
}

resource "aws_lb" "this" {
  #checkov:skip=CKV_AWS_91:the application logs each request with its release; access logs in S3 would double them
  #checkov:skip=CKV_AWS_150:by variable: only dev may be thrown away
  #checkov:skip=CKV2_AWS_28:a web application firewall is a product decision of its own, with a price for each request
  #checkov:skip=CKV2_AWS_20:port 80 redirects wherever there is a certificate; only dev and staging may do without
  name                       = var.name
  load_balancer_type         = "application"
  internal                   = false
  security_groups            = [var.security_group_id]
  subnets                    = var.subnet_ids
  drop_invalid_header_fields = true
  enable_deletion_protection = var.deletion_protection
  # Shorter than the shop keeps idle connections (75 s).
  idle_timeout = 60

  lifecycle {
    precondition {
      condition     = local.tls || var.plain_http_allowed
      error_message = "prod wants certificate_arn: without it the shop would be served over plain HTTP."
    }
  }
}

resource "aws_lb_target_group" "this" {
  #checkov:skip=CKV_AWS_378:TLS ends at the load balancer; behind it is the private network
  for_each = var.services

  name                 = "${var.name}-${each.key}"
  vpc_id               = var.vpc_id
  port                 = each.value.node_port
  protocol             = "HTTP"
  target_type          = "instance"
  deregistration_delay = 30

  health_check {
    path                = each.value.health
    matcher             = "200-299"
    interval            = 10
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }
}

resource "aws_lb_listener" "http" {
  #checkov:skip=CKV_AWS_2:see CKV2_AWS_20 above
  #checkov:skip=CKV_AWS_103:as above
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = local.tls ? "redirect" : "forward"
    target_group_arn = local.tls ? null : aws_lb_target_group.this[local.rest].arn

    dynamic "redirect" {
      for_each = local.tls ? [1] : []
      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = local.tls ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[local.rest].arn
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = { for name, service in var.services : name => service if length(service.paths) > 0 }

  listener_arn = local.tls ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.key].arn
  }
  condition {
    path_pattern {
      values = each.value.paths
    }
  }
}
