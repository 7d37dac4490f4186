"""What processes do until they are killed; each is forked from a server that has all of this imported."""

import random
from multiprocessing.connection import Connection

from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record
from dagserial.store import Origin, RecordStore, open_engine
from dagserial.store.schema import upgrade

SMALL = 20
"""How many DAGs are put beside the large one."""


def large(mark: str) -> Record:
    """Return the record of a DAG that is kept as pages; another mark changes one of them."""
    tasks = {f"t{n}": Task(operator="x.Y" * 20) for n in range(1200)}
    return Record.of_dag(Dag(fields=DagFields(dag_id="large"), tasks={**tasks, "t7": Task(operator=mark)}))


def batch(mark: str) -> list[Record]:
    """Return the records that are put under one mark."""
    return [large(mark), *(record_of(f"dag{n}", mark) for n in range(SMALL))]


def put_until_killed(url: str, seed: int, acknowledged: Connection) -> None:
    """Put batches, a transaction each, and send the mark of each that was committed."""
    engine, chance = open_engine(url), random.Random(seed)
    while True:
        mark = f"x.M{chance.getrandbits(64)}"
        with Session(engine) as session, session.begin():
            RecordStore(session).put_many([(record, Origin()) for record in batch(mark)], created_at=NOON)
        acknowledged.send(mark)


def upgrade_until_killed(url: str, _seed: int, acknowledged: Connection) -> None:
    """Make the tables, and send when they are made."""
    upgrade(open_engine(url))
    acknowledged.send("upgraded")
