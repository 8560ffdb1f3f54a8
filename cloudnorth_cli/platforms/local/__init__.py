"""The local platform: processes under supervisord behind Caddy, records in SQLite. No root, no Docker, no cloud."""

from cloudnorth_cli.platforms.local.platform import LocalPlatform

__all__ = ["LocalPlatform"]
