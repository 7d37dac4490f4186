"""Say what the reader of a value should know."""

import msgspec


class ValueWarning(msgspec.Struct, frozen=True, order=True):
    """Something about a value that its reader should know.

    Attributes:
        path: JSON pointer into the record, or `file:line`.
    """

    path: str
    message: str
