"""base: catalogue, users, carts, orders, the key that signs tokens."""

import secrets

import sqlalchemy as sa
from alembic import op

from shop.api.migrations import once

revision = "0001"
down_revision = None

MYSQL = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4", "mysql_collate": "utf8mb4_unicode_ci"}


def upgrade() -> None:
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        if_not_exists=True,
        **MYSQL,
    )
    op.create_table(
        "products",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(120), nullable=False, unique=True),
        sa.Column("category_id", sa.Integer, sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("summary", sa.String(300), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.Column("picture", sa.String(64), nullable=False),
        sa.Column("hue", sa.Integer, nullable=False),
        sa.CheckConstraint("stock >= 0", name="products_stock_not_negative"),
        sa.CheckConstraint("price_cents >= 0", name="products_price_not_negative"),
        if_not_exists=True,
        **MYSQL,
    )
    once.create_index("products_by_category", "products", ["category_id", "id"])
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        if_not_exists=True,
        **MYSQL,
    )
    op.create_table(
        "carts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False, unique=True),
        if_not_exists=True,
        **MYSQL,
    )
    op.create_table(
        "cart_items",
        sa.Column("cart_id", sa.Integer, sa.ForeignKey("carts.id"), primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.CheckConstraint("quantity > 0", name="cart_items_quantity_positive"),
        if_not_exists=True,
        **MYSQL,
    )
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(20), nullable=False, unique=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("idempotency_key", sa.String(64), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("total_cents", sa.Integer, nullable=False),
        sa.UniqueConstraint("owner", "idempotency_key", name="orders_once"),
        if_not_exists=True,
        **MYSQL,
    )
    once.create_index("orders_by_owner", "orders", ["owner", "id"])
    op.create_table(
        "order_items",
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        if_not_exists=True,
        **MYSQL,
    )
    keys = op.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        if_not_exists=True,
        **MYSQL,
    )
    # All replicas sign with one key. A run that was killed after this line finds it and keeps it.
    if not op.get_bind().execute(sa.select(keys.c.id)).first():
        op.bulk_insert(keys, [{"id": 1, "secret": secrets.token_hex(32)}])


def downgrade() -> None:
    raise NotImplementedError("the base schema is not taken back: that would delete every order")
