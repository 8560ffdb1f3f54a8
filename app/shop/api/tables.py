"""The tables, as SQLAlchemy Core sees them. Migrations make them; tests/app/api/test_migrations.py compares the two.

A column that not every version of the shop uses says which do: `info={"versions": (first, last)}`. The linter of the
migrations holds a revision that takes something away against it (shop.api.migrations.lint).
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

categories = Table(
    "categories",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("position", Integer, nullable=False),
)

products = Table(
    "products",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(120), nullable=False, unique=True),
    Column("category_id", ForeignKey("categories.id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("summary", String(300), nullable=False),
    Column("price_cents", Integer, nullable=False),
    # What can still be sold: an order takes its pieces out when it is made, and gives them back if it ends in nothing.
    Column("stock", Integer, nullable=False),
    Column("picture", String(64), nullable=False),
    Column("hue", Integer, nullable=False),
    Column("active", Boolean, nullable=False, server_default="1"),
    # Last: a list does not read it, and SQLite reads a row from its beginning only as far as it must.
    Column("description", Text, nullable=False),
    CheckConstraint("stock >= 0", name="products_stock_not_negative"),
    CheckConstraint("price_cents >= 0", name="products_price_not_negative"),
    Index("products_by_category", "category_id", "id"),
)

users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("role", String(16), nullable=False, server_default="customer"),
)

# A login, on one browser. All times below are seconds since 1970: they are compared, never shown.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=True),
    Index("sessions_by_user", "user_id"),
    Index("sessions_by_end", "expires_at"),
)

refresh_tokens = Table(
    "refresh_tokens",
    metadata,
    # SHA-256 of the token: who reads the table cannot log in with it.
    Column("hash", String(64), primary_key=True),
    Column("session_id", ForeignKey("sessions.id", ondelete="CASCADE"), nullable=False),
    Column("used_at", BigInteger, nullable=True),
    Index("refresh_tokens_by_session", "session_id"),
)

cart_items = Table(
    "cart_items",
    metadata,
    # Whose: "user:7" or "guest:9f…", the subject of the token that a shopper shows.
    Column("owner", String(64), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    Column("quantity", Integer, nullable=False),
    CheckConstraint("quantity > 0", name="cart_items_quantity_positive"),
)

orders = Table(
    "orders",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("number", String(20), nullable=False, unique=True),
    Column("owner", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("reserved_until", BigInteger, nullable=True),
    Column("name", String(120), nullable=False),
    Column("email", String(254), nullable=False),
    Column("address", String(500), nullable=False),
    # Asked for by version 1 only; 0003 takes the column and the numbers away.
    Column("phone", String(40), nullable=True, info={"versions": (1, 1)}),
    Column("total_cents", Integer, nullable=False),
    # Made by migration 0002, used from version 2 of the shop on. Version 1 runs with and without it.
    Column("gift_note", String(300), nullable=True, info={"versions": (2, 3)}),
    Index("orders_by_owner", "owner", "id"),
    Index("orders_by_reservation", "reserved_until"),
    Index("orders_by_state", "state", "id"),
)

order_items = Table(
    "order_items",
    metadata,
    Column("order_id", ForeignKey("orders.id"), primary_key=True),
    Column("product_id", ForeignKey("products.id"), primary_key=True),
    # What it was called and what it cost when it was bought: a later price changes no order.
    Column("name", String(200), nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("quantity", Integer, nullable=False),
)

checkouts = Table(
    "checkouts",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("idempotency_key", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("order_number", String(20), nullable=False),
    # Who works on it may do so until then; afterwards another request with the same key goes on.
    Column("locked_until", BigInteger, nullable=False),
    # What was answered, once it was.
    Column("status", Integer, nullable=True),
    Column("answer", Text, nullable=True),
    Column("created_at", BigInteger, nullable=False),
    Index("checkouts_by_age", "created_at"),
)

rate_counters = Table(
    "rate_counters",
    metadata,
    Column("bucket", String(120), primary_key=True),
    Column("began_at", BigInteger, primary_key=True),
    Column("hits", Integer, nullable=False),
    Index("rate_counters_by_age", "began_at"),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", DateTime, nullable=False),
    Column("who", String(254), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", String(120), nullable=False),
    # JSON of what was changed, as it was and as it became.
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("request_id", String(64), nullable=False),
)

# The test provider's own books (shop.api.payments): it stands for another company's database.
test_charges = Table(
    "test_charges",
    metadata,
    Column("reference", String(20), primary_key=True),
    Column("amount_cents", Integer, nullable=False),
    Column("state", String(16), nullable=False),
)

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),
)

compatibility = Table(
    "compatibility",
    metadata,
    Column("id", Integer, primary_key=True),
    # The oldest version of the shop whose code still runs on this schema; a revision that takes away raises it.
    Column("oldest_version", Integer, nullable=False),
)
