"""Write text of DAGs in Markdown so that it stays text."""

from html import escape

from dagserial.model.display import cut, printable

_TRICKY = frozenset("`|")
"""What ends a code span, or the cell of a table around it."""
_PLAIN = frozenset(" -./,=+()")


def code(text: str, width: int = 300) -> str:
    """Return a text as code, which stays in its cell and of which nothing is a link, a mention or a tag.

    >>> code("load_raw"), code("a|b")
    ('`load_raw`', '<code>a&#124;b</code>')
    """
    shown = cut(printable(text), width)
    if shown == shown.strip() != "" and _TRICKY.isdisjoint(shown):
        return f"`{shown}`"
    return f"<code>{''.join(map(_entity, shown))}</code>"


def _entity(letter: str) -> str:
    return letter if letter.isalnum() or letter in _PLAIN or ord(letter) > 0x7F else f"&#{ord(letter)};"


def html_code(text: str, width: int = 300) -> str:
    """Return the same for a block of HTML, where Markdown does not hold."""
    return f"<code>{escape(cut(printable(text), width))}</code>"
