"""Tell, of a text in a blob, whether it is one that the author wrote or what Airflow wrote in place of something."""

from __future__ import annotations

import ast
import re
from typing import Any

from dagserial.canonical import MAX_EXACT_INT, is_plain_float
from dagserial.errors import BlobError
from dagserial.model import MAX_VALUE_BYTES
from dagserial.model.names import canonical_name
from dagserial.sources.airflow_blob.tagged import Tagged, unknown, without_machine

MAX_CONTAINERS = 1_000_000
"""Lists and dicts that the values of one DAG may hold; shared parts of a dict could unfold to any number."""

_TRUNCATED = "Truncated. You can change this behaviour in [core]max_templated_field_length. "
"""How Airflow begins what it writes in place of a value of over 4,096 characters (2.7 to 3.3)."""

_STARTS = ("{{ task_instance.", "Truncated.")
"""How texts begin that may stand for something else; others do so only if they hold `<` or `(`."""

_SHORT, _FEW, _FLAT = 4_000, 10, 2
"""Letters of a text, items of a list or dict, and levels of these up to which a value is surely small enough."""

_REPR = re.compile(
    r" at 0x[0-9a-fA-F]+>"  # an object's address
    r"|unusual_prefix_[0-9a-f]{40}_"  # a module of a DAG file
    r"|<callable [\w.<>]+>|<[\w.<>]+ object>"  # Airflow 3.1 and later
    r"|<(?:Task|Mapped)\(\w+\): [\w.\-]+>|MappedArgument\(_input="  # XComs and arguments of mapped groups
    r"|^No source code available for <"
)
_MARK = "\0"
"""Stands for a reference while a text is evaluated; in no literal that Airflow writes."""

_CALLABLE = re.compile(r"<callable ([\w.<>]+)>")
_OBJECT = re.compile(r"<([\w.<>]+) object>")
_PULLED = re.compile(r"\{\{ task_instance\.xcom_pull\(task_ids='([^']+)', dag_id='([^']+)', key='([^']+)'\) \}\}")
_REFERENCE = re.compile(
    r"XComArg\(<(?:Task|Mapped)\(\w+\): (?P<task>[\w.\-]+)>(?:, '(?P<key>[^']+)')?\)(?!\.)"
    r"|MappedArgument\(_input=(?:[^_]|_(?!key=))*, _key='(?P<argument>\w+)'\)"
)
"""How Airflow writes an XCom, and an argument of a mapped group, within the text of what holds them."""

_DEFINED = re.compile(r"\s*(?:@.*\n\s*)*(?:async )?def (\w+)\(")


class NotPlainError(Exception):
    """A value is not one that a record holds as the blob does."""


class Texts:
    """Reads texts of one DAG's blob.

    Args:
        dag_id: the DAG's.
        max_bytes: what one value may take in the record.

    Attributes:
        truncated: how many texts were cut by Airflow.
        usual: texts that were met and stand for themselves.
    """

    def __init__(self, dag_id: str, max_bytes: int = MAX_VALUE_BYTES) -> None:
        self._dag_id = dag_id
        self._longest = _SHORT if max_bytes >= MAX_VALUE_BYTES else -1
        self._containers = 0
        self.truncated = 0
        self.usual: set[str] = set()

    def count(self) -> None:
        """Take note of a container.

        Raises:
            BlobError: there are more than `MAX_CONTAINERS`.
        """
        self._containers += 1
        if self._containers > MAX_CONTAINERS:
            raise BlobError(f"the values of the blob hold more than {MAX_CONTAINERS} lists and dicts")

    def read(self, text: str) -> Any:
        """Return a text, or what it stands for: an XCom, or a value of which little is known."""
        if "<" in text or "MappedArgument(" in text:
            if _REPR.search(text):
                return _written_out(text)
        elif text.startswith("{{ task_instance.xcom_pull("):
            return self._xcom(text)
        elif text.startswith(_TRUNCATED):
            self.truncated += 1
            return unknown(start=_start(text.removeprefix(_TRUNCATED)))
        return text

    def read_template(self, value: Any) -> Any:
        """Return what a template field holds: plain JSON, in which texts stand for what JSON cannot hold."""
        kind = type(value)
        if kind is str:
            return self.read(value)
        if kind is list:
            self.count()
            return [self.read_template(item) for item in value]
        if kind is dict:
            self.count()
            return {key: self.read_template(item) for key, item in value.items()}
        return value

    def plain(self, value: Any, depth: int = 0) -> Any:
        """Return a copy of a value that a record holds as a blob does: plain JSON, and texts that stand for themselves.

        Most values are such ones, and need neither be read nor encoded.

        Raises:
            NotPlainError: the value is none, or so large that it has to be measured.
        """
        kind = type(value)
        if kind is str:
            if value in self.usual:
                return value
            is_plain = "<" not in value and "(" not in value and not value.startswith(_STARTS)
            if is_plain and len(value) <= self._longest and value.isascii():
                self.usual.add(value)
                return value
        elif value is None or kind is bool or (kind is int and -MAX_EXACT_INT <= value <= MAX_EXACT_INT):
            return value
        elif kind is list:
            if len(value) <= _FEW and depth < _FLAT:
                self._containers += 1
                plain, usual = self.plain, self.usual
                return [item if type(item) is str and item in usual else plain(item, depth + 1) for item in value]
        elif kind is dict:
            if len(value) <= _FEW and depth < _FLAT and "$" not in value and "".join(value).isascii():
                self._containers += 1
                plain, usual = self.plain, self.usual
                return {
                    key: item if type(item) is str and item in usual else plain(item, depth + 1)
                    for key, item in value.items()
                }
        elif kind is float and is_plain_float(value):
            return value
        raise NotPlainError

    def _xcom(self, text: str) -> Any:
        """Return the XCom that a text pulls, as Airflow writes it and nobody else (Airflow 3.2 and later)."""
        found = _PULLED.fullmatch(text)
        if found is None or found[2] != self._dag_id:
            return text
        key = {} if found[3] == "return_value" else {"key": found[3]}
        return Tagged("xcom", task=found[1], **key)


def source(text: object) -> Any:
    """Return what is known of a function of which the blob has the source: the text, and the name in it."""
    if not isinstance(text, str):
        return unknown()
    found = _DEFINED.match(text)
    return unknown(**({"name": found[1]} if found else {}), text=without_machine(text))


def function(name: object, text: object = None) -> Tagged:
    """Return what is known of a function: its name, with its module (3.0) or without, and its source if that is there.

    Args:
        name: as `python_callable_name` has it.
        text: the source.
    """
    known = source(text).fields if isinstance(text, str) else {}
    return unknown(**known | ({"name": canonical_name(without_machine(name))} if isinstance(name, str) else {}))


def _written_out(text: str) -> Any:
    """Return what a text stands for that holds XComs: arguments that Airflow wrote as a whole; else what is known."""
    found: list[Tagged] = []

    def marked(reference: re.Match[str]) -> str:
        if name := reference["argument"]:
            found.append(Tagged("mapped_argument", name=name))
        else:
            key = {"key": reference["key"]} if reference["key"] else {}
            found.append(Tagged("xcom", task=reference["task"], **key))
        return f"{_MARK!r}[{len(found) - 1}]"

    marked_text = _REFERENCE.sub(marked, text)
    if not found:
        return _unknown(text)
    try:
        return _evaluated(ast.parse(marked_text, mode="eval").body, found)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return _unknown(text)


def _evaluated(node: ast.expr, references: list[Tagged]) -> Any:
    """Return what a literal stands for, with references in it; tuples as lists, as every template field has them.

    Raises:
        ValueError: it is none.
    """
    match node:
        case ast.Subscript(ast.Constant(value), ast.Constant(int(at))) if value == _MARK:
            return references[at]
        case ast.Constant(value) if value is None or isinstance(value, bool | int | float | str):
            return value
        case ast.Tuple(items) | ast.List(items):
            return [_evaluated(item, references) for item in items]
        case ast.Dict(keys, items) if all(isinstance(key, ast.Constant) for key in keys):
            names = [key.value for key in keys if isinstance(key, ast.Constant)]
            if all(isinstance(name, str) for name in names):
                return {str(name): _evaluated(item, references) for name, item in zip(names, items, strict=True)}
    raise ValueError("this is no literal")


def _unknown(text: str) -> Tagged:
    bare = without_machine(text)
    if found := _CALLABLE.fullmatch(bare):
        return unknown(name=canonical_name(found[1]), text=bare)
    if found := _OBJECT.fullmatch(bare):
        return unknown(**{"class": canonical_name(found[1])}, text=bare)
    return unknown(text=bare)


def _start(rest: str) -> str:
    """Return what a value begins with that Airflow cut: in quotation marks up to 3.1, bare later."""
    quoted = rest.removesuffix("... ")
    if quoted != rest and quoted[:1] in ("'", '"'):
        try:
            return str(ast.literal_eval(quoted))
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return quoted
    return rest.removesuffix("...")
