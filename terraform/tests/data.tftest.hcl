# Database, images and assets: what is kept resists being lost.

mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                = "shop-test"
  aws                 = { partition = "aws", region = "us-east-1", account = "123456789012", permissions_boundary = null }
  key_arn             = "arn:aws:kms:us-east-1:123456789012:key/k"
  subnet_ids          = ["subnet-a", "subnet-b"]
  security_group_id   = "sg-db"
  instance_class      = "db.m7g.large"
  engine_version      = "8.4"
  storage_gb          = 100
  multi_az            = true
  deletion_protection = true
  log_retention_days  = 30
  parameters          = true
  monitoring          = true
  repositories        = ["api", "storefront"]
  force_delete        = false
  force_destroy       = false
  policy              = true
}

run "the_database_is_private_encrypted_and_protected" {
  command = plan
  module {
    source = "./modules/rds"
  }

  assert {
    condition     = !aws_db_instance.this.publicly_accessible && aws_db_instance.this.storage_encrypted && aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot
    error_message = "private, encrypted, protected, with a last snapshot"
  }
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.password == null
    error_message = "nobody ever sees its password"
  }
  assert {
    condition     = aws_db_parameter_group.this.family == "mysql8.4"
    error_message = "parameters of its own version"
  }
  assert {
    condition     = contains([for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"], "require_secure_transport=1")
    error_message = "TLS only"
  }
  assert {
    condition     = aws_db_instance.this.performance_insights_enabled
    error_message = "insights where the class has them"
  }
}

run "the_smallest_database_has_no_insights" {
  command = plan
  module {
    source = "./modules/rds"
  }
  variables {
    instance_class      = "db.t4g.micro"
    deletion_protection = false
  }

  assert {
    condition     = !aws_db_instance.this.performance_insights_enabled && aws_db_instance.this.skip_final_snapshot
    error_message = "its class lacks them, and dev keeps no snapshot"
  }
}

run "images_are_immutable_and_scanned" {
  command = plan
  module {
    source = "./modules/ecr"
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE" && repository.image_scanning_configuration[0].scan_on_push])
    error_message = "a tag never moves, every push is scanned"
  }
  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : jsondecode(policy.policy).rules[*].selection.tagStatus == ["untagged"]])
    error_message = "only what has lost its tag expires"
  }
}

run "the_assets_are_private_and_versioned" {
  command = plan
  module {
    source = "./modules/storage"
  }

  assert {
    condition     = aws_s3_bucket_public_access_block.assets.block_public_policy && aws_s3_bucket_public_access_block.assets.restrict_public_buckets
    error_message = "never public"
  }
  assert {
    condition     = aws_s3_bucket_versioning.assets.versioning_configuration[0].status == "Enabled"
    error_message = "versions"
  }
  assert {
    condition     = !aws_s3_bucket.assets.force_destroy
    error_message = "a bucket with objects stays"
  }
}
