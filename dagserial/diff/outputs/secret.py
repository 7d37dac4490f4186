"""Tell what looks like a secret: by its name, by what it stands in, or by its text."""

import re
from collections.abc import Mapping

from dagserial.model import Value

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ALONE = frozenset({"auth", "cookie", "cookies", "dsn", "pass", "pin", "pwd", "sas"})
"""Words that make a name a secret's."""
_WITHIN = (
    *("authorization", "connectionstring", "connectionuri", "connectionurl", "connstr", "connuri", "credential"),
    *("passphrase", "passwd", "password", "secret", "signature", "token"),
)
"""What makes a name a secret's wherever it stands in it, without what separates words."""
_KEYS = (
    *("access", "account", "api", "decryption", "encryption", "fernet", "license", "master"),
    *("private", "shared", "signing", "ssh", "storage"),
)
"""Words before `key` that make it a secret's."""

_CONNECTION = frozenset({"conn", "connection", "connections"})
_MARKS = frozenset({"conn_type", "extra", "host", "login", "password", "port", "schema", "uri"})
_TELLING = frozenset({"conn_type", "login", "password"})
_HARMLESS = frozenset({"$", "class", "conn_id", "conn_type", "description", "host", "id", "name", "port", "schema"})
"""Fields of a connection that are shown; one that is not known here is not."""
_VALUES = frozenset({"const", "default", "enum", "examples", "value", "values"})
"""What holds the value of something that says its name beside it."""

_NAMED = r"(?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)"
_START = r"[^\s\"'$<{%(:=]"
"""How a value starts that is neither a template, nor a variable, nor a call."""
_LEAKS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"://[^\s/@:]{0,200}:[^\s@]{1,500}@",  # a URI with a password
        rf"{_NAMED}\w{{0,40}}[\"']?(?:=|:[ \t]?)[\"']?{_START}",  # password=x, "token": "x"
        rf"{_NAMED}\w{{0,40}}[ \t]?=[ \t]?[\"']{_START}",  # password = "x"
        rf"--?(?:[a-z]{{1,20}}[_-]){{0,4}}{_NAMED}[ \t]+[\"']?(?!-){_START}",  # --password x
        rf"authorization[\"']?[ \t]?[:=][ \t]?[\"']?\w{{1,20}}[ \t]+{_START}",
        r"\bbearer[ \t]+[\w+/=.~-]{16}",
        r"[?&](?:sig|signature|x-amz-[a-z-]{1,40})=",
        r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY",
        r"\bAKIA[0-9A-Z]{16}|\bgh[pousr]_\w{20}|\bglpat-\w|\bxox[abprs]-\w|\bsk-[\w-]{20}|\beyJ[\w-]{10,400}\.eyJ",
        r"//hooks\.|/webhooks?/",
    )
)
"""Every repetition has a bound, so that a long text takes no more than time in proportion."""


def is_secret_name(name: str) -> bool:
    """Tell whether what goes by a name looks like a secret.

    >>> [is_secret_name(name) for name in ("db_password", "apiKey", "AUTH", "s3_key", "author")]
    [True, True, True, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    joined = "".join(words)
    if not _ALONE.isdisjoint(words) or any(part in joined for part in _WITHIN):
        return True
    return any(f"{word}key" in joined for word in _KEYS)


def is_secret_text(text: str) -> bool:
    """Tell whether a text holds a secret: a URI with a password, `password=x`, a private key, a well-known token.

    >>> is_secret_text("postgresql://me:pw@db/x"), is_secret_text("psql {{ conn.db.get_uri() }}")
    (True, False)
    """
    return any(form.search(text) for form in _LEAKS)


def is_secret_step(holder: Value, step: str | int, name: str = "") -> bool:
    """Tell whether what stands at a step of a list or an object looks like a secret.

    Args:
        holder: None if it is not known.
        name: what the holder itself goes by.
    """
    if isinstance(step, int) and isinstance(holder, list):
        return _is_secret_item(holder, step)
    if is_secret_name(str(step)):
        return True
    if not isinstance(holder, Mapping):
        return holder is None and (step in _VALUES or _names_connection(name)) and step not in _HARMLESS
    if _names_connection(name) or _is_connection(holder):
        return step not in _HARMLESS
    called = holder.get("name", holder.get("key"))
    return step in _VALUES and isinstance(called, str) and is_secret_name(called)


def _is_secret_item(items: list[Value], at: int) -> bool:
    """Tell whether an item follows a flag that announces it, or is what a pair names."""
    before = items[at - 1] if 0 < at <= len(items) else None
    if not isinstance(before, str) or not is_secret_name(before):
        return False
    return before.startswith("-") or len(items) == 2


def _names_connection(name: str) -> bool:
    words = _WORDS.findall(name)
    return bool(words) and words[-1].lower() in _CONNECTION


def _is_connection(holder: Mapping[str, Value]) -> bool:
    return len(_MARKS & holder.keys()) > 1 and not _TELLING.isdisjoint(holder)
