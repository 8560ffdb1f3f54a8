"""The tables, as SQLAlchemy Core sees them. Migrations make them; tests/app/api/test_migrations.py compares the two."""

from sqlalchemy import (
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
    UniqueConstraint,
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
    Column("description", Text, nullable=False),
    Column("price_cents", Integer, nullable=False),
    Column("stock", Integer, nullable=False),
    Column("picture", String(64), nullable=False),
    Column("hue", Integer, nullable=False),
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
)

carts = Table(
    "carts",
    metadata,
    Column("id", Integer, primary_key=True),
    # Whose: "user:7" or "guest:9f…", the subject of the token that a shopper shows.
    Column("owner", String(64), nullable=False, unique=True),
)

cart_items = Table(
    "cart_items",
    metadata,
    Column("cart_id", ForeignKey("carts.id"), primary_key=True),
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
    Column("idempotency_key", String(64), nullable=False),
    Column("request_hash", String(64), nullable=False),
    Column("created_at", DateTime, nullable=False),
    Column("name", String(120), nullable=False),
    Column("email", String(254), nullable=False),
    Column("address", String(500), nullable=False),
    Column("total_cents", Integer, nullable=False),
    # Made by migration 0002, used from version 2 of the shop on. Version 1 runs with and without it.
    Column("gift_note", String(300), nullable=True),
    UniqueConstraint("owner", "idempotency_key", name="orders_once"),
    Index("orders_by_owner", "owner", "id"),
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

signing_keys = Table(
    "signing_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("secret", String(64), nullable=False),
)
