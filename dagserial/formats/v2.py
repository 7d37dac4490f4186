"""Write and read record format 2, the current one."""

import msgspec

from dagserial.canonical import settled_bytes
from dagserial.errors import InvalidDagError, RecordError, UnknownFormatError
from dagserial.model import Dag, DagFields, Group, Task

FORMAT = 2


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The wire shape: `{"dag": {...}, "format": 2, "groups": {...}, "tasks": {...}}`."""

    dag: DagFields
    format: int
    groups: dict[str, Group] = {}
    tasks: dict[str, Task] = {}


class _Head(msgspec.Struct):
    format: int


_DECODER = msgspec.json.Decoder(_Document)
_HEAD = msgspec.json.Decoder(_Head)


def encode(dag: Dag) -> bytes:
    """Return the record of a DAG: RFC 8785 canonical JSON, defaults omitted."""
    return settled_bytes(_Document(dag.fields, FORMAT, dag.groups, dag.tasks))


def decode(body: bytes) -> Dag:
    """Return the DAG of a record.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no record, not canonical, or contradict themselves.
    """
    try:
        found = _HEAD.decode(body).format
        if found != FORMAT:
            raise UnknownFormatError(found, (FORMAT,))
        document = _DECODER.decode(body)
        dag = Dag(fields=document.dag, groups=document.groups, tasks=document.tasks)
    except (msgspec.DecodeError, InvalidDagError, UnicodeDecodeError) as error:
        raise RecordError(f"not a record of format {FORMAT}: {error}") from error
    if encode(dag) != body:
        raise RecordError("the record is not canonical: its bytes differ from the RFC 8785 form of what they say")
    return dag
