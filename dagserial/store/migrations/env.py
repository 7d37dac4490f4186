"""Run migrations on the connection that `dagserial.store.schema` gives; Alembic executes this file."""

from alembic import context

from dagserial.store.schema import VERSION_TABLE
from dagserial.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
