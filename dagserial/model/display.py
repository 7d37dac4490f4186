"""Write a value of a record in one line for people: JSON, but tagged values in words."""

import json
from typing import Any

from dagserial.model import Value

ELLIPSIS = "…"
_DEEPEST = 20
"""Levels of nesting that are written; what lies deeper is cut."""

_LEADS: dict[str, tuple[str, ...]] = {
    "asset": ("name", "uri"),
    "date": ("value",),
    "datetime": ("value", "zone"),
    "decimal": ("value",),
    "enum": ("class", "name"),
    "float": ("value",),
    "int": ("value",),
    "mapped_argument": ("name",),
    "module": ("name",),
    "path": ("value",),
    "task": ("task",),
    "time": ("value", "zone"),
    "timedelta": ("value",),
    "timezone": ("zone",),
    "unknown": ("class", "name", "start", "text"),
    "uuid": ("value",),
    "xcom": ("task", "key"),
}
"""The fields of a tagged value that follow its tag bare, in order. Other fields follow as JSON, as do other tags'."""

_DIGESTED = {
    "callable": ("function", "name", "code"),
    "class": ("class", "name", "code"),
    "file": ("file", "path", "digest"),
    "method": ("method", "name", "code"),
    "object": ("object", "class", "code"),
    "opaque": ("opaque", "class", "code"),
}
"""The word, the leading field and the digest of tagged values that may have one."""

_BRACKETS = {"frozenset": ("frozenset{", "}"), "set": ("{", "}"), "tuple": ("(", ")")}


def printable(text: str) -> str:
    r"""Return `text` with every character escaped that a terminal would act on or hide.

    >>> print(printable("a\x1b[31mb\u202e"))
    a\u001b[31mb\u202e
    """
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return json.dumps(letter)[1:-1] if ord(letter) < 0x80 and letter != "\x7f" else _code(letter)


def _code(letter: str) -> str:
    return f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}"


def display(value: Value) -> str:
    """Return a value in one printable line, not cut to any width.

    >>> print(display({"wait": {"$": "timedelta", "value": "PT5M"}, "tries": [1, None]}))
    {"wait": timedelta PT5M, "tries": [1, null]}
    """
    return printable(_written(value, 0))


def cut(text: str, width: int) -> str:
    """Return `text`, cut to `width` characters with an ellipsis at its end.

    >>> cut("abcdef", 4)
    'abc…'
    """
    return text if len(text) <= width else text[: max(width, 1) - 1] + ELLIPSIS


def _written(value: Value, depth: int) -> str:
    if depth > _DEEPEST:
        return ELLIPSIS
    if isinstance(value, list):
        return f"[{_items(value, depth)}]"
    if isinstance(value, dict):
        tag = value.get("$")
        return _tagged(tag, value, depth) if isinstance(tag, str) else _object(value, depth)
    return json.dumps(value, ensure_ascii=False)


def _items(values: list[Value], depth: int) -> str:
    return ", ".join(_written(item, depth + 1) for item in values)


def _object(fields: dict[str, Value], depth: int) -> str:
    entries = (f"{json.dumps(key, ensure_ascii=False)}: {_written(item, depth + 1)}" for key, item in fields.items())
    return "{" + ", ".join(entries) + "}"


def _tagged(tag: str, value: dict[str, Value], depth: int) -> str:
    fields = {key: item for key, item in value.items() if key != "$"}
    items = fields.get("items")
    if tag in _BRACKETS and fields.keys() == {"items"} and isinstance(items, list):
        left, right = _BRACKETS[tag]
        return left + _items(items, depth) + right
    if tag in _DIGESTED:
        return _with_digest(tag, fields, depth)
    if tag == "param" and fields.keys() == {"default"}:
        return f"param {_written(fields['default'], depth + 1)}"
    if tag == "rooted" and fields.keys() == {"parts"} and isinstance(fields["parts"], list):
        return f"rooted {json.dumps('<root>'.join(map(str, fields['parts'])), ensure_ascii=False)}"
    return _worded(tag, fields, _LEADS.get(tag, ()), depth)


def _with_digest(tag: str, fields: dict[str, Value], depth: int) -> str:
    """Write what has a digest as `function name@digest8`."""
    word, lead, address = _DIGESTED[tag]
    name, digest = fields.get(lead), fields.get(address)
    if not isinstance(name, str) or not isinstance(digest, str):
        return _worded(word, fields, (lead,), depth)
    rest = {key: item for key, item in fields.items() if key != address}
    return _worded(word, rest | {lead: f"{name}@{digest.removeprefix('sha256:')[:8]}"}, (lead,), depth)


def _worded(word: str, fields: dict[str, Any], leads: tuple[str, ...], depth: int) -> str:
    """Write a word, its leading fields bare as far as they are strings, and the rest as JSON."""
    bare = [name for name in leads if isinstance(fields.get(name), str)]
    rest = {name: item for name, item in fields.items() if name not in bare}
    words = [word, *(fields[name] for name in bare)]
    return " ".join([*words, _object(rest, depth)] if rest else words)
