"""gift_note: what the giver wants to say, on the order."""

import sqlalchemy as sa

from shop.api.migrations import once

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    # Nullable and without a default: version 1, which does not know the column, goes on writing orders.
    once.add_column("orders", sa.Column("gift_note", sa.String(300), nullable=True))


def downgrade() -> None:
    once.drop_column("orders", "gift_note")
