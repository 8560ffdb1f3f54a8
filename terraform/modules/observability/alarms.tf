# One table: what is watched, and from when on it is bad (at or over; `under` where less is worse).

locals {
  cluster  = { ClusterName = var.cluster_name }
  balancer = { LoadBalancer = var.alb_arn_suffix }
  database = { DBInstanceIdentifier = var.db_identifier }

  alarms = merge(
    {
      nodes-cpu = {
        says      = "the nodes are busy: pods are slow, new ones wait"
        namespace = "ContainerInsights", metric = "node_cpu_utilization", dimensions = local.cluster
        stat      = "Average", over = 80, under = null, period = 60, periods = 5
      }
      nodes-memory = {
        says      = "the nodes' memory runs out: pods will be evicted"
        namespace = "ContainerInsights", metric = "node_memory_utilization", dimensions = local.cluster
        stat      = "Average", over = 85, under = null, period = 60, periods = 5
      }
      pods-crash-loop = {
        says      = "a container dies at every start"
        namespace = "ContainerInsights", metric = "pod_container_status_waiting_reason_crash_loop_back_off"
        stat      = "Maximum", over = 1, under = null, period = 60, periods = 2, dimensions = local.cluster
      }
      pods-restarts = {
        says      = "containers are started over and over"
        namespace = "ContainerInsights", metric = "pod_number_of_container_restarts", dimensions = local.cluster
        stat      = "Maximum", over = 5, under = null, period = 300, periods = 1
      }
      alb-5xx = {
        says      = "the load balancer itself answers 5xx: nothing healthy behind it"
        namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = local.balancer
        stat      = "Sum", over = 10, under = null, period = 60, periods = 3
      }
      db-cpu = {
        says      = "the database is busy"
        namespace = "AWS/RDS", metric = "CPUUtilization", dimensions = local.database
        stat      = "Average", over = 80, under = null, period = 60, periods = 10
      }
      db-memory = {
        says      = "the database's memory runs out (bytes free)"
        namespace = "AWS/RDS", metric = "FreeableMemory", dimensions = local.database
        stat      = "Average", over = null, under = 100000000, period = 300, periods = 3
      }
      db-storage = {
        says      = "the database's disk runs full (bytes free: a tenth of its first size)"
        namespace = "AWS/RDS", metric = "FreeStorageSpace", dimensions = local.database
        stat      = "Minimum", over = null, under = var.db_storage_gb * 100000000, period = 300, periods = 1
      }
    },
    {
      for service, group in var.target_groups : "${service}-5xx" => {
        says       = "${service} answers 5xx"
        namespace  = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count"
        stat       = "Sum", over = 10, under = null, period = 60, periods = 3
        dimensions = merge(local.balancer, { TargetGroup = group })
      }
    },
    {
      for service, group in var.target_groups : "${service}-slow" => {
        says       = "${service}'s answers take long (seconds, average)"
        namespace  = "AWS/ApplicationELB", metric = "TargetResponseTime"
        stat       = "Average", over = 1, under = null, period = 60, periods = 5
        dimensions = merge(local.balancer, { TargetGroup = group })
      }
    },
    {
      for name, id in var.instance_ids : "${name}-cpu" => {
        says       = "${name} is busy"
        namespace  = "AWS/EC2", metric = "CPUUtilization"
        stat       = "Average", over = 90, under = null, period = 300, periods = 3
        dimensions = { InstanceId = id }
      }
    },
  )
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.stat
  comparison_operator = each.value.under == null ? "GreaterThanOrEqualToThreshold" : "LessThanThreshold"
  threshold           = each.value.under == null ? each.value.over : each.value.under
  period              = each.value.period
  evaluation_periods  = each.value.periods
  # Where nothing is counted nothing is bad: a shop without visitors has no 5xx.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_sns_topic.alerts.arn]
  ok_actions         = [aws_sns_topic.alerts.arn]
}
