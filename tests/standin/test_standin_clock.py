"""Clocks and dice: expressions with a sample, or one fixed answer that is noted."""

from __future__ import annotations

import pytest
from standin_trees import Found, read, read_expressions, shown

PREAMBLE = """import datetime as dt, time, random, uuid, secrets, os, logging
from datetime import datetime, date, timedelta, timezone, time as clock
import pendulum, dateutil.parser
from dateutil.relativedelta import relativedelta
from airflow.models import Variable
from airflow.utils import timezone as airflow_timezone
from airflow.utils.dates import days_ago
from acme import X
"""
NOW = {"$": "call", "function": "datetime.datetime.now"}
TODAY = {"$": "call", "function": "datetime.date.today"}
DAY = {"$": "timedelta", "value": "P1D"}


def of(value: object, name: str) -> dict[str, object]:
    return {"$": "get", "of": value, "name": name}


def call(function: object, *args: object, **kwargs: object) -> dict[str, object]:
    made: dict[str, object] = {"$": "call", "function": function}
    return made | ({"args": list(args)} if args else {}) | ({"kwargs": kwargs} if kwargs else {})


def moment(value: str, **more: object) -> dict[str, object]:
    return {"$": "datetime", "value": value, **more}


EXPRESSIONS: dict[str, tuple[str, object]] = {
    "now": ("datetime.now()", NOW),
    "now in a zone": ("datetime.now(timezone.utc)", call("datetime.datetime.now", {"$": "timezone", "zone": "UTC"})),
    "utcnow": ("datetime.utcnow()", call("datetime.datetime.utcnow")),
    "datetime.today": ("dt.datetime.today()", call("datetime.datetime.today")),
    "date.today": ("date.today()", TODAY),
    "pendulum.now": ("pendulum.now('UTC')", call("pendulum.now", "UTC")),
    "pendulum.today": ("pendulum.today()", call("pendulum.today")),
    "pendulum's class": ("pendulum.DateTime.utcnow()", call("pendulum.DateTime.utcnow")),
    "days_ago": ("days_ago(2, hour=3)", call("airflow.utils.dates.days_ago", 2, hour=3)),
    "arithmetic": ("datetime.now() - timedelta(days=1)", {"$": "op", "op": "-", "args": [NOW, DAY]}),
    "arithmetic from the right": (
        "datetime(2020, 1, 1) - datetime.now()",
        {"$": "op", "op": "-", "args": [moment("2020-01-01T00:00:00"), NOW]},
    ),
    "relativedelta": (
        "datetime.now() + relativedelta(months=1)",
        {"$": "op", "op": "+", "args": [NOW, {"$": "relativedelta", "months": 1}]},
    ),
    "a method": ("datetime.now().replace(hour=0)", call(of(NOW, "replace"), hour=0)),
    "a field": ("datetime.now().year", of(NOW, "year")),
    "text": ("datetime.now().strftime('%Y')", call(of(NOW, "strftime"), "%Y")),
    "text by way of the class": ("datetime.strftime(datetime.now(), '%Y')", call(of(NOW, "strftime"), "%Y")),
    "an f-string": (
        "f'{datetime.now():%Y-%m} {date.today()}'",
        "${datetime.datetime.now():%Y-%m} ${datetime.date.today()}",
    ),
    "combined": (
        "datetime.combine(date.today(), clock(1))",
        call("datetime.datetime.combine", TODAY, {"$": "time", "value": "01:00:00"}),
    ),
    "the start of its year": (
        "datetime(datetime.now().year, 1, 1)",
        call("datetime.datetime", of(NOW, "year"), 1, 1),
    ),
    "a duration of what is unknown": (
        "timedelta(days=X)",
        call("datetime.timedelta", days={"$": "symbol", "name": "acme.X"}),
    ),
    "read from a Variable": (
        "datetime.strptime(Variable.get('start'), '%Y')",
        call("datetime.datetime.strptime", {"$": "variable", "key": "start"}, "%Y"),
    ),
    "read by pendulum": (
        "pendulum.parse(Variable.get('start'))",
        call("pendulum.parse", {"$": "variable", "key": "start"}),
    ),
    "read by dateutil": (
        "dateutil.parser.parse(Variable.get('start'))",
        call("dateutil.parser.parse", {"$": "variable", "key": "start"}),
    ),
    "read by dateutil, without a date": ("dateutil.parser.parse('10:30')", call("dateutil.parser.parse", "10:30")),
    "of a zone in a Variable": (
        "pendulum.timezone(Variable.get('z'))",
        call("pendulum.timezone", {"$": "variable", "key": "z"}),
    ),
}
"""Code that depends on when it runs, or on what is unknown, and how it is written."""

EXACT: dict[str, tuple[str, object]] = {
    "a datetime": ("datetime(2020, 1, 31) + timedelta(days=1)", moment("2020-02-01T00:00:00")),
    "in UTC": ("datetime(2020, 1, 1, tzinfo=timezone.utc)", moment("2020-01-01T00:00:00", zone="UTC")),
    "a difference": ("datetime(2020, 1, 1) - datetime(2019, 1, 1)", {"$": "timedelta", "value": "P365D"}),
    "text of a date by way of the class": ("datetime.strftime(datetime(2020, 1, 2), '%Y')", "2020"),
    "a date": ("date(2020, 1, 2).isoformat()", "2020-01-02"),
    "combined": ("datetime.combine(date(2020, 1, 2), clock(3))", moment("2020-01-02T03:00:00")),
    "strptime": ("datetime.strptime('2020', '%Y')", moment("2020-01-01T00:00:00")),
    "fromisoformat": ("date.fromisoformat('2020-01-02')", {"$": "date", "value": "2020-01-02"}),
    "fromtimestamp": ("datetime.fromtimestamp(0, tz=timezone.utc)", moment("1970-01-01T00:00:00", zone="UTC")),
    "the least": ("datetime.min", moment("0001-01-01T00:00:00")),
    "a product": ("timedelta(days=1) * 2", {"$": "timedelta", "value": "P2D"}),
    "sorted": ("sorted([datetime(2021, 1, 1), datetime(2020, 1, 1)])[0]", moment("2020-01-01T00:00:00")),
    "pendulum": (
        "pendulum.datetime(2020, 1, 31, tz='Europe/Paris').add(months=1)",
        moment("2020-02-29T00:00:00", zone="Europe/Paris"),
    ),
    "pendulum's parser": ("pendulum.parse('2020-01-02')", moment("2020-01-02T00:00:00", zone="UTC")),
    "a zone": ("pendulum.timezone('Europe/Paris')", {"$": "timezone", "zone": "Europe/Paris"}),
    "a relativedelta": ("datetime(2020, 1, 31) + relativedelta(months=1)", moment("2020-02-29T00:00:00")),
    "dateutil's parser": ("dateutil.parser.parse('2020-01-02T03:04Z')", moment("2020-01-02T03:04:00", zone="UTC")),
    "dateutil's parser with a default": (
        "dateutil.parser.parse('10:30', default=datetime(2020, 1, 2))",
        moment("2020-01-02T10:30:00"),
    ),
    "Airflow's datetime": (
        "[airflow_timezone.datetime(2020, 1, 2), airflow_timezone.utc]",
        [moment("2020-01-02T00:00:00", zone="UTC"), {"$": "timezone", "zone": "UTC"}],
    ),
    "a class of the repository": (
        "type('Mine', (datetime,), {})(2020, 1, 2) + timedelta(hours=1)",
        moment("2020-01-02T01:00:00"),
    ),
    "the epoch": ("time.strftime('%Y', time.gmtime(0)) + str(time.localtime(0).tm_year)", "19701970"),
    "isinstance": (
        "[isinstance(datetime(2020, 1, 1), datetime), isinstance(datetime(2020, 1, 1), date),"
        " isinstance(date(2020, 1, 1), datetime), isinstance(timedelta(1), timedelta),"
        " isinstance(pendulum.datetime(2020, 1, 1), datetime), issubclass(pendulum.DateTime, datetime)]",
        [True, True, False, True, True, True],
    ),
}
"""Code that depends on nothing else, and its exact value."""

SAMPLED: dict[str, tuple[str, object]] = {
    "is a datetime": ("[isinstance(datetime.now(), datetime), isinstance(datetime.now(), date)]", [True, True]),
    "is no duration": ("isinstance(datetime.now(), timedelta)", False),
    "is later than the past": ("datetime.now() > datetime(2020, 1, 1)", True),
    "compares from the right": ("datetime(2020, 1, 1) < datetime.now()", True),
    "compares with another clock": ("date.today() == datetime.now().date()", True),
    "has a year": ("datetime.now().year + 0 == 2025", True),
    "has a Wednesday": ("1 if datetime.now().weekday() == 2 else 2", 1),
    "counts": ("int(datetime.now().timestamp())", 1735689600),
    "is combined": ("datetime.combine(date.today(), clock(1)) > datetime(2025, 1, 1)", True),
    "starts a year": ("datetime(datetime.now().year, 1, 1) == datetime(2025, 1, 1)", True),
    "was days ago": ("days_ago(1) < datetime(2025, 1, 1, tzinfo=timezone.utc)", True),
    "is in pendulum's zone": ("pendulum.now('Europe/Paris').hour == 1", True),
    "has pendulum's days": ("[pendulum.yesterday().day == 31, pendulum.tomorrow().day == 2]", [True, True]),
}
"""Code that needs a definite answer of a clock."""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    cases = {"kept": EXPRESSIONS, "exact": EXACT, "sampled": SAMPLED}
    expressions = {f"{kind} {name}": code for kind, table in cases.items() for name, (code, _) in table.items()}
    return read_expressions(tmp_path_factory.mktemp("clock"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_depends_on_the_clock_is_an_expression(found: Found, name: str) -> None:
    assert shown(found.args(f"kept {name}")["value"]) == shown(EXPRESSIONS[name][1])


@pytest.mark.parametrize("name", EXACT)
def test_what_does_not_is_exact_and_needs_no_warning(found: Found, name: str) -> None:
    assert shown(found.args(f"exact {name}")["value"]) == shown(EXACT[name][1])
    assert found.warnings(f"exact {name}") == []


@pytest.mark.parametrize("name", SAMPLED)
def test_a_definite_answer_comes_from_the_sample(found: Found, name: str) -> None:
    assert shown(found.args(f"sampled {name}")["value"]) == shown(SAMPLED[name][1])
    assert all("depends on when the file is read" in warning for warning in found.warnings(f"sampled {name}"))


def test_a_clock_is_noted_with_its_line(found: Found) -> None:
    [warning] = found.warnings("kept now")
    assert warning.endswith(":11: datetime.datetime.now() depends on when the file is read: kept as an expression")


DICE: dict[str, tuple[str, object, str]] = {
    "time": ("int(time.time())", 1735689600, "the time differs with each read: taken as 1735689600.0"),
    "time_ns": ("time.time_ns() // 10**9", 1735689600, "the time differs with each read: taken as 1735689600000000000"),
    "strftime": ("time.strftime('%Y')", "2025", "the time differs with each read: taken as 1735689600.0"),
    "localtime": ("time.localtime().tm_year", 2025, "the time differs with each read: taken as 1735689600.0"),
    "gmtime": ("time.gmtime().tm_year", 2025, "the time differs with each read: taken as 1735689600.0"),
    "random": (
        "random.random()",
        0.8444218515250481,
        "random.random() differs with each read: taken as 0.8444218515250481",
    ),
    "choice": ("random.choice('ab')", "b", "random.choice() differs with each read: taken as b"),
    "reseeded": (
        "[random.seed(), random.choice('ab')]",
        [None, "b"],
        "random.choice() differs with each read: taken as b",
    ),
    "urandom": (
        "os.urandom(2)",
        {"$": "bytes", "base64": "AAA="},
        "os.urandom() differs with each read: taken as b'\\x00\\x00'",
    ),
    "uuid4": (
        "uuid.uuid4()",
        {"$": "uuid", "value": "00000000-0000-4000-8000-000000000000"},
        "a random UUID differs with each read: taken as 00000000-0000-4000-8000-000000000000",
    ),
    "uuid1": (
        "str(uuid.uuid1())",
        "00000000-0000-4000-8000-000000000000",
        "a random UUID differs with each read: taken as 00000000-0000-4000-8000-000000000000",
    ),
}
QUIET: dict[str, tuple[str, object]] = {
    "seeded": ("[random.seed(3), random.random()]", [None, 0.23796462709189137]),
    "an own generator": ("random.Random(3).random()", 0.23796462709189137),
    "secrets": ("secrets.token_hex(2)", "0000"),
    "logging": ("logging.warning('x')", None),
    "a named UUID": (
        "uuid.uuid5(uuid.NAMESPACE_DNS, 'x')",
        {"$": "uuid", "value": "05b16a01-46c6-56dd-bd6e-c6dfb4a1427a"},
    ),
}


@pytest.fixture(scope="module")
def dice(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: case[0] for name, case in {**DICE, **QUIET}.items()}
    return read_expressions(tmp_path_factory.mktemp("dice"), PREAMBLE, expressions)


@pytest.mark.parametrize("name", DICE)
def test_dice_and_times_in_seconds_have_one_answer_that_is_noted(dice: Found, name: str) -> None:
    _, expected, message = DICE[name]
    assert shown(dice.args(name)["value"]) == shown(expected)
    assert [warning.partition(": ")[2] for warning in dice.warnings(name)] == [message]


@pytest.mark.parametrize("name", QUIET)
def test_what_is_certain_or_asked_by_a_library_is_not_noted(dice: Found, name: str) -> None:
    assert shown(dice.args(name)["value"]) == shown(QUIET[name][1])
    assert dice.warnings(name) == []


def test_dice_fall_alike_in_every_reading(dice: Found, tmp_path_factory: pytest.TempPathFactory) -> None:
    code = "from airflow import DAG\nimport random, uuid\nDAG('d')\nwith DAG('d', description=str(random.random())): uuid.uuid4()\n"
    readings = [read(tmp_path_factory.mktemp("again"), {"dags/a.py": code}) for _ in range(2)]
    assert [found.fields("d")["description"] for found in readings] == ["0.8444218515250481"] * 2
