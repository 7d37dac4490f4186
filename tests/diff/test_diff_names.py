"""Writing which DAGs differ, and how much."""

from reports import EMPTY, NASTY, bash, dag, report, varied

from dagserial.diff.outputs import RENDERERS
from dagserial.model.display import printable

NAMES = sorted(["etl", "gone", "here_now", "new", NASTY])


def test_names_are_those_of_dags_that_differ() -> None:
    assert RENDERERS["name-only"](varied()) == "".join(f"{printable(name)}\n" for name in NAMES)
    assert RENDERERS["name-only"](varied(nul=True)) == "".join(f"{name}\0" for name in NAMES)


def test_statuses_say_what_became_of_each_dag() -> None:
    lines = str(RENDERERS["name-status"](varied())).splitlines()
    assert lines == [f"M\t{printable(NASTY)}", "M\tetl", "D\tgone", "R100\tgone_by\there_now", "A\tnew"]


def test_statuses_for_programs_end_each_field_in_nul() -> None:
    fields = str(RENDERERS["name-status"](varied(nul=True))).split("\0")
    assert fields == ["M", NASTY, "M", "etl", "D", "gone", "R100", "gone_by", "here_now", "A", "new", ""]


def test_a_dag_that_was_renamed_and_edited_has_its_likeness() -> None:
    tasks = {f"t{number}": bash(f"run {number}") for number in range(8)}
    edited = tasks | {"t0": bash("run otherwise")}
    found = report({"old": dag("old", tasks)}, {"new": dag("new", edited)})
    (likeness,) = [change.likeness for change in found.diff.changes if change.operation == "renamed"]
    assert isinstance(likeness, int)
    assert 50 <= likeness < 100
    assert RENDERERS["name-status"](found) == f"R{likeness}\told\tnew\n"


def test_stat_counts_the_changes_of_each_dag() -> None:
    old = {"etl": dag("etl", {"a": bash("a"), "b": bash("b")}), "longer_name": dag("longer_name", {"a": bash("a")})}
    new = {
        "etl": dag("etl", {"a": bash("x", args={"pool": "p"})}, tags=["t"]),
        "longer_name": dag("longer_name", {"a": bash("a")}, tags=["t"]),
    }
    assert RENDERERS["stat"](report(old, new)) == (
        " etl         | 4  +2 -1 ~1  breaking\n"
        " longer_name | 1  +1        cosmetic\n"
        " 2 DAGs, 5 changes: 1 breaking, 2 behavioural, 2 cosmetic.\n"
    )


def test_nothing_is_no_name_but_stat_says_so() -> None:
    assert [RENDERERS[form](EMPTY) for form in ("name-only", "name-status", "stat")] == ["", "", "no changes\n"]
