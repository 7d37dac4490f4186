"""Expressions over packages that are absent: kept whole, or answered by a fixed rule that is noted."""

from __future__ import annotations

import pytest
from standin_trees import Found, read, read_expressions, shown

PREAMBLE = "import datetime, functools, itertools, math, operator, json, copy, os, ast, asyncio, pathlib, yaml\nimport acme\nfrom acme import X, LIMIT, make, Client\n"
LINE = 6
"""Of the expression, in its file."""

ACME_X = {"$": "symbol", "name": "acme.X"}
LIMIT = {"$": "symbol", "name": "acme.LIMIT"}


def op(sign: str, *args: object) -> dict[str, object]:
    return {"$": "op", "op": sign, "args": list(args)}


KEPT: dict[str, tuple[str, object]] = {
    "a name": ("X", ACME_X),
    "an attribute": ("X.y.z", {"$": "symbol", "name": "acme.X.y.z"}),
    "an attribute of a module": ("acme.sub.y", {"$": "symbol", "name": "acme.sub.y"}),
    "a module": ("acme", {"$": "module", "name": "acme"}),
    "a call": ("make(1, k=2)", {"$": "call", "function": "acme.make", "args": [1], "kwargs": {"k": 2}}),
    "a call without arguments": ("make()", {"$": "call", "function": "acme.make"}),
    "a constructor": ("Client('u')", {"$": "object", "class": "acme.Client", "args": ["u"]}),
    "a method": (
        "Client().get('k')",
        {
            "$": "call",
            "function": {"$": "get", "of": {"$": "object", "class": "acme.Client"}, "name": "get"},
            "args": ["k"],
        },
    ),
    "an attribute of a call": ("make().y", {"$": "get", "of": {"$": "call", "function": "acme.make"}, "name": "y"}),
    "an item": ("X['k'][0]", {"$": "item", "of": {"$": "item", "of": ACME_X, "key": "k"}, "key": 0}),
    "a slice": (
        "X[1:2]",
        {
            "$": "item",
            "of": ACME_X,
            "key": {"$": "call", "function": "builtins.slice", "args": [1, 2, None]},
        },
    ),
    "a symbol as a key": ("X[LIMIT]", {"$": "item", "of": ACME_X, "key": LIMIT}),
    "a symbol in containers": ("{'k': [X, (X,)]}", {"k": [ACME_X, {"$": "tuple", "items": [ACME_X]}]}),
    "a symbol as a dict's key": ("{X: 1}", {"$": "dict", "items": [[ACME_X, 1]]}),
    "a set of symbols": ("{X}", {"$": "set", "items": [ACME_X]}),
    "addition": ("LIMIT + 1", op("+", LIMIT, 1)),
    "addition from the right": ("1 + LIMIT", op("+", 1, LIMIT)),
    "text and a symbol": ("'a' + LIMIT", op("+", "a", LIMIT)),
    "subtraction": ("LIMIT - 1", op("-", LIMIT, 1)),
    "multiplication": ("2 * LIMIT", op("*", 2, LIMIT)),
    "division": ("LIMIT / 2", op("/", LIMIT, 2)),
    "floor division": ("LIMIT // 2", op("//", LIMIT, 2)),
    "modulo": ("LIMIT % 2", op("%", LIMIT, 2)),
    "power": ("2 ** LIMIT", op("**", 2, LIMIT)),
    "matrix multiplication": ("X @ LIMIT", op("@", ACME_X, LIMIT)),
    "bitwise and": ("LIMIT & 1", op("&", LIMIT, 1)),
    "bitwise or": ("X | {'a': 1}", op("|", ACME_X, {"a": 1})),
    "bitwise xor": ("LIMIT ^ 1", op("^", LIMIT, 1)),
    "negation": ("-LIMIT", op("-", LIMIT)),
    "plus": ("+LIMIT", op("+", LIMIT)),
    "inversion": ("~LIMIT", op("~", LIMIT)),
    "absolute value": ("abs(LIMIT)", op("abs", LIMIT)),
    "rounding": ("round(LIMIT, 1)", {"$": "call", "function": "builtins.round", "args": [LIMIT, 1]}),
    "a shift": ("[LIMIT << 2, LIMIT >> 2]", [op("<<", LIMIT, 2), op(">>", LIMIT, 2)]),
    "a shift from the right": ("[1 << LIMIT, 8 >> LIMIT]", [op("<<", 1, LIMIT), op(">>", 8, LIMIT)]),
    "divmod": (
        "[divmod(LIMIT, 2), divmod(7, LIMIT)]",
        [
            {"$": "tuple", "items": [op("//", LIMIT, 2), op("%", LIMIT, 2)]},
            {"$": "tuple", "items": [op("//", 7, LIMIT), op("%", 7, LIMIT)]},
        ],
    ),
    "a sum": ("sum([LIMIT, 1])", op("+", op("+", 0, LIMIT), 1)),
    "a repeated text": ("'ab' * LIMIT", op("*", "ab", LIMIT)),
    "a repeated list": ("[1] * LIMIT", op("*", [1], LIMIT)),
    "time arithmetic": (
        "datetime.timedelta(hours=LIMIT) * 2",
        op("*", {"$": "call", "function": "datetime.timedelta", "kwargs": {"hours": LIMIT}}, 2),
    ),
    "an item by itemgetter": ("operator.itemgetter(0)(X)", {"$": "item", "of": ACME_X, "key": 0}),
    "precedence": ("(LIMIT + 1) * 2", op("*", op("+", LIMIT, 1), 2)),
    "an f-string": ("f'a {X.y} b'", "a ${acme.X.y} b"),
    "an f-string with a conversion": ("f'{X!r}'", "${acme.X}"),
    "an f-string with a format": ("f'{X:>5}'", "${acme.X:>5}"),
    "an f-string of an expression": ("f'{make(1, k=X)[0].y + 1}'", "${(acme.make(1, k=acme.X)[0].y + 1)}"),
    "an f-string of a negation": ("f'{-LIMIT}'", "${-(acme.LIMIT)}"),
    "an f-string of a slice": ("f'{X[1:]}'", "${acme.X[1::]}"),
    "an f-string of a container": ("f'{make([1, X])}'", '${acme.make([1,{"$":"symbol","name":"acme.X"}])}'),
    "str": ("str(X)", "${acme.X}"),
    "format": ("'{} {k}'.format(X, k=LIMIT)", "${acme.X} ${acme.LIMIT}"),
    "percent": ("'%s' % X", "${acme.X}"),
    "a path": ("os.path.join('a', X)", "a/${acme.X}"),
    "a path object": ("pathlib.Path(X)", {"$": "path", "value": "${acme.X}"}),
    "deepcopy": ("copy.deepcopy({'a': X})", {"a": ACME_X}),
    "copy": ("copy.copy(X)", ACME_X),
    "json.loads": ("json.loads(X)", {"$": "call", "function": "json.loads", "args": [ACME_X]}),
    "json.load": (
        "json.load(make())",
        {"$": "call", "function": "json.load", "args": [{"$": "call", "function": "acme.make"}]},
    ),
    "json.dumps": ("json.dumps({'a': [X]})", '{"a": ["${acme.X}"]}'),
    "yaml.safe_load": ("yaml.safe_load(X)", {"$": "call", "function": "yaml.safe_load", "args": [ACME_X]}),
    "yaml.load": ("yaml.load(X, Loader=yaml.SafeLoader)", {"$": "call", "function": "yaml.load", "args": [ACME_X]}),
    "literal_eval": ("ast.literal_eval(X)", {"$": "call", "function": "ast.literal_eval", "args": [ACME_X]}),
    "or": ("X or 1", ACME_X),
    "is None": ("X is None", False),
    "getattr": ("getattr(X, 'y', 1)", {"$": "symbol", "name": "acme.X.y"}),
    "equal to itself": ("[X == X, X != X, X.y == X.y]", [True, False, True]),
    "callable": ("callable(X)", True),
    "isinstance of a symbol": ("isinstance(Client(), Client)", True),
    "isinstance of another": ("[isinstance(X, Client), isinstance(1, Client)]", [False, False]),
    "the keys": ("X.keys()", {"$": "call", "function": "acme.X.keys"}),
}
"""Expression and how it is written."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: expression for name, (expression, _) in KEPT.items()}
    return read_expressions(tmp_path_factory.mktemp("kept"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", KEPT)
def test_an_expression_is_kept(kept: Found, name: str) -> None:
    assert shown(kept.args(name)["value"]) == shown(KEPT[name][1])


def test_what_is_kept_needs_no_warning(kept: Found) -> None:
    noted = {name: kept.warnings(name) for name in KEPT if kept.warnings(name)}
    truth = "dags/expression_{}.py:6: the truth of an unknown value: taken as True (acme.X)"
    assert noted == {"or": [truth.format(list(KEPT).index("or"))]}


FIRST = {"$": "item", "of": ACME_X, "key": 0}
ITEMS = "the items of an unknown value: taken as one (acme.X)"
LENGTH = "the length of an unknown value: taken as 1 (acme.X)"
NUMBER = "the number of an unknown value: taken as 1 (acme.X)"

FIXED: dict[str, tuple[str, object, list[str]]] = {
    "truth": ("1 if X else 2", 1, ["the truth of an unknown value: taken as True (acme.X)"]),
    "not": ("not X", False, ["the truth of an unknown value: taken as True (acme.X)"]),
    "less": ("X < 1", False, ["the comparison < of an unknown value: taken as False (acme.X)"]),
    "at most": ("X <= 1", False, ["the comparison <= of an unknown value: taken as False (acme.X)"]),
    "greater": ("X > 1", True, ["the comparison > of an unknown value: taken as True (acme.X)"]),
    "at least": ("X >= 1", True, ["the comparison >= of an unknown value: taken as True (acme.X)"]),
    "compared from the right": ("1 < X", True, ["the comparison > of an unknown value: taken as True (acme.X)"]),
    "equal": ("X == 1", False, ["equality of an unknown value: taken as False (acme.X)"]),
    "unequal": ("X != 1", True, ["equality of an unknown value: taken as False (acme.X)"]),
    "membership": ("1 in X", True, ["membership of an unknown value: taken as True (acme.X)"]),
    "length": ("len(X)", 1, ["the length of an unknown value: taken as 1 (acme.X)"]),
    "int": ("int(X)", 1, ["the number of an unknown value: taken as 1 (acme.X)"]),
    "float": ("float(X)", {"$": "float", "value": "1.0"}, ["the number of an unknown value: taken as 1.0 (acme.X)"]),
    "an index": ("['a', 'b'][X]", "b", ["the number of an unknown value: taken as 1 (acme.X)"]),
    "a range": ("list(range(X))", [0], ["the number of an unknown value: taken as 1 (acme.X)"]),
    "iteration": (
        "[item for item in X]",
        [{"$": "item", "of": ACME_X, "key": 0}],
        ["the items of an unknown value: taken as one (acme.X)"],
    ),
    "iteration of items": (
        "{k: v for k, v in X.items()}",
        {
            "$": "dict",
            "items": [
                [
                    {
                        "$": "item",
                        "of": {"$": "item", "of": {"$": "call", "function": "acme.X.items"}, "key": 0},
                        "key": n,
                    }
                    for n in (0, 1)
                ]
            ],
        },
        ["the items of an unknown value: taken as one (acme.X.items())"],
    ),
    "zip": ("list(zip(X, [5, 6]))", [{"$": "tuple", "items": [FIRST, 5]}], [ITEMS]),
    "enumerate": ("list(enumerate(X))", [{"$": "tuple", "items": [0, FIRST]}], [ITEMS]),
    "sorted": ("sorted(X)", [FIRST], [ITEMS]),
    "reversed": ("list(reversed(X))", [FIRST], [LENGTH]),
    "a list display": ("[*X, 1]", [FIRST, 1], [ITEMS]),
    "a tuple": ("tuple(X)", {"$": "tuple", "items": [FIRST]}, [ITEMS]),
    "a set": ("set(X)", {"$": "set", "items": [FIRST]}, [ITEMS]),
    "arguments": ("(lambda *given: list(given))(*X)", [FIRST], [ITEMS]),
    "map": ("list(map(str, X))", ["${acme.X[0]}"], [ITEMS]),
    "chain": ("list(itertools.chain(X, [1]))", [FIRST, 1], [ITEMS]),
    "reduce": ("functools.reduce(lambda one, other: one + other, X)", FIRST, [ITEMS]),
    "next": ("next(iter(X))", FIRST, [ITEMS]),
    "join": ("', '.join(X)", "${acme.X[0]}", [ITEMS]),
    "sum of items": ("sum(X)", op("+", 0, FIRST), [ITEMS]),
    "any": ("any(X)", True, [ITEMS, "the truth of an unknown value: taken as True (acme.X[0])"]),
    "largest": ("max(LIMIT, 3)", LIMIT, ["the comparison < of an unknown value: taken as False (acme.LIMIT)"]),
    "smallest": ("min(LIMIT, 3)", 3, ["the comparison > of an unknown value: taken as True (acme.LIMIT)"]),
    "rounded up": ("math.ceil(X)", 1, ["the number of an unknown value: taken as 1.0 (acme.X)"]),
    "cut off": ("math.trunc(X)", 1, [NUMBER]),
    "in hexadecimal": ("hex(X)", "0x1", [NUMBER]),
    "a sum with its number": ("int(X) + 1", 2, [NUMBER]),
    "keyword arguments": ("dict(a=1, **X)", {"a": 1}, ["the keys of an unknown value: taken as none (acme.X)"]),
    "a dict display": ("{**X, 'a': 1}", {"a": 1}, ["the keys of an unknown value: taken as none (acme.X)"]),
    "a dict of it": ("dict(X, a=1)", {"a": 1}, ["the keys of an unknown value: taken as none (acme.X)"]),
}
"""Expression, its fixed answer, and what is noted of it."""


@pytest.fixture(scope="module")
def fixed(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: expression for name, (expression, _, _) in FIXED.items()}
    return read_expressions(tmp_path_factory.mktemp("fixed"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", FIXED)
def test_a_definite_answer_is_fixed_and_noted_with_its_line(fixed: Found, name: str) -> None:
    _, expected, messages = FIXED[name]
    place = f"dags/expression_{list(FIXED).index(name)}.py:{LINE}"
    assert shown(fixed.args(name)["value"]) == shown(expected)
    found = [message for message in fixed.warnings(name) if ITEMS not in messages or not message.endswith(LENGTH)]
    assert found == [f"{place}: {message}" for message in messages]  # Pythons differ in whether they ask for a hint


PROTOCOLS = {
    "dags/unpacked.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
from acme import X
a, b = X
c, (d, e) = X
f, *g = X
with DAG("unpacked"):
    BashOperator(task_id="a", value=[a, b, d], rest=g)
""",
    "dags/opened.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
import json, yaml, acme
with acme.open("f") as file:
    value = json.load(file)
with DAG("opened"):
    BashOperator(task_id="a", value=value)
""",
    "dags/awaited.py": """
import asyncio
from airflow import DAG
from airflow.operators.bash import BashOperator
import acme
async def get():
    async with acme.session() as session:
        return await session.get("u")
with DAG("awaited"):
    BashOperator(task_id="a", value=asyncio.run(get()))
""",
    "dags/decorated.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
import acme
@acme.decorate
def plain(): return 1
@acme.deep.decorate(3)
def called(): return 2
@acme.decorate
class Kept: pass
with DAG("decorated"):
    BashOperator(task_id="a", value=[plain.__name__, called.__name__, Kept.__name__, plain() + called()])
""",
    "dags/caught.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
from acme import OddError
from acme.exceptions import Weird
caught = []
for kind in (OddError, Weird):
    try:
        raise kind("x")
    except (OddError, Weird) as error:
        caught.append(type(error).__name__)
with DAG("caught"):
    BashOperator(task_id="a", value=[caught, issubclass(OddError, Exception)])
""",
    "dags/assigned.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
from acme import X
X.attribute = 5
X["key"] = 6
X["gone"] = X.gone = 7
del X["gone"], X.gone
with DAG("assigned"):
    BashOperator(task_id="a", value=[X.attribute, X["key"]], whole=X)
""",
    "dags/edges.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
from acme import make_task
with DAG("edges"):
    a, b, c, d = (BashOperator(task_id=name) for name in "abcd")
    a >> make_task("x")
    make_task("x") >> a
    a >> [make_task("x"), d]
    [b, make_task("x")] >> d << c
""",
    "dags/arguments.py": """
from airflow import DAG
from airflow.operators.bash import BashOperator
from airflow.utils.task_group import TaskGroup
from acme import default_args, params, tags, more
with DAG("arguments", default_args=default_args, params=params, tags=tags, **more):
    with TaskGroup("g", default_args=default_args):
        BashOperator(task_id="a", default_args=default_args, params=params, **more)
""",
}


@pytest.fixture(scope="module")
def protocols(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return read(tmp_path_factory.mktemp("protocols"), PROTOCOLS)


def test_unpacking_gives_as_many_items_as_there_are_names(protocols: Found) -> None:
    items = [{"$": "item", "of": ACME_X, "key": key} for key in (0, 1)]
    nested = {"$": "item", "of": items[1], "key": 0}
    assert shown(protocols.args("unpacked")["value"]) == shown([*items, nested])


def test_unpacking_with_a_rest_notes_that_the_rest_is_unknown(protocols: Found) -> None:
    assert protocols.args("unpacked")["rest"] == []
    assert protocols.warnings("unpacked") == ["dags/unpacked.py:7: the items of an unknown value: taken as 1 (acme.X)"]


def test_a_with_block_opens(protocols: Found) -> None:
    opened = {"$": "call", "function": "acme.open", "args": ["f"]}
    assert shown(protocols.args("opened")["value"]) == shown({"$": "call", "function": "json.load", "args": [opened]})


def test_what_is_awaited_is_the_expression(protocols: Found) -> None:
    session = {"$": "get", "of": {"$": "call", "function": "acme.session"}, "name": "get"}
    assert shown(protocols.args("awaited")["value"]) == shown({"$": "call", "function": session, "args": ["u"]})


def test_a_decorator_leaves_what_it_decorates(protocols: Found) -> None:
    assert protocols.args("decorated")["value"] == ["plain", "called", "Kept", 3]


def test_exceptions_of_an_absent_package_are_raised_and_caught(protocols: Found) -> None:
    assert protocols.args("caught")["value"] == [["OddError", "Weird"], True]


def test_what_is_assigned_is_found_again_and_written(protocols: Found) -> None:
    whole = {"$": "symbol", "name": "acme.X", "set": {"attribute": 5, "['key']": 6}}
    assert shown(protocols.args("assigned")) == shown({"value": [5, 6], "whole": whole})


def test_an_edge_to_an_unknown_value_is_left_out_and_noted(protocols: Found) -> None:
    assert protocols.upstream("edges") == {"d": ("a", "b", "c")}
    places = {warning.partition(": ")[0] for warning in protocols.warnings("edges")}
    assert places == {f"dags/edges.py:{line}" for line in (7, 8, 9, 10)}
    assert protocols.warnings("edges")[0].endswith(": an edge to an unknown value: left out (acme.make_task('x'))")


def test_default_args_params_and_tags_may_be_unknown(protocols: Found) -> None:
    assert shown(protocols.fields("arguments")) == shown(
        {
            "default_args": {"$": "symbol", "name": "acme.default_args"},
            "extra": {"params": {"$": "symbol", "name": "acme.params"}},
            "tags": {"$": "symbol", "name": "acme.tags"},
        }
    )
    assert shown(protocols.args("arguments", "g.a")) == shown({"params": {"$": "symbol", "name": "acme.params"}})
    assert "dags/arguments.py:6: the keys of an unknown value: taken as none (acme.default_args)" in (
        protocols.warnings("arguments")
    )
