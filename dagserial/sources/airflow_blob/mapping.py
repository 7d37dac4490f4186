"""Read over what a task or a task group of a blob is mapped."""

from __future__ import annotations

from typing import Any

from dagserial.errors import BlobError
from dagserial.model import Encoder, Mapping
from dagserial.sources.airflow_blob.encoded import Values


def read_mapping(expand_input: Any, values: Values, encoder: Encoder, path: tuple[str, ...]) -> Mapping:
    """Return the mapping of an `expand_input`.

    Args:
        path: where the task or the group stands in the record.

    Raises:
        BlobError: it is neither a dict of sources nor a list of dicts.
    """
    kind = expand_input.get("type") if isinstance(expand_input, dict) else None
    steps = (*path, "mapping")
    if kind == "list-of-dicts":
        given = values.read(expand_input.get("value"))
        return Mapping(expand_kwargs=encoder.encode(given, *steps, "expand_kwargs"))
    if kind != "dict-of-lists":
        raise BlobError(f"{path[-1]!r} is mapped over {str(kind)[:80]!r}, which is unknown")
    value = expand_input.get("value")
    sources = value.get("__var", value) if isinstance(value, dict) else None
    if not isinstance(sources, dict):
        raise BlobError(f"{path[-1]!r} is mapped over no sources by name")
    read = {name: _source(source, values) for name, source in sources.items()}
    written = encoder.encode_each(read, *steps, "expand")
    return Mapping(expand=tuple((name, written[name]) for name in read))


def _source(source: Any, values: Values) -> Any:
    """Return a source; of a literal dict, the order counts."""
    if isinstance(source, dict) and source.get("__type") == "dict" and isinstance(source.get("__var"), dict):
        return values.pairs(source["__var"])
    return values.read(source)
