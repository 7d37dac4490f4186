"""Make what the store's tests put, and the ids that must not hurt it."""

from datetime import UTC, datetime

from dagserial.digest import Digest
from dagserial.model import Dag, DagFields, Task
from dagserial.record import Record

NOON = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 12, tzinfo=UTC)
IMAGE = "example.org:5000/team/etl@sha256:" + "0" * 64

HOSTILE_IDS = [
    "%",
    "_",
    "etl%",
    "e_l",
    "ETL",
    "'; DROP TABLE dag_record; --",
    '" OR 1=1 --',
    "\\",
    "`x`",
    ":dag_id",
    "?",
    "%s %(x)s {0}",
    "a/b#c d",
    "\n\t\r",
    " etl",
    "etl ",
    "caf\u00e9",
    "cafe\u0301",
    "\u65e5\u672c\u8a9e",
    "\U0001f680" * 250,
    "x" * 250,
]


def record_of(dag_id: str = "etl", operator: str = "x.Y") -> Record:
    """Return the record of a DAG of one task; another operator is another meaning."""
    return Record.of_dag(Dag(fields=DagFields(dag_id=dag_id), tasks={"a": Task(operator=operator)}))


def digest_with(digits: str) -> Digest:
    """Return a digest that starts with these hexadecimal digits; no body has it."""
    return Digest("sha256:" + digits.ljust(64, "0"))
