"""cloudnorth.yaml: its only reader. A file becomes a `Loaded`, and a `Loaded` one `Environment` at a time.

Nothing here asks a platform, reads a secret or starts a program.
"""

from cloudnorth_cli.config.project import (
    KUBERNETES_ONLY,
    Loaded,
    choose,
    environment,
    in_ci,
    load_project,
    platform,
    resolved_tree,
)

__all__ = ["KUBERNETES_ONLY", "Loaded", "choose", "environment", "in_ci", "load_project", "platform", "resolved_tree"]
