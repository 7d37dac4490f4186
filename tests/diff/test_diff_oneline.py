"""Writing a diff as one line a change."""

from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.diff.outputs import RENDERERS
from dagserial.model.display import printable


def test_a_line_says_where_which_rule_and_how_grave() -> None:
    old = {"etl_daily": dag("etl_daily", {"load_raw": bash("x"), "send": bash("y", "load_raw")})}
    new = {"etl_daily": dag("etl_daily", {"send": bash("y")}, schedule="@daily")}
    assert RENDERERS["oneline"](report(old, new)) == (
        "etl_daily: dag-schedule-changed: behavioural\n"
        "etl_daily:load_raw: task-removed: breaking\n"
        "etl_daily:load_raw -> send: task-upstream-removed: behavioural\n"
    )


def test_every_change_has_a_line_of_its_own_whatever_it_is_called() -> None:
    found = varied()
    lines = str(RENDERERS["oneline"](found)).splitlines()
    assert len(lines) == len(found.diff.changes)
    assert all(line.isprintable() for line in lines)
    assert f"{printable(NASTY)}:one: task-argument-changed: behavioural" in lines


def test_nothing_is_no_line() -> None:
    assert RENDERERS["oneline"](EMPTY) == ""
