# The toolbox: an instance in the private network from which a person reaches the database or the cluster's API, through
# Systems Manager. It has no SSH, no key and no way in.

data "aws_ssm_parameter" "ami" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_instance" "toolbox" {
  #checkov:skip=CKV_AWS_126:by variable, because an emulator lacks it; on by default
  ami                    = data.aws_ssm_parameter.ami.insecure_value
  instance_type          = var.instance_type
  subnet_id              = var.subnet_id
  vpc_security_group_ids = [var.security_group_id]
  iam_instance_profile   = aws_iam_instance_profile.toolbox.name
  monitoring             = var.detailed_monitoring
  ebs_optimized          = true
  tags                   = { Name = "${var.name}-toolbox" }

  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    encrypted   = true
    volume_type = "gp3"
    volume_size = 8
  }

  lifecycle {
    # A newer image every few weeks is no reason to replace it: `terraform apply -replace` does when a person says so.
    ignore_changes = [ami]
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "toolbox" {
  name                 = "${var.name}-toolbox"
  assume_role_policy   = data.aws_iam_policy_document.assume.json
  permissions_boundary = var.aws.permissions_boundary
}

resource "aws_iam_role_policy_attachment" "ssm" {
  role       = aws_iam_role.toolbox.name
  policy_arn = "arn:${var.aws.partition}:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

resource "aws_iam_instance_profile" "toolbox" {
  name = "${var.name}-toolbox"
  role = aws_iam_role.toolbox.name
}
