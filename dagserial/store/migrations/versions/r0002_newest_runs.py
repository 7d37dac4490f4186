"""Index runs by when they were stamped: lists show the newest first."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the indexes: for the runs of all DAGs, and for those of one."""
    for columns in (["created_at", "dag_id", "run_id"], ["dag_id", "created_at", "run_id"]):
        op.create_index(f"ix_dag_run_{'_'.join(columns)}", "dag_run", columns)
