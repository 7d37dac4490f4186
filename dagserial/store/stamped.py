"""Give a host's own DagRun table the foreign key to the record that a run runs."""

from typing import Any

from sqlalchemy import Column, ForeignKey
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from dagserial.digest import Digest
from dagserial.store.tables import dag_record
from dagserial.store.types import DigestText


def record_key(name: str = "digest", *, nullable: bool = False) -> Column[Any]:
    """Return a column for a table of any metadata: the digest of a record, which then cannot go.

    Args:
        nullable: for a table that holds runs from before; NULL says that the run is unstamped, never "the newest".
    """
    return Column(name, DigestText, _to_record(), nullable=nullable, index=True)


class Stamped:
    """A mixin for a declarative model of DagRuns; the row says from the first which record the run runs.

    Attributes:
        digest: of the record; writing it with another one later is up to the host, who should not.
    """

    @declared_attr
    @classmethod
    def digest(cls) -> Mapped[Digest]:
        """The column, as `record_key` makes it."""
        return mapped_column(DigestText, _to_record(), nullable=False, index=True)


def _to_record() -> ForeignKey:
    return ForeignKey(dag_record.c.digest, ondelete="RESTRICT")
