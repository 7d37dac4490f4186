"""Put records from one process of many: `store_putter.py URL WORKER PUTS`."""

import sys

from sqlalchemy.orm import Session
from store_cases import NOON, record_of

from dagserial.store import RecordStore, open_engine, stamp


def main(url: str, worker: int, puts: int) -> None:
    """Say "ready", wait for a line, then put records of all and of this worker, a transaction each."""
    print("ready", flush=True)
    sys.stdin.readline()
    engine = open_engine(url)
    for n in range(puts):
        operator = f"x.Own{worker}_{n}" if n % 5 == 0 else f"x.Shared{n % 7}"
        with Session(engine) as session, session.begin():
            RecordStore(session).put(record_of("contested", operator), created_at=NOON)
            RecordStore(session).put(record_of("same"), created_at=NOON)
            stamp(session, "same", f"run{n}", record_of("same"), created_at=NOON)
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
