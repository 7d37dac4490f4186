"""Check ids as Airflow does, and count the suffixes that tell equal ones apart."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_KEY = re.compile(r"[\w.-]+")
_GROUP_KEY = re.compile(r"[\w-]+")
_ANY_KEY = re.compile(r".+", re.DOTALL)
_UNKNOWN_PARTS = ("${", "{{", "}}")
"""What an id holds of which a part is known only to the deployment, as the stand-in writes it."""
MAX_KEY_LENGTH = 250
MAX_GROUP_KEY_LENGTH = 200
"""Characters of an id (Airflow 1.10 to 3.3, validate_key and validate_group_key)."""


class DuplicateTaskIdFound(ValueError):
    """A task or a group has an id that its DAG holds already."""


def check_key(what: str, key: Any) -> None:
    """Check a dag_id or a whole task_id.

    Raises:
        TypeError: it is no string.
        ValueError: it is too long, or holds other characters than letters, digits, dashes, dots and underscores.
    """
    _check(what, key, _KEY, MAX_KEY_LENGTH, "letters, digits, dashes, dots and underscores")


def check_group_key(key: Any, *, is_prefix: bool = True) -> None:
    """Check a group_id without the prefixes of the groups around it.

    Args:
        is_prefix: the tasks of the group have it in their ids; if not, any text will do, as in Airflow 2.

    Raises:
        TypeError: it is no string.
        ValueError: it is too long, or holds other characters than letters, digits, dashes and underscores.
    """
    pattern = _GROUP_KEY if is_prefix else _ANY_KEY
    _check("group_id", key, pattern, MAX_GROUP_KEY_LENGTH, "letters, digits, dashes and underscores")


def _check(what: str, key: Any, pattern: re.Pattern[str], limit: int, allowed: str) -> None:
    if not isinstance(key, str):
        raise TypeError(f"{what} must be a string, not {type(key).__name__}: {key!r}")
    key = str.__str__(key)
    if any(part in key for part in _UNKNOWN_PARTS):
        return
    if len(key) > limit:
        raise ValueError(f"{what} {key!r} has {len(key)} characters; {limit} are allowed")
    if not pattern.fullmatch(key):
        raise ValueError(f"{what} {key!r} may hold {allowed} only")


class Suffixes:
    """The largest number with which each id was told apart so far: `load__1`, `load__2`."""

    def __init__(self) -> None:
        self._largest: dict[str, int] = {}

    def add(self, key: str) -> None:
        """Take notice of an id."""
        core, number = _split(key)
        if number is not None:
            self._largest[core] = max(number, self._largest.get(core, 0))

    def largest(self, core: str) -> int:
        """Return the largest number behind `core`; 0 if there is none."""
        return self._largest.get(core, 0)


def next_free(label: str, prefix: str, taken: Iterable[Suffixes]) -> str:
    """Return `label` with the next free suffix: `load__1`, `load__2` (Airflow, get_unique_task_id)."""
    core, _number = _split(label)
    return f"{core}__{max(suffixes.largest(prefix + core) for suffixes in taken) + 1}"


def _split(key: str) -> tuple[str, int | None]:
    core, separator, number = key.rpartition("__")
    return (core, int(number)) if separator and number.isdecimal() else (key, None)
