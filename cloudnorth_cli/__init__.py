"""cloudnorth: from source to a verified rollout."""

__version__ = "0.1.0"
