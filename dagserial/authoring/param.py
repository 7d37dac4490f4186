"""Declare params, and hold what the trigger form asks for."""

from __future__ import annotations

from typing import Any


class _NotSet:
    """Marks a param without a default: whoever triggers the DAG must say."""


NOTSET = _NotSet()


class Param:
    """A param with a default and a JSON Schema (Airflow 2.2 and later)."""

    def __init__(self, default: Any = NOTSET, description: str | None = None, **kwargs: Any) -> None:
        self.value = default
        self.description = description
        self.schema: dict[str, Any] = kwargs.pop("schema", None) or kwargs

    @property
    def has_value(self) -> bool:
        """Tell whether the param has a default."""
        return self.value is not NOTSET

    def resolve(self, value: Any = NOTSET, suppress_exception: bool = False) -> Any:
        """Return `value`, else the default."""
        return self.value if value is NOTSET else value

    def __str__(self) -> str:
        return str(self.value)
