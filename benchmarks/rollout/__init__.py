"""The verdict on a rollout, against Helm and kubectl, and at scale. `make bench-rollout`, `make bench-scale`."""
