"""base: catalogue, search, accounts, carts, orders, the staff's log, the key that signs tokens."""

import secrets

import sqlalchemy as sa

from shop.api.migrations import once

revision = "0001"
down_revision = None


def upgrade() -> None:
    _catalogue()
    once.create_search()
    _accounts()
    _orders()
    once.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
        sa.Column("who", sa.String(254), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
    )
    once.create_table(
        "test_charges",
        sa.Column("reference", once.exact(20), primary_key=True),
        sa.Column("amount_cents", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
    )
    keys = once.create_table(
        "signing_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
    )
    # All replicas sign with one key.
    once.insert_first(keys, {"id": 1, "secret": secrets.token_hex(32)})
    compatibility = once.create_table(
        "compatibility",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("oldest_version", sa.Integer, nullable=False),
    )
    once.insert_first(compatibility, {"id": 1, "oldest_version": 1})


def _catalogue() -> None:
    once.create_table(
        "categories",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", once.exact(64), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
    )
    once.create_table(
        "products",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", once.exact(120), nullable=False, unique=True),
        sa.Column("category_id", sa.Integer, sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("summary", sa.String(300), nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("stock", sa.Integer, nullable=False),
        sa.Column("picture", sa.String(64), nullable=False),
        sa.Column("hue", sa.Integer, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False, server_default="1"),
        sa.Column("description", sa.Text, nullable=False),
        sa.CheckConstraint("stock >= 0", name="products_stock_not_negative"),
        sa.CheckConstraint("price_cents >= 0", name="products_price_not_negative"),
    )
    once.create_index("products_by_category", "products", ["category_id", "id"])


def _accounts() -> None:
    once.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", once.exact(254), nullable=False, unique=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False, server_default="customer"),
    )
    once.create_table(
        "sessions",
        sa.Column("id", once.exact(32), primary_key=True),
        sa.Column("user_id", sa.Integer, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger, nullable=True),
    )
    once.create_index("sessions_by_user", "sessions", ["user_id"])
    once.create_index("sessions_by_end", "sessions", ["expires_at"])
    once.create_table(
        "refresh_tokens",
        sa.Column("hash", once.exact(64), primary_key=True),
        sa.Column("session_id", once.exact(32), sa.ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=True),
    )
    once.create_index("refresh_tokens_by_session", "refresh_tokens", ["session_id"])
    once.create_table(
        "rate_counters",
        sa.Column("bucket", once.exact(120), primary_key=True),
        sa.Column("began_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("hits", sa.Integer, nullable=False),
    )
    once.create_index("rate_counters_by_age", "rate_counters", ["began_at"])


def _orders() -> None:
    once.create_table(
        "cart_items",
        sa.Column("owner", once.exact(64), primary_key=True),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True, autoincrement=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.CheckConstraint("quantity > 0", name="cart_items_quantity_positive"),
    )
    once.create_table(
        "orders",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", once.exact(20), nullable=False, unique=True),
        sa.Column("owner", once.exact(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime, nullable=False),
        sa.Column("reserved_until", sa.BigInteger, nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("address", sa.String(500), nullable=False),
        sa.Column("phone", sa.String(40), nullable=True),
        sa.Column("total_cents", sa.Integer, nullable=False),
    )
    once.create_index("orders_by_owner", "orders", ["owner", "id"])
    once.create_index("orders_by_reservation", "orders", ["reserved_until"])
    once.create_index("orders_by_state", "orders", ["state", "id"])
    once.create_table(
        "order_items",
        sa.Column("order_id", sa.Integer, sa.ForeignKey("orders.id"), primary_key=True, autoincrement=False),
        sa.Column("product_id", sa.Integer, sa.ForeignKey("products.id"), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("price_cents", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
    )
    once.create_table(
        "checkouts",
        sa.Column("owner", once.exact(64), primary_key=True),
        sa.Column("idempotency_key", once.exact(64), primary_key=True),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("order_number", once.exact(20), nullable=False),
        sa.Column("locked_until", sa.BigInteger, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("answer", sa.Text, nullable=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    once.create_index("checkouts_by_age", "checkouts", ["created_at"])


def downgrade() -> None:
    raise NotImplementedError("the base schema is not taken back: that would delete every order")
