"""How alembic reaches the database: by the connection that it is given (see migrating.py)."""

from alembic import context

from services.dispatch.store.tables import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    # SQLite can undo changes of tables as well, once the driver lets us say where a transaction begins.
    transactional_ddl=True,
    # SQLite changes a column by copying its table.
    render_as_batch=True,
)
context.run_migrations()
