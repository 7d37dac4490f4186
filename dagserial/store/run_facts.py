"""Read what deciding over the task instances of a DagRun needs."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from dagserial.digest import Digest
from dagserial.errors import NotFoundError
from dagserial.model import Value
from dagserial.model.mapping import MAX_MAP_LENGTH
from dagserial.store.decisions.lengths import Known
from dagserial.store.decisions.states import States
from dagserial.store.decisions.structure import Structure
from dagserial.store.decisions.verdicts import Verdicts
from dagserial.store.instances import Instance, instances_of
from dagserial.store.records import RecordStore
from dagserial.store.tables import dag_run, task_map


class RunFacts:
    """A DagRun as it stands: its instances, and the records that they run.

    Attributes:
        digest: of the record that the run is stamped with.
        instances: by task_id and map_index.
        known: their states, which deciding changes, and what else is known of the run.
    """

    def __init__(
        self, session: Session, digest: Digest, instances: list[Instance], known: Known, max_map_length: int
    ) -> None:
        self.digest = digest
        self.instances = {(one.task_id, one.map_index): one for one in instances}
        self.known = known
        self._store = RecordStore(session)
        self._limit = max_map_length
        self._verdicts: dict[Digest, Verdicts] = {}
        # The unexpanded instance comes first, then that of map index 0: the others were added with its digest.
        self._digests = {one.task_id: one.digest for one in reversed(instances)}

    def verdicts(self) -> Verdicts:
        """Return what decides by the record that the run is stamped with."""
        return self._by(self.digest)

    def verdicts_of_task(self, task_id: str) -> Verdicts:
        """Return what decides over how many instances a task has: the record of the first that it has."""
        return self._by(self._digests.get(task_id) or self.digest)

    def verdicts_of(self, task_id: str, map_index: int) -> Verdicts:
        """Return what decides over an instance: the record that it runs."""
        found = self.instances.get((task_id, map_index))
        return self._by((found.digest if found else None) or self.digest)

    def digest_of_task(self, task_id: str) -> Digest | None:
        """Return the digest that a new instance of a task has, as those have that are there."""
        return self._digests.get(task_id)

    def _by(self, digest: Digest) -> Verdicts:
        if digest not in self._verdicts:
            self._verdicts[digest] = Verdicts(Structure(self._store.get(digest).dag()), self.known, self._limit)
        return self._verdicts[digest]


def read_run(
    session: Session,
    dag_id: str,
    run_id: str,
    *,
    variables: Mapping[str, Value] | None = None,
    max_map_length: int = MAX_MAP_LENGTH,
) -> RunFacts:
    """Read a DagRun as it stands.

    Raises:
        NotFoundError: the run has no stamp.
    """
    is_run = (dag_run.c.dag_id == dag_id) & (dag_run.c.run_id == run_id)
    run = session.execute(select(dag_run.c.digest, dag_run.c.conf).where(is_run)).one_or_none()
    if run is None:
        raise NotFoundError(f"run {dag_id}/{run_id} has no stamp")
    is_ours = (task_map.c.dag_id == dag_id) & (task_map.c.run_id == run_id) & (task_map.c.map_index == -1)
    lengths = session.execute(select(task_map.c.task_id, task_map.c.length).where(is_ours)).all()
    instances = instances_of(session, dag_id, run_id)
    known = Known(
        states=States((one.task_id, one.map_index, one.state) for one in instances),
        lengths=dict(map(tuple, lengths)),
        conf=run.conf or {},
        variables=variables or {},
    )
    return RunFacts(session, run.digest, instances, known, max_map_length)
