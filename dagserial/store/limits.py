"""Check what callers give before it goes into a column.

SQLite takes anything of any length; what is refused here, another database would cut or refuse in its own words.
"""

import json
import re
from datetime import UTC, datetime

from dagserial.errors import SettingsError
from dagserial.model import Value
from dagserial.store.tables import ID_LENGTH, IMAGE_LENGTH, STATE_LENGTH

LARGEST_INTEGER = 2**31 - 1
"""The largest number that an INTEGER of every database holds."""

_IMAGE = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")
_STATE = re.compile(r"[a-z][a-z_]*")


def checked_id(name: str, text: str) -> str:
    """Return an id as it is: 1 to 250 characters.

    Raises:
        SettingsError: the id is empty, too long, or no text that every database holds.
    """
    if not 1 <= len(text) <= ID_LENGTH:
        raise SettingsError(f"{name} {text!r} has {len(text)} characters; it has from 1 to {ID_LENGTH}")
    checked_text(name, text)
    return text


def checked_text(name: str, text: str | None, length: int | None = None) -> str | None:
    """Return a text as it is.

    Raises:
        SettingsError: the text is longer than `length` characters, holds a NUL, which PostgreSQL refuses, or is no
            Unicode.
    """
    if text is None:
        return None
    if length is not None and len(text) > length:
        raise SettingsError(f"{name} {text!r} has {len(text)} characters; it has {length} at most")
    # Most texts are ASCII, which is soon told.
    if "\0" in text or (not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)):
        raise SettingsError(f"{name} {text!r} holds a character that no database keeps: NUL, or half a surrogate pair")
    return text


def checked_image(image: str | None) -> str | None:
    """Return an image reference as it is: `repo@sha256:<64 hex>`, because a tag moves.

    Raises:
        SettingsError: the reference has no digest.
    """
    if image is not None and not _IMAGE.fullmatch(image):
        raise SettingsError(f"image {image!r} is not pinned; a pinned one is 'repo@sha256:<64 hex>'")
    return checked_text("image", image, IMAGE_LENGTH)


def checked_state(state: str | None) -> str | None:
    """Return a state as it is: Airflow's, or one that a scheduler of its own has.

    Raises:
        SettingsError: the state is not of lower-case letters and underscores, or too long.
    """
    if state is not None and not _STATE.fullmatch(state):
        raise SettingsError(f"state {state!r} is none; one is lower-case letters and underscores, as 'up_for_retry'")
    return checked_text("state", state, STATE_LENGTH)


def checked_labels(labels: dict[str, str] | None) -> dict[str, str] | None:
    """Return labels as they are, by name.

    Raises:
        SettingsError: a name or a label is no text that every database keeps.
    """
    if labels is None:
        return None
    for name, text in labels.items():
        if not isinstance(name, str) or not isinstance(text, str):
            raise SettingsError(f"label {name!r} is {text!r}; name and label are texts")
        checked_text("label", name)
        checked_text(f"label {name!r}", text)
    return dict(sorted(labels.items()))


def checked_moment(name: str, moment: datetime) -> datetime:
    """Return a moment in UTC.

    Raises:
        SettingsError: the moment has no time zone, or none of the years 1 to 9999 in UTC.
    """
    if moment.utcoffset() is None:
        raise SettingsError(f"{name} {moment.isoformat()!r} has no time zone")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise SettingsError(f"{name} {moment.isoformat()!r} is out of range in UTC") from error


def checked_conf(conf: dict[str, Value] | None) -> dict[str, Value] | None:
    """Return the conf of a run as JSON reads it back.

    Raises:
        SettingsError: the conf is not JSON.
    """
    try:
        settled: dict[str, Value] | None = json.loads(json.dumps(conf, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise SettingsError(f"conf is not JSON: {error}") from error
    return settled
