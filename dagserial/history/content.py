"""Open contents that are at hand as files that can only be read."""

from __future__ import annotations

import io
from typing import IO, Any, NoReturn

from dagserial.errors import ReadOnlyError, SettingsError

_WRITING = set("wax+")
_TEXT = ("r", "rt", "tr")
_BYTES = ("rb", "br")


def check_mode(mode: str, name: str) -> None:
    """Refuse every mode but those that read.

    Raises:
        ReadOnlyError: the mode would write.
        SettingsError: it is no mode.
    """
    if _WRITING & set(mode):
        raise ReadOnlyError(f"mode {mode!r} for {name!r}")
    if mode not in (*_TEXT, *_BYTES):
        raise SettingsError(f"{mode!r} is no mode of a file; there are 'r' and 'rb'")


def opened(content: bytes, name: str, mode: str, *, encoding: str, errors: str, newline: str | None) -> IO[Any]:
    """Return bytes as a file of that name, in a mode that `check_mode` lets pass."""
    file = _Content(content, name)
    return file if mode in _BYTES else io.TextIOWrapper(file, encoding, errors, newline)


class _Content(io.BytesIO):
    """Bytes that have a name and cannot be written."""

    mode = "rb"

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name
        # What fsspec expects of its files.
        self.size = len(content)

    def writable(self) -> bool:
        return False

    def _refuse(self, *_: object) -> NoReturn:
        raise ReadOnlyError(f"writing to {self.name!r}")

    write = writelines = truncate = _refuse
