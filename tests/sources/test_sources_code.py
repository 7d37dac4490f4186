"""The digest of a function's source: what moves it and what does not."""

from __future__ import annotations

import functools
import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagserial.sources.code import function_value, source_digest

NUMBERS = itertools.count()
BASE = "def f(a, b=1):\n    return a + b\n"


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str], Any]:
    """Run a module of its own and return it."""

    def run(text: str) -> Any:
        path = tmp_path / f"code_{next(NUMBERS)}.py"
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return run


@pytest.mark.parametrize(
    "text",
    [
        '"""A module."""\n\n\ndef f(a, b=1):\n    return a + b\n',
        "def f(a, b=1):\n    # why\n    return a + b  # so\n",
        'def f(a, b=1):\n    """What it does."""\n    return a + b\n',
        "def f(\n    a,\n    b=1,\n):\n    return (\n        a + b\n    )\n",
        "import functools\n@functools.lru_cache\ndef g(): pass\ndef f(a, b=1): return a + b\n",
        "def same(function): return function\n@same\n@same\ndef f(a, b=1):\n    return a + b\n",
    ],
)
def test_comments_docstring_layout_and_decorators_move_nothing(load: Callable[[str], Any], text: str) -> None:
    assert source_digest(load(text).f) == source_digest(load(BASE).f)


@pytest.mark.parametrize(
    "text",
    [
        "def f(a, b=1):\n    return a - b\n",
        "def f(a, b=2):\n    return a + b\n",
        "def f(a, b=1.0):\n    return a + b\n",
        "def f(a, b=True):\n    return a + b\n",
        "def f(b, a=1):\n    return a + b\n",
        "def f(a, *, b=1):\n    return a + b\n",
        "async def f(a, b=1):\n    return a + b\n",
        "def f(a: int, b=1):\n    return a + b\n",
        "def f(a, b=1):\n    'text'\n    'other'\n    return a + b\n",
    ],
)
def test_what_the_function_does_moves_it(load: Callable[[str], Any], text: str) -> None:
    assert source_digest(load(text).f) != source_digest(load(BASE).f)


def test_lambdas_on_one_line_are_told_apart(load: Callable[[str], Any]) -> None:
    module = load("pair = (lambda x: x, lambda x: -x)\nsame = lambda x: x\nnested = lambda: (lambda y: y + 1)\n")
    one, other = map(source_digest, module.pair)
    assert one != other
    assert one == source_digest(module.same)
    assert source_digest(module.nested) != source_digest(module.nested())


def test_a_wrapped_function_is_the_one_inside(load: Callable[[str], Any]) -> None:
    function = load(BASE).f

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    assert function_value(wrapper, lambda value: value)["code"] == source_digest(function)


def test_what_a_function_closes_over_is_kept(load: Callable[[str], Any]) -> None:
    module = load(
        "def make(n, obj):\n    def f():\n        return n, obj\n    return f\none = make(1, object())\ntwo = make(2, object())\n"
    )
    one, two = (function_value(function, lambda value: value) for function in (module.one, module.two))
    assert one["code"] == two["code"]
    assert (one["closure"], two["closure"]) == ({"n": 1}, {"n": 2})


def test_a_name_that_is_bound_later_is_left_out(load: Callable[[str], Any]) -> None:
    module = load(
        "def make():\n    def f():\n        return late\n    g = f\n    if False:\n        late = 1\n    return g\nf = make()\n"
    )
    assert "closure" not in function_value(module.f, lambda value: value)


def test_without_source_there_is_no_digest() -> None:
    made: dict[str, Any] = {}
    exec("def f(): return 1", made)
    assert source_digest(made["f"]) is None
    assert source_digest(len) is None
    assert "code" not in function_value(made["f"], lambda value: value)


def test_a_source_that_no_longer_parses_gives_no_digest(load: Callable[[str], Any], tmp_path: Path) -> None:
    module = load(BASE)
    Path(module.__file__).write_text("def f(:\n")
    assert source_digest(module.f) is None
