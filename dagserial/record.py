"""Make records: the canonical bytes of a DAG with their address."""

from collections.abc import Callable
from typing import Self

import msgspec

from dagserial.digest import Digest
from dagserial.errors import RecordError, UnknownFormatError
from dagserial.formats import v2
from dagserial.model import Dag

FORMAT = v2.FORMAT
"""The record format that is written."""

_DECODERS: dict[int, Callable[[bytes], Dag]] = {2: v2.decode}


class _Head(msgspec.Struct):
    """What a record says of itself; the rest is skipped, unread."""

    class _Dag(msgspec.Struct):
        dag_id: str

    dag: _Dag
    format: int


_HEAD = msgspec.json.Decoder(_Head)


class Record(msgspec.Struct, frozen=True):
    """A DAG on paper: a body that never changes, and its address.

    Attributes:
        body: the bytes as written; `sha256sum` of them is the digest.
        dag_id: as the body says it.
        digest: SHA-256 of the body.
        format: the body's own format number.
    """

    body: bytes
    dag_id: str
    digest: Digest
    format: int

    @classmethod
    def of(cls, body: bytes) -> Self:
        """Return the record of a body, checked to be readable in full.

        Raises:
            UnknownFormatError: the body is of a format that this version does not read.
            RecordError: the bytes are no record.
        """
        found = _format(body)
        dag = _DECODERS[found](body)
        return cls(body, dag.dag_id, Digest.of(body), found)

    @classmethod
    def of_dag(cls, dag: Dag) -> Self:
        """Return the record of a DAG, in the current format."""
        body = v2.encode(dag)
        return cls(body, dag.dag_id, Digest.of(body), FORMAT)

    def dag(self) -> Dag:
        """Return the DAG that the record says, read as the current format."""
        return _DECODERS[self.format](self.body)


def _format(body: bytes) -> int:
    try:
        found = _HEAD.decode(body).format
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RecordError(f"not a record: {error}") from error
    if found not in _DECODERS:
        raise UnknownFormatError(found, tuple(_DECODERS))
    return found
