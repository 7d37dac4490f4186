"""Declare the tables, their keys and what the database itself refuses.

A record's body never changes and cannot go while a version, a run or a task instance points at it: foreign keys and
triggers say so, not only the functions of this package. A run without a stamp has no row.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    and_,
    or_,
)

from dagserial.store.triggers import make_with
from dagserial.store.types import DigestText, ExactText, JsonText, LongText, UtcDateTime, address, blob

ID_LENGTH = 250
"""Characters of an id, a bundle or a commit at most, as in Airflow 3.1, `airflow.models.base.ID_LEN`."""
IMAGE_LENGTH = 500
"""Characters of an image at most: 255 of its name, 71 of its digest, and what a registry with a port takes."""
STATE_LENGTH = 30
"""Characters of a state at most."""

metadata = MetaData(
    # Migrations find a constraint by its name, so every one has a name that follows from its columns.
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(name: str) -> Column[Any]:
    return Column(name, ExactText(ID_LENGTH), primary_key=True)


def _map_index() -> Column[Any]:
    """Return the column that tells the instances of a mapped task apart; -1 for a task that is not mapped."""
    return Column("map_index", Integer, primary_key=True, autoincrement=False, server_default="-1")


dag_record = Table(
    "dag_record",
    metadata,
    Column("digest", DigestText, primary_key=True),
    Column("format", Integer, nullable=False),
    Column("dag_id", ExactText(ID_LENGTH), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("body", blob()),
    Column("pages", blob()),
    CheckConstraint("(body IS NULL) <> (pages IS NULL)", name="body_or_pages"),
    CheckConstraint("size >= 0", name="size_from_0"),
)

record_page = Table(
    "record_page",
    metadata,
    Column("address", address(), primary_key=True),
    Column("frame", blob(), nullable=False),
)


def record_key(name: str = "digest", *, nullable: bool = False) -> Column[Any]:
    """Return a column for a table of any metadata: the digest of a record, which then cannot go.

    It is indexed, for "who points here".

    Args:
        nullable: for a table that holds runs from before; NULL says that the run is unstamped, never "the newest".
    """
    key = ForeignKey(dag_record.c.digest, ondelete="RESTRICT")
    return Column(name, DigestText, key, nullable=nullable, index=True)


dag_version = Table(
    "dag_version",
    metadata,
    _key("dag_id"),
    Column("number", Integer, primary_key=True, autoincrement=False),
    record_key(),
    Column("bundle_name", ExactText(ID_LENGTH)),
    Column("bundle_version", ExactText(ID_LENGTH)),
    Column("ref", LongText),
    Column("is_dirty", Boolean),
    Column("file", LongText),
    Column("line", Integer),
    Column("image", ExactText(IMAGE_LENGTH)),
    Column("note", LongText),
    Column("labels", JsonText),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("number >= 1", name="number_from_1"),
    CheckConstraint("line >= 1", name="line_from_1"),
)

version_lock = Table(
    "dag_version_lock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    CheckConstraint("id = 1", name="id_is_1"),
)
"""One row, which whoever adds versions locks."""

dag_run = Table(
    "dag_run",
    metadata,
    _key("dag_id"),
    _key("run_id"),
    record_key(),
    Column("state", ExactText(STATE_LENGTH)),
    Column("logical_date", UtcDateTime),
    Column("conf", JsonText),
    Column("bundle_name", ExactText(ID_LENGTH)),
    Column("bundle_version", ExactText(ID_LENGTH), index=True),
    Column("image", ExactText(IMAGE_LENGTH), index=True),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("state <> ''", name="state_is_named"),
    Index(None, "dag_id", "state"),
    # Newest first, of all DAGs and of one: a page costs what it holds.
    Index(None, "created_at", "dag_id", "run_id"),
    Index(None, "dag_id", "created_at", "run_id"),
)

task_instance = Table(
    "task_instance",
    metadata,
    _key("dag_id"),
    _key("run_id"),
    _key("task_id"),
    _map_index(),
    record_key(nullable=True),
    Column("state", ExactText(STATE_LENGTH), index=True),
    ForeignKeyConstraint(["dag_id", "run_id"], ["dag_run.dag_id", "dag_run.run_id"], ondelete="CASCADE"),
    CheckConstraint("map_index >= -1", name="map_index_from_minus_1"),
    CheckConstraint("state <> ''", name="state_is_named"),
)

is_instance_of_run = (task_instance.c.dag_id == dag_run.c.dag_id) & (task_instance.c.run_id == dag_run.c.run_id)
"""Joins task instances to their runs."""

_KIND: Column[Any] = Column("kind", ExactText(4), nullable=False)
_KEYS: Column[Any] = Column("keys", JsonText)

task_map = Table(
    "task_map",
    metadata,
    _key("dag_id"),
    _key("run_id"),
    _key("task_id"),
    _map_index(),
    _KIND,
    Column("length", Integer, nullable=False),
    _KEYS,
    ForeignKeyConstraint(
        ["dag_id", "run_id", "task_id", "map_index"],
        [f"task_instance.{name}" for name in ("dag_id", "run_id", "task_id", "map_index")],
        ondelete="CASCADE",
        onupdate="CASCADE",
    ),
    CheckConstraint("length >= 0", name="length_from_0"),
    # KEYS is a reserved word of MySQL, which an expression of columns quotes.
    CheckConstraint(
        or_(and_(_KIND == "dict", _KEYS.is_not(None)), and_(_KIND == "list", _KEYS.is_(None))),
        name="keys_belong_to_dict",
    ),
)

for _table in metadata.tables.values():
    make_with(_table)
