"""no_phone: the telephone numbers that version 1 asked for, and nobody since, are kept no longer."""

from shop.api.migrations import once

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # First the note, then the deed: a version 1 that is still about is told before it fails.
    once.require_version(2)
    once.drop_column("orders", "phone")


def downgrade() -> None:
    raise NotImplementedError("the telephone numbers are gone")
