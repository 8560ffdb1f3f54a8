"""Alembic's entry: runs the revisions on the connection that shop.api.schema hands over."""

from alembic import context

from shop.api.tables import metadata

connection = context.config.attributes["connection"]
# SQLite can take DDL back and MySQL cannot; Alembic only needs telling about the first.
context.configure(connection, target_metadata=metadata, transactional_ddl=connection.dialect.name == "sqlite")
context.run_migrations()
