"""Dress symbols as strings, for what can only be text: Variables, environment variables, fields of Connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dagserial.model import Value
from dagserial.standin.notes import NOTES
from dagserial.standin.symbol import NO_SAMPLE, Provide, Symbol, template, text

_METHODS = frozenset(name for name in dir(str) if not name.startswith("_")) - {"encode"}
"""Methods of strings whose answer for a template says nothing of what the template will give."""


class TextSymbol(Symbol, str):
    """A symbol over what a Variable or a Connection holds: it also passes for the string that it mostly is.

    Only where Python insists on strings (`", ".join([x])`) that string is seen: the symbol's template.
    """

    def __new__(cls, form: tuple[Any, ...], provide: Provide, sample: Any = NO_SAMPLE) -> TextSymbol:
        """Make an expression that is also a string."""
        return str.__new__(cls, template(Symbol(form, provide)))

    def __getattribute__(self, name: str) -> Any:
        """Return methods of strings as expressions to code of the tree."""
        if name in _METHODS and NOTES.is_asked_by_tree(1):
            return Symbol.__getattr__(self, name)
        return super().__getattribute__(name)


class Text(str):
    """A symbol that can only be a string (a Variable, an environment variable): its template, in string's clothes.

    Whole, it is written as the symbol; a part of other text, it is the template. As a number it is what its symbol
    is. What code of the tree asks about the string itself (is it equal, what is it in upper case) the symbol answers;
    libraries see the template.
    """

    __slots__ = ("_symbol",)
    _symbol: Symbol

    def __new__(cls, symbol: Symbol) -> Text:
        """Dress a symbol."""
        made = super().__new__(cls, template(symbol))
        made._symbol = symbol
        return made

    def __getattribute__(self, name: str) -> Any:
        """Return methods of strings as expressions to code of the tree."""
        if name in _METHODS and NOTES.is_asked_by_tree(1):
            return Symbol.__getattr__(self._symbol, name)
        return super().__getattribute__(name)

    def __eq__(self, other: object) -> bool:
        if not NOTES.is_asked_by_tree(1) or isinstance(other, Text):
            return str.__eq__(self, other)
        return self._symbol == other

    def __ne__(self, other: object) -> bool:
        return not self == other if isinstance(other, Text) or not NOTES.is_asked_by_tree(1) else self._symbol != other

    __hash__ = str.__hash__

    def __bool__(self) -> bool:
        if NOTES.is_asked_by_tree(1):
            NOTES.add(f"the truth of an unknown value: taken as True ({text(self._symbol)})")
        return True

    def __contains__(self, part: Any) -> bool:
        return part in self._symbol if NOTES.is_asked_by_tree(1) else str.__contains__(self, part)

    def __getitem__(self, key: Any) -> Any:
        return self._symbol[key] if NOTES.is_asked_by_tree(1) else str.__getitem__(self, key)

    def __len__(self) -> int:
        return len(self._symbol) if NOTES.is_asked_by_tree(1) else str.__len__(self)

    def __iter__(self) -> Any:
        return iter(self._symbol) if NOTES.is_asked_by_tree(1) else str.__iter__(self)

    def __int__(self) -> int:
        return int(self._symbol)

    def __float__(self) -> float:
        return float(self._symbol)

    def __copy__(self) -> Text:
        return self

    def __deepcopy__(self, _memo: Any) -> Text:
        return self


def text_value(dressed: Text, encode: Callable[[Any], Value]) -> Value:
    """Write a symbol in string's clothes as the symbol."""
    return encode(dressed._symbol)
