locals {
  family = "mysql${join(".", slice(split(".", var.engine_version), 0, 2))}"
  logs   = toset(["error", "slowquery"])
  # The smallest classes have no Performance Insights (RDS user guide, "engine, Region and instance class support").
  insights = var.monitoring && !can(regex("^db\\.t[234]g?\\.(micro|small)$", var.instance_class))
}

resource "aws_db_subnet_group" "this" {
  name       = var.name
  subnet_ids = var.subnet_ids
}

resource "aws_db_parameter_group" "this" {
  name_prefix = "${var.name}-"
  family      = local.family
  description = "TLS only, slow queries are logged"

  dynamic "parameter" {
    for_each = var.parameters ? { require_secure_transport = "1", slow_query_log = "1", long_query_time = "1" } : {}
    content {
      name  = parameter.key
      value = parameter.value
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

# Made before the database, which would make them without an end and without the key.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:kept as long as the environment says: a year in prod
  for_each = local.logs

  name              = "/aws/rds/instance/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.key_arn
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_118:by variable, because an emulator lacks it; on by default
  #checkov:skip=CKV2_AWS_69:require_secure_transport is set above, in a dynamic block that checkov does not read
  #checkov:skip=CKV_AWS_157:a standby doubles the price; prod has one, dev and staging do without
  #checkov:skip=CKV_AWS_293:by variable: only dev may be thrown away
  #checkov:skip=CKV_AWS_353:on wherever the instance class has it, see insights above
  identifier     = var.name
  engine         = "mysql"
  engine_version = var.engine_version
  instance_class = var.instance_class
  db_name        = "shop"
  username       = "shop_admin"

  # RDS makes the password, keeps it in Secrets Manager and rotates it: it stands in no variable and in no state.
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.key_arn

  allocated_storage     = var.storage_gb
  max_allocated_storage = var.storage_gb * 5
  storage_type          = "gp3"
  storage_encrypted     = true
  kms_key_id            = var.key_arn

  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [var.security_group_id]
  parameter_group_name                = aws_db_parameter_group.this.name
  publicly_accessible                 = false
  iam_database_authentication_enabled = true
  multi_az                            = var.multi_az

  backup_retention_period         = var.deletion_protection ? 14 : 1
  backup_window                   = "03:00-04:00"
  maintenance_window              = "sun:04:30-sun:05:30"
  copy_tags_to_snapshot           = true
  auto_minor_version_upgrade      = true
  enabled_cloudwatch_logs_exports = local.logs

  monitoring_interval             = var.monitoring ? 60 : 0
  monitoring_role_arn             = var.monitoring ? aws_iam_role.monitoring.arn : null
  performance_insights_enabled    = local.insights
  performance_insights_kms_key_id = local.insights ? var.key_arn : null

  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = !var.deletion_protection
  final_snapshot_identifier = var.deletion_protection ? "${var.name}-final" : null

  depends_on = [aws_cloudwatch_log_group.this]
}

data "aws_iam_policy_document" "monitoring_assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["monitoring.rds.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "monitoring" {
  name                 = "${var.name}-rds-monitoring"
  assume_role_policy   = data.aws_iam_policy_document.monitoring_assume.json
  permissions_boundary = var.aws.permissions_boundary
}

resource "aws_iam_role_policy_attachment" "monitoring" {
  role       = aws_iam_role.monitoring.name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"
}
