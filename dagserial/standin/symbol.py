"""Stand for a value that only an absent package, a Variable or a clock could give: an expression that survives code.

Attribute access, calls, items and arithmetic make larger expressions. Where Python needs a definite answer, it is
fixed, and noted with its line: an unknown value is true, holds everything, is greater than every other, one item long,
and 1 as a number; unpacking gives as many items as there are names. A symbol with a sample (a clock) answers from it.
"""

from __future__ import annotations

import operator
import sys
import types
from collections.abc import Callable, Generator, Iterator
from typing import Any

from dagserial.authoring.dependency import UnknownEnd
from dagserial.canonical import canonical_bytes
from dagserial.errors import CanonicalError
from dagserial.model import Encoder, Value
from dagserial.model.names import canonical_name
from dagserial.standin.decorated import Decorated
from dagserial.standin.instruction import calls_method, unpacked_by
from dagserial.standin.notes import NOTES

NO_SAMPLE = object()
"""Stands where a symbol has no sample; None is one."""

_NO_TASKS = {"hooks", "triggers", "links"}
"""Modules whose classes are neither operators nor groups, even where they take a task_id."""

Provide = Callable[[str], Any]


class Symbol(UnknownEnd):
    """An expression over values that are not there.

    Its form is one of `("name", path)`, `("get", of, name)`, `("item", of, key)`, `("call", of, args, kwargs)`,
    `("op", sign, *operands)`, `("variable", key, is_json)`, `("connection", id)`,
    `("environment", name)`.
    """

    def __init__(self, form: tuple[Any, ...], provide: Provide, sample: Any = NO_SAMPLE) -> None:
        """Make an expression.

        Args:
            provide: returns what stands under a dotted path; asked for the attributes of a plain name.
            sample: a value of the right kind, from which Python gets its definite answers.
        """
        for name, value in (("_form", form), ("_provide", provide), ("_sample", sample), ("_set", {})):
            object.__setattr__(self, name, value)

    def _made(self, *form: Any, sample: Callable[[Any], Any] | None = None) -> Symbol:
        """Return a larger expression, with the sample that the same step on this one's sample gives."""
        value = NO_SAMPLE
        if sample is not None and self._sample is not NO_SAMPLE:
            try:
                value = sample(self._sample)
            except Exception:  # the step fails on the sample, not on the expression
                value = NO_SAMPLE
        return type(self)(form, self._provide, value)

    def __getattr__(self, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return text(self).rpartition(".")[2]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        if name in self._set:
            return self._set[name]
        if self._form[0] == "name":
            return self._provide(f"{self._form[1]}.{name}")
        return self._made("get", self, name, sample=lambda value: getattr(value, name))

    def __setattr__(self, name: str, value: Any) -> None:
        self._set[name] = value

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str | int) and (item := self._set.get(("item", key), NO_SAMPLE)) is not NO_SAMPLE:
            return item
        return self._made("item", self, key, sample=lambda value: value[key])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._set[("item", key)] = value

    def __delattr__(self, name: str) -> None:
        self._set.pop(name, None)

    def __delitem__(self, key: Any) -> None:
        self._set.pop(("item", key), None)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        path = self._form[1] if self._form[0] == "name" else ""
        is_class = is_class_name(path)
        made = self._made("call", self, args, kwargs, sample=lambda value: value(*args, **kwargs))
        if is_class and not _NO_TASKS.intersection(path.split(".")):
            kind = "operator" if "task_id" in kwargs else "group" if "group_id" in kwargs else ""
            return self._provide(f"{path}#{kind}")(*args, **kwargs) if kind else made
        if len(args) == 1 and not kwargs and not is_class:
            if isinstance(args[0], type):
                return args[0]  # a decorator leaves what it decorates
            if isinstance(args[0], types.FunctionType | Decorated):
                return Decorated(args[0], lambda name: getattr(made, name))
        return made

    # Edges to what nobody knows are left out, and noted; a number is shifted.

    def leave_out_edge(self) -> None:
        NOTES.add(f"an edge to an unknown value: left out ({text(self)})")

    def _edge(self, sign: str, left: Any, right: Any) -> Any:
        if isinstance(left, int) or isinstance(right, int):
            return self._made("op", sign, left, right)
        self.leave_out_edge()
        return right

    def __rshift__(self, other: Any) -> Any:
        return self._edge(">>", self, other)

    def __lshift__(self, other: Any) -> Any:
        return self._edge("<<", self, other)

    def __rrshift__(self, other: Any) -> Any:
        return self._edge(">>", other, self)

    def __rlshift__(self, other: Any) -> Any:
        return self._edge("<<", other, self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    # What Python asks of a value, answered from the sample or by the fixed rule.

    def _answer(self, what: str, ask: Callable[[Any], Any], fixed: Any) -> Any:
        if self._sample is not NO_SAMPLE:
            try:
                return ask(self._sample)
            except Exception:
                return fixed
        NOTES.add(f"{what} of an unknown value: taken as {fixed!r} ({text(self)})")
        return fixed

    def __bool__(self) -> bool:
        if self._sample is not NO_SAMPLE:
            return bool(self._sample)
        if NOTES.is_asked_by_tree(1):
            NOTES.add(f"the truth of an unknown value: taken as True ({text(self)})")
        return True

    def __int__(self) -> int:
        return int(self._answer("the number", int, 1))

    def __index__(self) -> int:
        return int(self._answer("the number", operator.index, 1))

    __trunc__ = __int__

    def __float__(self) -> float:
        return float(self._answer("the number", float, 1.0))

    def __round__(self, *digits: int) -> Any:
        return self._made("call", Symbol(("name", "builtins.round"), self._provide), (self, *digits), {})

    def __len__(self) -> int:
        return int(self._answer("the length", len, 1))

    def __contains__(self, item: Any) -> bool:
        return bool(self._answer("membership", lambda value: item in value, True))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Symbol) and (self is other or text(self) == text(other)):
            return True
        return bool(self._answer("equality", lambda value: value == sampled(other), False))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(text(self))

    def __iter__(self) -> Iterator[Any]:
        names = unpacked_by(sys._getframe(1))
        if names is None:
            NOTES.add(f"the items of an unknown value: taken as one ({text(self)})")
        elif names[1]:
            NOTES.add(f"the items of an unknown value: taken as {names[0]} ({text(self)})")
        return iter([self[index] for index in range(names[0] if names else 1)])

    def keys(self) -> Any:
        """Return unknown keys; none where `**` or a dict asks, whose keys are often names."""
        if calls_method(sys._getframe(1), "keys"):
            return self.__getattr__("keys")()
        NOTES.add(f"the keys of an unknown value: taken as none ({text(self)})")
        return []

    def __str__(self) -> str:
        return template(self)

    def __repr__(self) -> str:
        return template(self)

    def __format__(self, spec: str) -> str:
        return f"${{{text(self)}:{spec}}}" if spec else template(self)

    def __fspath__(self) -> str:
        return template(self)

    def __copy__(self) -> Symbol:
        return self

    def __deepcopy__(self, _memo: Any) -> Symbol:
        return self

    def __enter__(self) -> Symbol:
        return self

    def __exit__(self, *_exc: object) -> None:
        return None

    async def __aenter__(self) -> Symbol:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        return None

    def __await__(self) -> Generator[None, None, Symbol]:
        yield from ()
        return self  # what is awaited is as unknown as what it gives

    def __instancecheck__(self, instance: Any) -> bool:
        if isinstance(instance, Symbol):
            return bool(instance._form[0] == "call" and text(instance._form[1]) == text(self))
        return any(getattr(base, "_dagserial_name", None) == text(self) for base in type(instance).__mro__)

    def __subclasscheck__(self, subclass: Any) -> bool:
        return any(getattr(base, "_dagserial_name", None) == text(self) for base in getattr(subclass, "__mro__", ()))

    def __mro_entries__(self, _bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (self._provide(f"{text(self)}#class"),)


def _binary(sign: str, apply: Callable[[Any, Any], Any]) -> tuple[Callable[..., Any], Callable[..., Any]]:
    def forward(self: Symbol, other: Any) -> Symbol:
        return self._made("op", sign, self, other, sample=lambda value: apply(value, sampled(other)))

    def backward(self: Symbol, other: Any) -> Symbol:
        return self._made("op", sign, other, self, sample=lambda value: apply(sampled(other), value))

    return forward, backward


def _unary(sign: str, apply: Callable[[Any], Any]) -> Callable[..., Any]:
    return lambda self: self._made("op", sign, self, sample=apply)


def _compared(sign: str, apply: Callable[[Any, Any], Any], fixed: bool) -> Callable[..., Any]:
    def compare(self: Symbol, other: Any) -> bool:
        return bool(self._answer(f"the comparison {sign}", lambda value: apply(value, sampled(other)), fixed))

    return compare


_BINARY = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "and_": "&",
    "or_": "|",
    "xor": "^",
}
for _name, _sign in _BINARY.items():
    _forward, _backward = _binary(_sign, getattr(operator, _name))
    setattr(Symbol, f"__{_name.strip('_')}__", _forward)
    setattr(Symbol, f"__r{_name.strip('_')}__", _backward)
for _name, _sign in {"neg": "-", "pos": "+", "abs": "abs", "invert": "~"}.items():
    setattr(Symbol, f"__{_name}__", _unary(_sign, getattr(operator, _name)))
for _name, _sign, _fixed in (("lt", "<", False), ("le", "<=", False), ("gt", ">", True), ("ge", ">=", True)):
    setattr(Symbol, f"__{_name}__", _compared(_sign, getattr(operator, _name), _fixed))
del _name, _sign, _fixed, _forward, _backward


def sampled(value: Any) -> Any:
    """Return the sample of a symbol that has one, and any other value as it is."""
    return value._sample if isinstance(value, Symbol) and value._sample is not NO_SAMPLE else value


def is_class_name(path: str) -> bool:
    """Tell whether a dotted path ends like a class: `V1Pod`, not `client` and not `MAX_SIZE`."""
    name = path.rpartition(".")[2]
    return name[:1].isupper() and any(letter.islower() for letter in name)


def symbol_value(symbol: Symbol, encode: Callable[[Any], Value]) -> Value:
    """Write a symbol as a tagged value."""
    kind, *parts = symbol._form
    tagged = _FORMS[kind](encode, *parts)
    if symbol._set:
        tagged["set"] = encode({_step(key): value for key, value in symbol._set.items()})
    return tagged


def _key_value(encode: Callable[[Any], Value], key: Any) -> Value:
    """Write a key; a slice as the call that makes it."""
    if not isinstance(key, slice):
        return encode(key)
    return {"$": "call", "function": "builtins.slice", "args": encode([key.start, key.stop, key.step])}


def _step(key: Any) -> str:
    return key if isinstance(key, str) else f"[{key[1]!r}]"


def _call(encode: Callable[[Any], Value], of: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Value]:
    path = text(of) if isinstance(of, Symbol) and of._form[0] == "name" else None
    if path is None:
        tagged: dict[str, Value] = {"$": "call", "function": encode(of)}
    else:
        tagged = {"$": "object", "class": path} if is_class_name(path) else {"$": "call", "function": path}
    tagged |= {"args": encode(list(args))} if args else {}
    return tagged | ({"kwargs": encode(kwargs)} if kwargs else {})


_FORMS: dict[str, Callable[..., dict[str, Value]]] = {
    "name": lambda encode, path: {"$": "symbol", "name": canonical_name(path)},
    "get": lambda encode, of, name: {"$": "get", "of": encode(of), "name": name},
    "item": lambda encode, of, key: {"$": "item", "of": encode(of), "key": _key_value(encode, key)},
    "call": _call,
    "op": lambda encode, sign, *operands: {"$": "op", "op": sign, "args": encode(list(operands))},
    "variable": lambda encode, key, is_json: (
        {"$": "variable", "key": encode(key)} | ({"json": True} if is_json else {})
    ),
    "environment": lambda encode, name: {"$": "environment", "name": name},
    "connection": lambda encode, conn_id: {"$": "connection", "id": encode(conn_id)},
}


def template(symbol: Symbol) -> str:
    """Return the text that stands for a symbol inside other text.

    For Variables and Connections that is Airflow's own template (`{{ var.value.key }}`, `{{ conn.id.host }}`), which
    gives the same when the task runs; for others `${expression}`.
    """
    kind, *parts = symbol._form
    if kind == "variable" and isinstance(parts[0], str):
        return f"{{{{ var.{'json' if parts[1] else 'value'}.{parts[0]} }}}}"
    if kind == "get" and isinstance(parts[0], Symbol) and parts[0]._form[0] == "connection":
        return f"{{{{ conn.{parts[0]._form[1]}.{parts[1]} }}}}"
    return f"${{{text(symbol)}}}"


def text(value: Any) -> str:
    """Return an expression as Python would write it; the same on every machine."""
    if not isinstance(value, Symbol):
        return _literal(value)
    kind, *parts = value._form
    match kind:
        case "name":
            return canonical_name(parts[0])
        case "get":
            return f"{text(parts[0])}.{parts[1]}"
        case "item":
            return f"{text(parts[0])}[{text(parts[1])}]"
        case "call":
            given = [text(arg) for arg in parts[1]] + [f"{name}={text(arg)}" for name, arg in parts[2].items()]
            return f"{text(parts[0])}({', '.join(given)})"
        case "op":
            operands = [text(operand) for operand in parts[1:]]
            return f"({f' {parts[0]} '.join(operands)})" if len(operands) > 1 else f"{parts[0]}({operands[0]})"
        case "variable":
            return f"Variable.get({text(parts[0])})"
        case "environment":
            return f"os.environ[{text(parts[0])}]"
        case _:
            return f"Connection.get({text(parts[0])})"


def _literal(value: Any) -> str:
    if isinstance(value, str | int | bool | types.NoneType):
        return repr(value)
    if isinstance(value, slice):
        return ":".join("" if part is None else text(part) for part in (value.start, value.stop, value.step))
    encoder = Encoder({Symbol: symbol_value})
    try:
        return canonical_bytes(encoder.encode(value)).decode()
    except CanonicalError:
        return type(value).__name__
