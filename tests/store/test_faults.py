"""Writers and upgrades that are killed at any moment: what was acknowledged is there, and the rest is not in the way.

DAGSERIAL_KILLS says how often each is killed on each database; 20 times if it does not.
"""

import multiprocessing
import os
import random
import time
from collections.abc import Callable
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from store_cases import NOON
from store_victim import SMALL, batch, put_until_killed, upgrade_until_killed

from dagserial.store import Origin, RecordStore, open_engine, reading
from dagserial.store.schema import check, upgrade
from dagserial.store.tables import dag_record

KILLS = int(os.environ.get("DAGSERIAL_KILLS", "20"))

Kill = Callable[[Callable[..., None], str, float], list[str]]


@pytest.fixture(scope="module")
def forks() -> ForkServerContext:
    """Processes that start with everything imported: to import it takes longer than they live."""
    context = multiprocessing.get_context("forkserver")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(__file__).parent), prepend=os.pathsep)
        context.set_forkserver_preload(["store_victim"])
        # The server starts with the first process, and keeps the environment of that moment.
        first = context.Process(target=time.sleep, args=(0,))
        first.start()
        first.join()
    return context


@pytest.fixture
def kill(forks: ForkServerContext) -> Kill:
    """Have a process work, kill it before it is so many seconds old, and return what it acknowledged."""
    chance = random.Random(7)

    def run(work: Callable[..., None], url: str, longest: float) -> list[str]:
        ours, theirs = forks.Pipe(duplex=False)
        process = forks.Process(target=work, args=(url, chance.getrandbits(32), theirs))
        process.start()
        theirs.close()
        process.join(chance.uniform(0, longest))
        process.kill()
        process.join()
        found = []
        while ours.poll():
            try:
                found.append(ours.recv())
            except EOFError:
                break
        ours.close()
        return found

    return run


def test_a_killed_writer_loses_nothing_that_it_acknowledged(url: str, own_engine: Engine, kill: Kill) -> None:
    acknowledged = [mark for _ in range(KILLS) for mark in kill(put_until_killed, url, 0.5)]
    with Session(reading(own_engine)) as session:
        store = RecordStore(session)
        for record in (record for mark in acknowledged for record in batch(mark)):
            assert store.get(record.digest) == record
        for digest in session.scalars(select(dag_record.c.digest)).all():
            assert store.get(digest).digest == digest
        dag_ids = ["large", *(f"dag{n}" for n in range(SMALL))]
        numbers = [[version.number for version in store.versions(dag_id)] for dag_id in dag_ids]
    # All of one put_many, or nothing of it.
    assert numbers == [list(range(len(numbers[0]), 0, -1))] * len(dag_ids)
    assert acknowledged
    assert len(acknowledged) <= len(numbers[0]) <= len(acknowledged) + KILLS
    with Session(own_engine) as session, session.begin():
        puts = [(record, Origin()) for record in batch("x.After")]
        assert RecordStore(session).put_many(puts, created_at=NOON) == [len(numbers[0]) + 1] * len(dag_ids)


@pytest.mark.parametrize("kind", ["sqlite", "postgres", "mariadb"])
def test_a_killed_upgrade_is_completed_by_the_next(kind: str, new_url: Callable[[str], str], kill: Kill) -> None:
    cut_off = 0
    while cut_off < KILLS:
        url = new_url(kind)
        for _ in range(3):  # the same database several times, as an upgrade may be cut off twice
            cut_off += not kill(upgrade_until_killed, url, 0.15)
        engine = open_engine(url)
        upgrade(engine)
        assert check(engine) == []
        engine.dispose()
