"""Give a host's own model of DagRuns the foreign key to the record that a run runs."""

from typing import cast

from sqlalchemy.orm import Mapped, declared_attr

from dagserial.digest import Digest
from dagserial.store.tables import record_key


class Stamped:
    """A mixin for a declarative model of DagRuns; the row says from the first which record the run runs.

    Attributes:
        digest: of the record; writing it with another one later is up to the host, who should not.
    """

    @declared_attr
    @classmethod
    def digest(cls) -> Mapped[Digest]:
        """The column, as `record_key` makes it."""
        return cast("Mapped[Digest]", record_key())
