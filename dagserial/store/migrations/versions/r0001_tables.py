"""Make the tables of records, pages, versions, runs, task instances and task maps, with their triggers."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    and_,
    column,
    or_,
)

from dagserial.store.triggers import triggers_of
from dagserial.store.types import DigestText, ExactText, JsonText, LongText, UtcDateTime, address, blob

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, parents first."""
    _records()
    _runs()
    _instances()
    dialect = op.get_context().dialect.name
    for table in ("dag_record", "record_page", "dag_version", "dag_run", "task_instance", "task_map"):
        for statement in triggers_of(table, dialect):
            op.execute(statement)


def _records() -> None:
    op.create_table(
        "dag_record",
        Column("digest", DigestText, nullable=False),
        Column("format", Integer, nullable=False),
        Column("dag_id", ExactText(250), nullable=False),
        Column("size", BigInteger, nullable=False),
        Column("body", blob()),
        Column("pages", blob()),
        PrimaryKeyConstraint("digest", name="pk_dag_record"),
        CheckConstraint("(body IS NULL) <> (pages IS NULL)", name=op.f("ck_dag_record_body_or_pages")),
        CheckConstraint("size >= 0", name=op.f("ck_dag_record_size_from_0")),
    )
    op.create_table(
        "record_page",
        Column("address", address(), nullable=False),
        Column("frame", blob(), nullable=False),
        PrimaryKeyConstraint("address", name="pk_record_page"),
    )
    op.create_table(
        "dag_version",
        Column("dag_id", ExactText(250), nullable=False),
        Column("number", Integer, autoincrement=False, nullable=False),
        Column("digest", DigestText, nullable=False),
        Column("bundle_name", ExactText(250)),
        Column("bundle_version", ExactText(250)),
        Column("ref", LongText),
        Column("is_dirty", Boolean),
        Column("file", LongText),
        Column("line", Integer),
        Column("image", ExactText(500)),
        Column("note", LongText),
        Column("labels", JsonText),
        Column("created_at", UtcDateTime, nullable=False),
        PrimaryKeyConstraint("dag_id", "number", name="pk_dag_version"),
        _points_at_record("dag_version"),
        CheckConstraint("number >= 1", name=op.f("ck_dag_version_number_from_1")),
        CheckConstraint("line >= 1", name=op.f("ck_dag_version_line_from_1")),
    )
    op.create_index("ix_dag_version_digest", "dag_version", ["digest"])
    op.create_table(
        "dag_version_lock",
        Column("id", Integer, autoincrement=False, nullable=False),
        PrimaryKeyConstraint("id", name="pk_dag_version_lock"),
        CheckConstraint("id = 1", name=op.f("ck_dag_version_lock_id_is_1")),
    )


def _runs() -> None:
    op.create_table(
        "dag_run",
        Column("dag_id", ExactText(250), nullable=False),
        Column("run_id", ExactText(250), nullable=False),
        Column("digest", DigestText, nullable=False),
        Column("state", ExactText(30)),
        Column("logical_date", UtcDateTime),
        Column("conf", JsonText),
        Column("bundle_name", ExactText(250)),
        Column("bundle_version", ExactText(250)),
        Column("image", ExactText(500)),
        Column("created_at", UtcDateTime, nullable=False),
        PrimaryKeyConstraint("dag_id", "run_id", name="pk_dag_run"),
        _points_at_record("dag_run"),
        CheckConstraint("state <> ''", name=op.f("ck_dag_run_state_is_named")),
    )
    for columns in (["bundle_version"], ["dag_id", "state"], ["digest"], ["image"]):
        op.create_index(f"ix_dag_run_{'_'.join(columns)}", "dag_run", columns)


def _instances() -> None:
    key = ["dag_id", "run_id", "task_id", "map_index"]
    op.create_table(
        "task_instance",
        *(Column(name, ExactText(250), nullable=False) for name in key[:3]),
        Column("map_index", Integer, autoincrement=False, nullable=False, server_default="-1"),
        Column("digest", DigestText),
        Column("state", ExactText(30)),
        PrimaryKeyConstraint(*key, name="pk_task_instance"),
        _points_at_record("task_instance"),
        ForeignKeyConstraint(
            key[:2],
            ["dag_run.dag_id", "dag_run.run_id"],
            name="fk_task_instance_dag_id_run_id_dag_run",
            ondelete="CASCADE",
        ),
        CheckConstraint("map_index >= -1", name=op.f("ck_task_instance_map_index_from_minus_1")),
        CheckConstraint("state <> ''", name=op.f("ck_task_instance_state_is_named")),
    )
    for name in ("digest", "state"):
        op.create_index(f"ix_task_instance_{name}", "task_instance", [name])
    kind, keys = column("kind", ExactText(4)), column("keys", JsonText)
    op.create_table(
        "task_map",
        *(Column(name, ExactText(250), nullable=False) for name in key[:3]),
        Column("map_index", Integer, autoincrement=False, nullable=False, server_default="-1"),
        Column("kind", ExactText(4), nullable=False),
        Column("length", Integer, nullable=False),
        Column("keys", JsonText),
        PrimaryKeyConstraint(*key, name="pk_task_map"),
        ForeignKeyConstraint(
            key,
            [f"task_instance.{name}" for name in key],
            name="fk_task_map_dag_id_run_id_task_id_map_index_task_instance",
            ondelete="CASCADE",
            onupdate="CASCADE",
        ),
        CheckConstraint("length >= 0", name=op.f("ck_task_map_length_from_0")),
        CheckConstraint(
            or_(and_(kind == "dict", keys.is_not(None)), and_(kind == "list", keys.is_(None))),
            name=op.f("ck_task_map_keys_belong_to_dict"),
        ),
    )


def _points_at_record(table: str) -> ForeignKeyConstraint:
    name = f"fk_{table}_digest_dag_record"
    return ForeignKeyConstraint(["digest"], ["dag_record.digest"], name=name, ondelete="RESTRICT")
