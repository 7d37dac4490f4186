"""The digest of a function's own code, and of a class's: what moves it and what does not."""

from __future__ import annotations

import functools
import importlib.util
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dagserial.authoring import DAG, BaseOperator, task
from dagserial.digest import Digest
from dagserial.sources import live
from dagserial.sources.code import Code

NUMBERS = itertools.count()
BASE = "def f(a, b=1):\n    return a + b\n"


def source_digest(function: Any) -> Digest | None:
    return Code().function_digest(function)


def function_value(function: Any, encode: Callable[[Any], Any]) -> dict[str, Any]:
    value: dict[str, Any] = Code().function_value(function, encode)
    return value


def written(value: Any, code: Code | None = None) -> Any:
    """Return how an argument of a task is written."""
    with DAG("d") as dag:
        BaseOperator(task_id="a", value=value)
    return live.read(dag, code=code)[0].tasks["a"].args["value"]


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
    ],
)
def test_comments_docstring_and_layout_move_nothing(load: Callable[[str], Any], text: str) -> None:
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
        "def same(function): return function\n@same\ndef f(a, b=1):\n    return a + b\n",
    ],
)
def test_what_the_function_does_moves_it(load: Callable[[str], Any], text: str) -> None:
    assert source_digest(load(text).f) != source_digest(load(BASE).f)


IMPORTING = "{}def f(a):\n{}    return {}(a)\n"


@pytest.mark.parametrize(
    "text",
    [
        IMPORTING.format("", "    from json import dumps\n", "dumps"),
        IMPORTING.format("import os\nfrom json import dumps, loads\n", "", "dumps"),
        IMPORTING.format("", "    from json import loads\n    from json import dumps\n", "dumps"),
    ],
)
def test_where_a_name_is_imported_moves_nothing(load: Callable[[str], Any], text: str) -> None:
    base = IMPORTING.format("from json import dumps\n", "", "dumps")
    assert source_digest(load(text).f) == source_digest(load(base).f)


@pytest.mark.parametrize("module", ["", "from pickle import dumps\n"])
def test_what_a_name_is_imported_from_moves_it(load: Callable[[str], Any], module: str) -> None:
    base = IMPORTING.format("from json import dumps\n", "", "dumps")
    assert source_digest(load(IMPORTING.format(module, "", "dumps")).f) != source_digest(load(base).f)


def test_a_name_of_airflow_that_moved_moves_nothing(load: Callable[[str], Any]) -> None:
    text = "def f():\n    from {} import AirflowSkipException\n    raise AirflowSkipException\n"
    old, new, other = (
        source_digest(load(text.format(f"{top}.exceptions")).f) for top in ("airflow", "airflow.sdk", "my")
    )
    assert old == new != other


def test_lambdas_on_one_line_are_told_apart(load: Callable[[str], Any]) -> None:
    module = load("pair = (lambda x: x, lambda x: -x)\nsame = lambda x: x\nnested = lambda: (lambda y: y + 1)\n")
    one, other = map(source_digest, module.pair)
    assert one != other
    assert one == source_digest(module.same)
    assert source_digest(module.nested) != source_digest(module.nested())


DECORATED = "from dagserial.authoring import task, dag\n{}\ndef f(a, b=1):\n    return a + b\n"


@pytest.mark.parametrize(
    "decorator", ["@task", "@task(retries=3)", "@task.virtualenv(requirements=['x'])", "@task\n@task.short_circuit()"]
)
def test_what_makes_a_function_a_task_is_not_its_code(load: Callable[[str], Any], decorator: str) -> None:
    assert source_digest(load(DECORATED.format(decorator)).f.function) == source_digest(load(BASE).f)


WRAPPED = """
import functools
def louder(times):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args):
            return {}
        return wrapper
    return decorate
def f():
    return 1
"""


class TestWrappers:
    """A function in wrappers is named by what is wrapped; wrappers of the repository count."""

    def value(self, load: Callable[[str], Any], how: str, text: str) -> dict[str, Any]:
        return function_value(eval(how, vars(load(WRAPPED.format(text)))), lambda value: value)

    def test_an_edit_in_the_wrapper_shows(self, load: Callable[[str], Any]) -> None:
        one, same, other = (
            self.value(load, "louder(2)(f)", text)
            for text in ("function(*args) * times", "function(*args) *  times", "function(*args) + times")
        )
        assert one["name"].endswith(".f")
        assert (one["code"] == same["code"], one["code"] == other["code"]) == (True, False)

    def test_what_the_wrapper_was_given_is_kept(self, load: Callable[[str], Any]) -> None:
        one, two = (self.value(load, f"louder({number})(f)", "times") for number in (1, 2))
        assert one["code"] == two["code"]
        assert one["closure"] == {"0:louder.<locals>.decorate.<locals>.wrapper": {"times": 1}}
        assert two["closure"] == {"0:louder.<locals>.decorate.<locals>.wrapper": {"times": 2}}

    def test_a_cache_of_the_standard_library_is_no_code(self, load: Callable[[str], Any]) -> None:
        function = load(BASE).f
        assert written(functools.lru_cache(function)) == written(function)


def test_a_function_that_a_function_was_given_is_kept(load: Callable[[str], Any]) -> None:
    text = "def make(do):\n    def f():\n        return do()\n    return f\ndef one():\n    return {}\nf = make(one)\n"
    values = [written(load(text.format(number)).f) for number in (1, 2)]
    assert [value["closure"]["do"]["name"].rpartition(".")[2] for value in values] == ["one", "one"]
    assert values[0]["code"] == values[1]["code"]
    assert values[0]["closure"]["do"]["code"] != values[1]["closure"]["do"]["code"]


def test_functions_that_close_over_each_other_are_written(load: Callable[[str], Any]) -> None:
    text = "def make(f, g):\n    def f(): return g()\n    def g(): return f()\n    return f\nf = make(1, 2)\n"
    assert "closure" not in written(load(text).f)


def test_a_computed_default_is_kept(load: Callable[[str], Any]) -> None:
    module = load("all_of_them = [lambda a=1, *, n=n, m=3: n for n in (1, 2)]\n")
    one, two = (function_value(function, lambda value: value) for function in module.all_of_them)
    assert (one["closure"], two["closure"]) == ({"n": 1}, {"n": 2})


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


CLASS = """
class Root:
    def helped(self):
        return {}
class Thing(Root):
    def __call__(self):
        return self.helped()
    @staticmethod
    def still():
        return 1
"""


class TestClasses:
    @pytest.mark.parametrize("how", ["Thing", "Thing()", "Thing().__call__", "Thing().helped"])
    def test_an_edit_in_a_base_shows(self, load: Callable[[str], Any], how: str) -> None:
        one, same, other = (
            written(eval(how, vars(load(CLASS.format(text)))))["code"] for text in ("1", "1  # one", "2")
        )
        assert (one == same, one == other) == (True, False)

    def test_a_static_method_stands_for_itself(self, load: Callable[[str], Any]) -> None:
        one, other = (source_digest(load(CLASS.format(text)).Thing.still) for text in ("1", "2"))
        assert one is not None
        assert one == other

    def test_a_class_that_no_statement_makes_is_its_base(self, load: Callable[[str], Any]) -> None:
        module = load(CLASS.format(1))
        assert Code().class_digest(type("Made", (module.Thing,), {})) == Code().class_digest(module.Thing)

    def test_of_two_classes_of_one_name_the_one_that_is_meant_counts(self, load: Callable[[str], Any]) -> None:
        text = "if {}:\n    class A:\n        def f(self): 1\nelse:\n    class A:\n        def f(self): 2\n"
        one, other = (Code().class_digest(load(text.format(first)).A) for first in (True, False))
        assert None not in (one, other)
        assert one != other

    def test_a_dataclass_is_what_it_holds(self, load: Callable[[str], Any]) -> None:
        text = "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\n"
        assert "code" not in written(load(text).A(1))
        assert "code" in written(load(text + "    def __call__(self): pass\n").A(1))

    @pytest.mark.parametrize("value", [Path, Digest, itertools.chain, pytest.Item], ids=str)
    def test_classes_that_are_installed_have_none(self, value: Any) -> None:
        assert "code" not in written(value)


def test_functions_that_are_installed_have_none() -> None:
    assert [source_digest(function) for function in (functools.wraps, pytest.param, task.__call__)] == [None] * 3


def test_without_digests_the_rest_is_written(load: Callable[[str], Any]) -> None:
    module = load(CLASS.format(1) + "def make(n):\n    def f():\n        return n\n    return f\n")
    for value in (module.make(1), module.Thing, module.Thing(), module.Thing().helped):
        plain = written(value, Code(is_wanted=False))
        assert "sha256:" not in str(plain)
        assert plain.keys() == written(value).keys() - {"code"}
