"""Writing a diff for people."""

import re
from textwrap import dedent

import msgspec
import pytest
from diff_dags import dags, near_pairs, task_dag
from hypothesis import given, settings

from dagserial.diff import Diff, compare, compare_all, render_text
from dagserial.model import Dag, DagFields, Group, Mapping, Task
from dagserial.record import Record


def rendered(old: Dag, new: Dag, *, width: int = 100) -> str:
    """Return what is said of one DAG, without its header and the totals."""
    lines = render_text(compare_all({"etl": old}, {"etl": new}), color=False, width=width).split("\n")
    return "\n".join(lines[1:-2])


def argument(before: object, after: object, *, width: int = 100) -> str:
    old, new = (task_dag(load=Task(operator="o", args={"x": side})) for side in (before, after))
    return rendered(old, new, width=width)


def test_nothing_changed_says_so() -> None:
    dag = task_dag(a=Task(operator="o"))
    assert render_text(compare_all({"etl": dag}, {"etl": dag}), color=False) == "no changes"


def test_each_object_is_a_line_with_a_sign() -> None:
    old = Dag(
        fields=DagFields(dag_id="etl_daily", schedule="@daily"),
        groups={"staging": Group()},
        tasks={
            "clean": Task(operator="a.Clean", group="staging"),
            "extract": Task(operator="a.Extract"),
            "load_raw": Task(operator="a.Load", upstream=("extract",)),
            "transform": Task(operator="a.T", args={"trigger_rule": "all_success"}, upstream=("extract",)),
        },
    )
    new = Dag(
        fields=DagFields(dag_id="etl_daily", schedule="0 6 * * *"),
        groups={"staging": Group()},
        tasks={
            "clean": Task(operator="a.Clean"),
            "extract": Task(operator="a.Extract", setup=True),
            "publish": Task(operator="airflow.operators.bash.BashOperator", upstream=("extract",)),
            "transform": Task(
                operator="a.T", args={"trigger_rule": "none_failed", "retries": 3}, upstream=("publish",)
            ),
        },
    )
    before, after = (Record.of_dag(dag).digest.short for dag in (old, new))
    expected = f"""\
        dag etl_daily                         {before} -> {after}
          ~ dag    schedule                     "@daily" -> "0 6 * * *"
          > task   clean      group             staging -> (root)
          ~ task   extract    setup             false -> true
          - task   load_raw                     a.Load
          + task   publish                      airflow.operators.bash.BashOperator
          ~ task   transform  args/retries      (absent) -> 3
          ~ task   transform  args/trigger_rule  "all_success" -> "none_failed"
          - edge   extract -> transform
          + edge   publish -> transform

        1 dag changed: 1 task added, 1 task removed, 2 tasks changed, 1 task moved, 1 edge added, 1 edge removed."""
    text = render_text(compare_all({"etl_daily": old}, {"etl_daily": new}), color=False)
    assert squeezed(text) == squeezed(dedent(expected))


def test_columns_stand_below_each_other() -> None:
    old = task_dag(a=Task(operator="o", args={"x": 1}), long_name=Task(operator="o", args={"longer": 1}))
    new = task_dag(a=Task(operator="o", args={"x": 2}), long_name=Task(operator="o", args={"longer": 2}))
    first, second = rendered(old, new).split("\n")
    assert first == "  ~ task   a          args/x       1 -> 2"
    assert second == "  ~ task   long_name  args/longer  1 -> 2"


def test_dags_that_come_and_go_are_one_line_each() -> None:
    dag = task_dag(a=Task(operator="o"))
    digest = Record.of_dag(dag).digest.short
    text = render_text(compare_all({"old": dag}, {"new": dag, "newer": dag}), color=False)
    assert squeezed(text) == squeezed(
        f"+ dag new {digest}\n+ dag newer {digest}\n- dag old {digest}\n\n2 dags added, 1 dag removed."
    )


def test_changes_without_digests_are_written_too() -> None:
    old, new = task_dag(a=Task(operator="o")), task_dag(a=Task(operator="p"))
    text = render_text(Diff(compare(old, new)), color=False)
    assert text.split("\n") == ["dag etl", '  ~ task   a  operator  "o" -> "p"', "", "1 dag changed: 1 task changed."]


def test_totals_count_the_dags_that_have_changes_to_show() -> None:
    old, new = task_dag(a=Task(operator="o")), task_dag(a=Task(operator="p"))
    diff = compare_all({"etl": old, "other": old}, {"etl": new, "other": new})
    some = tuple(change for change in diff.changes if change.object.dag_id == "etl")
    text = render_text(msgspec.structs.replace(diff, changes=some), color=False)
    assert text.endswith("1 dag changed: 1 task changed.")


def test_a_label_is_said_to_be_one() -> None:
    a = Task(operator="o")
    old, new = (task_dag(a=a, b=Task(operator="o", upstream=("a",), labels={"a": label})) for label in ("x", "y"))
    assert rendered(old, new) == '  ~ edge   a -> b  label  "x" -> "y"'


def test_an_order_that_changed_shows_both() -> None:
    sides = [(("x", [1]), ("y", [2])), (("y", [2]), ("x", [1]))]
    old, new = (task_dag(a=Task(operator="o", mapping=Mapping(expand=expand))) for expand in sides)
    assert rendered(old, new) == '  > task   a  mapping/expand  ["x", "y"] -> ["y", "x"]'


def test_texts_of_many_lines_are_a_unified_diff() -> None:
    lines = argument("select a\nfrom b\nwhere c\n  and d\n  and e", "select a\nfrom b\nwhere x\n  and d\n  and e")
    assert lines == "\n".join(
        [
            "  ~ task   load  args/x",
            "      @@ -1,5 +1,5 @@",
            "       select a",
            "       from b",
            "      -where c",
            "      +where x",
            "         and d",
            "         and e",
        ]
    )


def test_texts_that_differ_in_their_last_newline_differ_visibly() -> None:
    assert argument("a\nb", "a\nb\n").split("\n")[-1] == "      +"
    assert "      +a\\r" in argument("a\nb", "a\r\nb").split("\n")


def test_texts_of_too_many_lines_are_not_compared_by_line() -> None:
    assert len(argument("a\n" * 3000, "b\n" * 3001).split("\n")) == 3


def test_long_values_stand_below_each_other_from_where_they_part() -> None:
    before, after = ("x" * 200 + end + "y" * 200 for end in "ab")
    assert argument(before, after, width=40).split("\n") == [
        "  ~ task   load  args/x",
        "      - …xxxxxxxxxxxxayyyyyyyyyyyyyyyyy…",
        "      + …xxxxxxxxxxxxbyyyyyyyyyyyyyyyyy…",
    ]


def test_a_long_value_that_goes_on_stands_from_where_it_does() -> None:
    assert argument("x" * 200, "x" * 200 + "!", width=40).split("\n")[1:] == [
        '      - …xxxxxxxxxxxx"',
        '      + …xxxxxxxxxxxx!"',
    ]


def test_long_values_that_part_early_stand_whole() -> None:
    assert argument("a" * 200, "b" * 200, width=40).split("\n")[1].startswith('      - "aaa')


def test_a_value_that_stands_alone_is_cut() -> None:
    old, new = (task_dag(load=Task(operator="o", args=args)) for args in ({}, {"x": "y" * 200}))
    line = rendered(old, new, width=60)
    assert len(line) == 60
    assert line.endswith("y…")


def test_a_dag_cannot_send_sequences_to_the_terminal() -> None:
    evil = "\x1b]0;owned\x07\x9b31m\u202e"
    task = Task(operator=evil, args={evil: "a\n" + evil})
    old = Dag(fields=DagFields(dag_id=evil), tasks={"a": Task(operator="o"), "b": task})
    new = Dag(
        fields=DagFields(dag_id=evil, extra={evil: evil}),
        groups={evil + "g": Group()},
        tasks={"b": Task(operator="o", args={evil: "b\n" + evil}, group=evil + "g"), evil: task},
    )
    text = render_text(compare_all({evil: old}, {evil: new}), color=False)
    assert all(line.isprintable() for line in text.split("\n"))


@given(near_pairs(), dags("other"))
@settings(deadline=None, max_examples=40)
def test_colours_change_nothing_but_colours(pair: tuple[Dag, Dag], other: Dag) -> None:
    diff = compare_all({"etl": pair[0]}, {"etl": pair[1], "other": other})
    plain, painted = render_text(diff, color=False), render_text(diff, color=True)
    assert re.sub(r"\x1b\[\d*m", "", painted) == plain
    assert all(line.isprintable() for line in plain.split("\n"))
    assert "\x1b[32m" in painted


def test_context_lines_of_a_text_have_no_colour() -> None:
    old, new = (task_dag(load=Task(operator="o", args={"x": f"- item\n{side}"})) for side in "ab")
    lines = render_text(compare_all({"etl": old}, {"etl": new}), color=True).split("\n")
    assert lines[3:6] == ["       - item", "\x1b[31m      -a\x1b[0m", "\x1b[32m      +b\x1b[0m"]


def squeezed(text: str) -> list[str]:
    return [re.sub(r"(?<=\S) {2,}", "  ", line).replace("  ", " ") for line in text.split("\n")]


def test_code_is_said_to_have_changed_not_shown_as_digests() -> None:
    old, new = (task_dag(load=Task(operator="a.B", code="sha256:" + digit * 64)) for digit in "01")
    assert rendered(old, new).split(maxsplit=4)[3:] == ["code", "its code changed"]
    one, two = ({"$": "callable", "name": "a.f", "code": "sha256:" + digit * 64} for digit in "01")
    assert argument(one, two).endswith("its code changed")
    assert "its code" not in argument(one, two | {"name": "a.g"})


@pytest.mark.parametrize("text", ["x" * 5000, "line\n" * 5000])
def test_an_edit_far_into_a_text_shows(text: str) -> None:
    lines = argument(text + "old" + text, text + "new" + text).split("\n")
    assert any("old" in line and line.lstrip().startswith("-") for line in lines)
    assert any("new" in line and line.lstrip().startswith("+") for line in lines)


def test_what_is_left_out_is_counted() -> None:
    old, new = (task_dag("etl", **{f"t{n}": Task(operator=side) for n in range(9)}) for side in "op")
    lines = render_text(compare_all({"etl": old}, {"etl": new}), color=False, max_changes=4).split("\n")
    assert len(lines) == 1 + 4 + 3
    assert lines[-3:] == ["… truncated: 5 more changes", "", "1 dag changed: 9 tasks changed."]


def test_map_indexes_that_shift_are_ranges() -> None:
    def dag(*items: object) -> Dag:
        return task_dag(a=Task(operator="o", mapping=Mapping(expand=(("x", list(items)),))))

    assert rendered(dag(*"abcd"), dag(*"xabcd")).split("\n") == [
        "  > task   a  mapping/expand/x    indexes 0-3 -> 1-4",
        '  ~ task   a  mapping/expand/x/0  (absent) -> "x"',
    ]
    assert rendered(dag([0, 1], [2, 3]), dag([2, 3], [0, 1])).endswith("[[0, 1], [2, 3]] -> [[2, 3], [0, 1]]")


def test_an_edit_in_a_text_of_many_lines_is_told_by_line_and_number() -> None:
    lines = [f"line {number}" for number in range(1, 9001)]
    edited = [*lines[:6999], "another", *lines[7000:]]
    assert argument("\n".join(lines), "\n".join(edited)).split("\n")[1:] == [
        "      @@ -6998,5 +6998,5 @@",
        "       line 6998",
        "       line 6999",
        "      -line 7000",
        "      +another",
        "       line 7001",
        "       line 7002",
    ]


def test_a_list_in_another_order_does_not_move_its_task() -> None:
    old, new = (task_dag(load=Task(operator="o", args={"x": ["cp", *ends]})) for ends in ("ab", "ba"))
    lines = render_text(compare_all({"etl": old}, {"etl": new}), color=False).split("\n")
    assert lines[1] == '  > task   load  args/x  ["cp", "a", "b"] -> ["cp", "b", "a"]'
    assert lines[-1] == "1 dag changed: 1 task changed."
