# What moto 5.2 lacks or does not read back. Behind the environment's own file; never against AWS (main.tf refuses it).
aws_max_retries = 2
features = {
  eks_access         = false # CreateAccessEntry: 404
  eks_addons         = false # CreateAddon: 404
  eks_pod_identity   = false # CreatePodIdentityAssociation: 404
  launch_template    = false # returns a tag specification that nobody gave
  node_update_config = false # not stored
  node_targets       = false # the node group's Auto Scaling group is a name only
  monitor_instances  = false # MonitorInstances: 500
  rds_parameters     = false # not read back
  rds_monitoring     = false # not read back before 5.2.5
  bucket_policy      = false # ignores conditions, so "deny unless TLS" denies everything
  budget             = false # cannot be read back: 500
}
