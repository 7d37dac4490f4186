"""Begin a page of rows where the one before it ended (keyset pagination)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_


def behind(
    columns: Sequence[ColumnElement[Any]], values: Sequence[Any], *, descending: bool = False
) -> ColumnElement[bool]:
    """Return the condition that a row is behind another one in the order of columns.

    Args:
        values: those of the other row, one for each column.
        descending: all columns are in descending order.
    """
    steps = []
    for at, (column, value) in enumerate(zip(columns, values, strict=True)):
        same = [one == its for one, its in zip(columns[:at], values, strict=False)]
        steps.append(and_(*same, column < value if descending else column > value))
    # The first condition alone tells every database where in the index to begin.
    begin = columns[0] <= values[0] if descending else columns[0] >= values[0]
    return and_(begin, or_(*steps))
