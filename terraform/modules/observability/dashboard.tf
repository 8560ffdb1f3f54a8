# Top to bottom as one asks: are requests answered, do the pods live, do nodes and database bear it?

locals {
  widgets = [
    {
      title   = "Requests", stat = "Sum"
      metrics = [["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.alb_arn_suffix]]
    },
    {
      title = "5xx", stat = "Sum"
      metrics = concat(
        [["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.alb_arn_suffix]],
        [for group in values(var.target_groups) : ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "TargetGroup", group, "LoadBalancer", var.alb_arn_suffix]],
      )
    },
    {
      title   = "Response time, 95th percentile", stat = "p95"
      metrics = [for group in values(var.target_groups) : ["AWS/ApplicationELB", "TargetResponseTime", "TargetGroup", group, "LoadBalancer", var.alb_arn_suffix]]
    },
    {
      title = "Containers that restart", stat = "Maximum"
      metrics = [
        ["ContainerInsights", "pod_number_of_container_restarts", "ClusterName", var.cluster_name],
        ["ContainerInsights", "pod_container_status_waiting_reason_crash_loop_back_off", "ClusterName", var.cluster_name],
      ]
    },
    {
      title = "Nodes, % of CPU and memory", stat = "Average"
      metrics = [
        ["ContainerInsights", "node_cpu_utilization", "ClusterName", var.cluster_name],
        ["ContainerInsights", "node_memory_utilization", "ClusterName", var.cluster_name],
      ]
    },
    {
      title = "Database, % of CPU, and connections", stat = "Average"
      metrics = [
        ["AWS/RDS", "CPUUtilization", "DBInstanceIdentifier", var.db_identifier],
        ["AWS/RDS", "DatabaseConnections", "DBInstanceIdentifier", var.db_identifier],
      ]
    },
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = [
      for index, widget in local.widgets : {
        type = "metric", width = 12, height = 6, x = index % 2 * 12, y = floor(index / 2) * 6
        properties = {
          title  = widget.title, stat = widget.stat, metrics = widget.metrics
          region = var.aws.region, period = 60, view = "timeSeries"
        }
      }
    ]
  })
}
