"""Read over what a task or a task group of a blob is mapped."""

from __future__ import annotations

from typing import Any

from dagserial.errors import BlobError
from dagserial.model import Encoder, Mapping
from dagserial.sources.airflow_blob.encoded import Values
from dagserial.sources.airflow_blob.text import NotPlainError


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
    written = {name: _plain(source, values) for name, source in sources.items()}
    rest = {name: _source(sources[name], values) for name, found in written.items() if found is None}
    if rest:
        written |= encoder.encode_each(rest, *steps, "expand")
    return Mapping(expand=tuple(written.items()))


def _plain(source: Any, values: Values) -> Any:
    """Return a plain list as the record has it, as most sources are; None if it is none."""
    if type(source) is not list:
        return None
    try:
        return values.plain(source)
    except NotPlainError:
        return None


def _source(source: Any, values: Values) -> Any:
    """Return a source; of a literal dict, the order counts."""
    if isinstance(source, dict) and source.get("__type") == "dict" and isinstance(source.get("__var"), dict):
        return values.pairs(source["__var"])
    return values.read(source)
