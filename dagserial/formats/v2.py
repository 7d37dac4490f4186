"""Write and read record format 2, the current one."""

import msgspec

from dagserial.canonical import read_float, settled_bytes
from dagserial.errors import InvalidDagError, RecordError
from dagserial.formats.body import Part, read_document, read_part
from dagserial.model import Dag, DagFields, Group, Task

FORMAT = 2


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The record of one DAG, format 2: RFC 8785 canonical JSON, defaults omitted.

    Attributes:
        dag: the DAG's own arguments.
        format: the number of this format.
        groups: task groups by group_id.
        tasks: tasks by task_id.
    """

    dag: DagFields
    format: int
    groups: dict[str, Group] = {}
    tasks: dict[str, Task] = {}


class _FieldsPart(Part, frozen=True):
    dag: DagFields


_DECODER = msgspec.json.Decoder(Document, float_hook=read_float)
_FIELDS = msgspec.json.Decoder(_FieldsPart)


def encode(dag: Dag) -> bytes:
    """Return the record of a DAG: RFC 8785 canonical JSON, defaults omitted."""
    return settled_bytes(Document(dag.fields, FORMAT, dag.groups, dag.tasks))


def decode(body: bytes) -> Dag:
    """Return the DAG of a record.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no record, not canonical, or contradict themselves.
    """
    document = read_document(body, _DECODER, FORMAT)
    try:
        return Dag(fields=document.dag, groups=document.groups, tasks=document.tasks)
    except InvalidDagError as error:
        raise RecordError(f"not a record of format {FORMAT}: {error}") from error


def decode_fields(body: bytes) -> DagFields:
    """Return the DAG's own fields; tasks and groups are skipped, unchecked.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no JSON, or hold no fields of a DAG.
    """
    return read_part(body, _FIELDS, FORMAT).dag
