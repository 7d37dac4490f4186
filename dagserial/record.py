"""Make records: the canonical bytes of a DAG with their address."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec

from dagserial.digest import Digest
from dagserial.errors import DigestMismatchError, NotFoundError, RecordError, SettingsError, UnknownFormatError
from dagserial.formats import v1, v2
from dagserial.formats.body import format_of
from dagserial.formats.tags import check_tags
from dagserial.model import MAX_VALUE_BYTES, Dag
from dagserial.model.object import Arguments, constructed
from dagserial.sources import airflow_blob, files, live
from dagserial.sources.reading import ReadOptions

FORMAT = v2.FORMAT
"""The record format that is written."""

_DECODERS: dict[int, Callable[[bytes], Dag]] = {1: v1.decode, 2: v2.decode}
"""How each format is read."""


class _Named(msgspec.Struct):
    dag_id: str


class _Head(msgspec.Struct):
    """What a body of any format says of itself."""

    dag: _Named
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
    def of(cls, body: bytes, *, expected: str | None = None) -> Self:
        """Return the record of a body, checked to be readable in full.

        Args:
            expected: the digest by which the body was asked for, if it was.

        Raises:
            DigestMismatchError: the body has another digest than expected.
            UnknownFormatError: the body is of a format that this version does not read.
            RecordError: the bytes are no record.
        """
        digest = Digest.of(body)
        if expected is not None and digest != expected:
            raise DigestMismatchError(expected, digest)
        found = format_of(body)
        if found not in _DECODERS:
            raise UnknownFormatError(found, tuple(_DECODERS))
        dag = _DECODERS[found](body)
        check_tags(body, dag)
        return cls(body, dag.dag_id, digest, found)

    @classmethod
    def of_dag(cls, dag: Dag) -> Self:
        """Return the record of a DAG, in the current format."""
        body = v2.encode(dag)
        return cls(body, dag.dag_id, Digest.of(body), FORMAT)

    def check_digest(self) -> None:
        """Check that the body has the digest.

        Raises:
            DigestMismatchError: it has another.
        """
        if (found := Digest.of(self.body)) != self.digest:
            raise DigestMismatchError(self.digest, found)

    def check(self) -> None:
        """Check that the record is what it says: digest, dag_id and format are those of the body.

        The rest of the body is not looked at.

        Raises:
            DigestMismatchError: the body has another digest.
            RecordError: the body is of another DAG or format, or none.
        """
        self.check_digest()
        try:
            head = _HEAD.decode(self.body)
        except msgspec.MsgspecError as error:
            raise RecordError(f"record {self.digest} is none: {error}") from error
        if (head.dag.dag_id, head.format) != (self.dag_id, self.format):
            raise RecordError(
                f"record {self.digest} is of DAG {head.dag.dag_id!r} in format {head.format}; "
                f"it is offered as one of DAG {self.dag_id!r} in format {self.format}"
            )

    def dag(self) -> Dag:
        """Return the DAG that the record says, read as the current format."""
        return _DECODERS[self.format](self.body)


def serialize(thing: Any, **options: Any) -> Record:
    """Return the record of a thing that holds one DAG: a model Dag, a live DAG object, a DAG file, a blob of Airflow.

    Args:
        options: as `serialize_all` takes them.

    Raises:
        NotFoundError: the thing holds no DAG, or several.
    """
    records = serialize_all(thing, **options)
    if len(records) != 1:
        held = ", ".join(record.dag_id for record in records) or "no DAG"
        raise NotFoundError(f"{thing!r} holds {held}, not one DAG; serialize_all() takes any number")
    return records[0]


def serialize_all(
    thing: Any,
    *,
    encoders: Mapping[type, Arguments] | None = None,
    strict: bool = True,
    max_value_bytes: int = MAX_VALUE_BYTES,
) -> list[Record]:
    """Return the records of all DAGs in a thing, by dag_id: as for `serialize`, and folders of DAG files.

    Airflow's serialized DAGs are dicts, bytes (JSON or its zlib form), and files whose names end in `.json`.

    Args:
        encoders: for classes of which dagserial cannot know what makes an object anew: a function from the object to
            the arguments of its class, a tuple of positional or a dict of keyword arguments; what derives from such a
            class follows it. For live DAG objects.
        strict: refuse a value without a deterministic form; otherwise its class alone is kept, as `opaque`.
        max_value_bytes: what one value may take in a record.

    Raises:
        UnsupportedValueError: an argument of a live DAG object has no form in a record.
        RecordError: a DAG file could not be read.
        BlobError: a dict, bytes or a JSON file is no serialized DAG that this version reads.
        NotFoundError: there is no such file or folder.
        SettingsError: there are encoders for DAG files.
    """
    if isinstance(thing, Dag):
        return [Record.of_dag(thing)]
    if isinstance(thing, dict | bytes) or (isinstance(thing, str | Path) and str(thing).endswith(".json")):
        blob = Path(thing) if isinstance(thing, str | Path) else thing
        return [Record.of_dag(parsed.dag) for parsed in airflow_blob.read(blob, max_bytes=max_value_bytes)]
    if not isinstance(thing, str | Path):
        forms = {kind: constructed(arguments) for kind, arguments in (encoders or {}).items()}
        return [Record.of_dag(live.read(thing, encoders=forms, strict=strict, max_bytes=max_value_bytes)[0])]
    if encoders:
        raise SettingsError("encoders are for live DAG objects; DAG files run in a process of their own")
    path = Path(thing)
    if not path.exists():
        raise NotFoundError(f"there is no file or folder {str(path)!r}")
    root, name = (path, ".") if path.is_dir() else (path.parent, path.name)
    reading = files.read(root, ReadOptions(dags=(name,), strict=strict, max_value_bytes=max_value_bytes))
    if reading.errors:
        error = reading.errors[0]
        raise RecordError(f"{error.file}:{error.line or 1} could not be read: {error.error}")
    return [Record.of_dag(parsed.dag) for parsed in reading.parsed]
