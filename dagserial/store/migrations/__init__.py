"""Hold the steps by which a database comes from one release's tables to the next's, for Alembic."""
