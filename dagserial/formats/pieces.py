"""Read and write a record in part: its DAG's own fields alone, or one task among many.

What is read in part is not checked as a whole: bytes come from `Record.of`, or from where such a record was put.
"""

from collections.abc import Callable
from typing import Self

import msgspec

from dagserial.canonical import settled_bytes
from dagserial.errors import UnknownFormatError
from dagserial.formats import v1, v2
from dagserial.formats.body import Part, format_of, read_part
from dagserial.model import DagFields, Task

_FIELDS: dict[int, Callable[[bytes], DagFields]] = {1: v1.decode_fields, 2: v2.decode_fields}


def read_fields(body: bytes) -> DagFields:
    """Return the DAG's own fields that a record says, in the current format; its tasks and groups are skipped.

    Raises:
        UnknownFormatError: the record is of a format that this version does not read.
        RecordError: the bytes are no JSON object with a format and the fields of a DAG.
    """
    try:
        return v2.decode_fields(body)
    except UnknownFormatError as error:
        if error.found not in _FIELDS:
            raise UnknownFormatError(error.found, tuple(_FIELDS)) from error
    return _FIELDS[format_of(body)](body)


class Pieces(Part, frozen=True, omit_defaults=True):
    """A record cut into the bytes of its parts: what stays as it is is never parsed.

    Pieces hold on to the bytes that they were cut from.

    Attributes:
        dag: the DAG's own fields.
        groups: task groups by group_id.
        tasks: tasks by task_id.
    """

    dag: msgspec.Raw
    groups: dict[str, msgspec.Raw] = {}
    tasks: dict[str, msgspec.Raw] = {}

    def with_task(self, task_id: str, task: Task | None) -> Self:
        """Return the pieces with another task under that id, or, if None, without one.

        That the DAG still holds together is for the caller to see to: no other task is looked at.
        """
        tasks = dict(self.tasks)
        if task is None:
            tasks.pop(task_id, None)
        else:
            tasks[task_id] = msgspec.Raw(settled_bytes(task))
        return msgspec.structs.replace(self, tasks=tasks)

    def encode(self) -> bytes:
        """Return the record: the bytes that encoding the whole DAG gives."""
        return settled_bytes(self)


_DECODER = msgspec.json.Decoder(Pieces)


def cut(body: bytes) -> Pieces:
    """Cut a record of the current format.

    Raises:
        UnknownFormatError: the record is of another format.
        RecordError: the bytes are no JSON object of these pieces.
    """
    return read_part(body, _DECODER, v2.FORMAT)
