"""Fit texts into a drawing whose letters all take the same room."""

from unicodedata import east_asian_width

from dagserial.model.display import ELLIPSIS, printable

CELL = 7.9
"""Pixels that a letter of 13 px takes in a font of one width, at most."""

_WIDE = ("W", "F")


def cells(text: str) -> int:
    """Return how many letters' room a text takes; letters of East Asia take that of two."""
    return len(text) if text.isascii() else sum(_cells(letter) for letter in text)


def _cells(letter: str) -> int:
    return 2 if east_asian_width(letter) in _WIDE else 1


def fitted(text: str, most: int) -> str:
    """Return a text as it is shown in so many cells: printable, cut with an ellipsis at its end.

    >>> fitted("extract_everything", 9)
    'extract_…'
    """
    shown = printable(text)
    if cells(shown) <= most:
        return shown
    taken = ""
    room = most - 1
    for letter in shown:
        room -= _cells(letter)
        if room < 0:
            break
        taken += letter
    return taken + ELLIPSIS
