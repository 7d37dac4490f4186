"""Say what a version of a DAG is, and where it came from."""

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row

from dagserial.digest import Digest
from dagserial.errors import SettingsError
from dagserial.store.limits import LARGEST_INTEGER, checked_image, checked_labels, checked_text
from dagserial.store.tables import ID_LENGTH


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where a version came from, and what people say of it; all of it optional, none of it hashed.

    Attributes:
        bundle_version: the commit.
        ref: the ref as it was asked for, e.g. `v1.2.0`.
        is_dirty: whether the work tree held changes that the commit does not.
        file: path of the DAG file, from the top of the bundle.
        line: line of the DAG file at which the DAG is made, from 1.
        image: `repo@sha256:<64 hex>`.
        note: free text.
        labels: free texts by name.
    """

    bundle_name: str | None = None
    bundle_version: str | None = None
    ref: str | None = None
    is_dirty: bool | None = None
    file: str | None = None
    line: int | None = None
    image: str | None = None
    note: str | None = None
    labels: dict[str, str] | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """A meaning that a DAG had: the record of it, and where it came from.

    Attributes:
        number: from 1, dense per DAG; the newest is the largest.
        origin: of the first put that gave the DAG this meaning.
        created_at: when the version was put, in UTC.
    """

    dag_id: str
    number: int
    digest: Digest
    origin: Origin
    created_at: datetime


NO_ORIGIN = Origin()
"""Where a version came from of which nothing is known."""


def checked_origin(origin: Origin) -> Origin:
    """Return an origin as every database keeps it.

    Raises:
        SettingsError: an image without a digest, a line before the first, or a text that no database keeps.
    """
    if origin.line is not None and not 1 <= origin.line <= LARGEST_INTEGER:
        raise SettingsError(f"line {origin.line} is no line of a file; they count from 1")
    return Origin(
        bundle_name=checked_text("bundle_name", origin.bundle_name, ID_LENGTH),
        bundle_version=checked_text("bundle_version", origin.bundle_version, ID_LENGTH),
        ref=checked_text("ref", origin.ref),
        is_dirty=origin.is_dirty,
        file=checked_text("file", origin.file),
        line=origin.line,
        image=checked_image(origin.image),
        note=checked_text("note", origin.note),
        labels=checked_labels(origin.labels),
    )


def version_of(row: Row[Any]) -> Version:
    """Return the version that a whole row of `dag_version` says."""
    columns = dict(row._mapping)
    origin = Origin(**{name: columns.pop(name) for name in Origin.__struct_fields__})
    return Version(**columns, origin=origin)
