"""Keep a function that a decorator of an absent package was put on."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

from dagserial.model import Value


class Decorated:
    """The function, unchanged, with whatever attributes the decorator may have added: `@cli.command()`."""

    def __init__(self, function: Callable[..., Any], added: Callable[[str], Any]) -> None:
        """Wrap a function.

        Args:
            added: returns an attribute that the function itself has not.
        """
        functools.update_wrapper(self, function)
        self.__dict__["_added"] = added

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__wrapped__(*args, **kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.__dict__["_added"](name)


def decorated_value(decorated: Decorated, encode: Callable[[Any], Value]) -> Value:
    """Write a decorated function as the function."""
    return encode(decorated.__wrapped__)
