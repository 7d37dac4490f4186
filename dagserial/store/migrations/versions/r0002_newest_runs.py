"""Index runs by when they were stamped: lists show the newest first."""

from alembic import op
from sqlalchemy import inspect

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the indexes: for the runs of all DAGs, and for those of one.

    MySQL and MariaDB keep each index that an upgrade had made when it was cut off, and MySQL has no IF NOT EXISTS.
    """
    made = {index["name"] for index in inspect(op.get_bind()).get_indexes("dag_run")}
    for columns in (["created_at", "dag_id", "run_id"], ["dag_id", "created_at", "run_id"]):
        name = f"ix_dag_run_{'_'.join(columns)}"
        if name not in made:
            op.create_index(name, "dag_run", columns)
