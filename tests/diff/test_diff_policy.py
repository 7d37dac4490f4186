"""What the settings hold of changes: never silently."""

from datetime import date
from textwrap import dedent

import msgspec
import pytest
from diff_dags import dags, near_pairs, task_dag
from hypothesis import given, settings

from dagserial.diff import Diff, Ignore, Policy, applied, compare_all, ignore_stanzas, judged, reaches, render_text
from dagserial.model import Dag, Task

TODAY = date(2026, 6, 1)
OLD = {
    "etl": task_dag(a=Task(operator="o", args={"pool": "x"}), b=Task(operator="o")),
    "report": task_dag("report", a=Task(operator="o", args={"pool": "x"})),
}
NEW = {
    "etl": task_dag(a=Task(operator="o", args={"pool": "y"})),
    "report": task_dag("report", a=Task(operator="o", args={"pool": "y"})),
}
DIFF = judged(compare_all(OLD, NEW), OLD, NEW)


def left(*ignore: Ignore) -> list[tuple[str, str]]:
    """Return DAG and rule of what is not ignored."""
    found = applied(DIFF, Policy(ignore=ignore), TODAY).diff
    return [(change.object.dag_id, change.verdict.rule) for change in found.changes]


ALL = [("etl", "task-pool-changed"), ("etl", "task-removed"), ("report", "task-pool-changed")]
FINGERPRINT = DIFF.changes[0].verdict.fingerprint


@pytest.mark.parametrize(
    ("ignore", "rest"),
    [
        (Ignore("r", rule="task-pool-changed"), ALL[1:2]),
        (Ignore("r", rule="task-pool-changed", dag="re*"), ALL[:2]),
        (Ignore("r", dag="etl"), ALL[2:]),
        (Ignore("r", fingerprint=FINGERPRINT), ALL[1:]),
        (Ignore("r", fingerprint=FINGERPRINT[:8]), ALL[1:]),
        (Ignore("r", fingerprint=FINGERPRINT, dag="report"), ALL),
        (Ignore("r", dag="*", expires=TODAY), []),
        (Ignore("r", dag="*", expires=date(2026, 5, 31)), ALL),
    ],
)
def test_a_change_is_ignored_if_all_that_an_ignore_names_fits(ignore: Ignore, rest: list[tuple[str, str]]) -> None:
    assert left(ignore) == rest


def test_ignores_that_ignore_nothing_are_told() -> None:
    expired = Ignore("r", rule="task-removed", expires=date(2026, 5, 31))
    unused, used = Ignore("r", rule="dag-added"), Ignore("r", rule="task-pool-changed")
    found = applied(DIFF, Policy(ignore=(expired, unused, used)), TODAY)
    assert (found.expired, found.unused) == ((expired,), (unused,))


def test_a_dag_that_was_renamed_is_ignored_by_either_id() -> None:
    old, new = {"a": OLD["report"]}, {"b": OLD["report"]}
    renamed = (
        {"a": task_dag("a", t=Task(operator="o", args={"x": 1}))},
        {"b": task_dag("b", t=Task(operator="o", args={"x": 1}))},
    )
    old, new = renamed
    diff = judged(compare_all(old, new), old, new)
    assert [change.operation for change in diff.changes] == ["renamed"]
    for dag_id in "ab":
        assert applied(diff, Policy(ignore=(Ignore("r", dag=dag_id),)), TODAY).diff.changes == ()


def test_another_severity_is_counted_and_the_rules_own_is_kept() -> None:
    found = applied(DIFF, Policy({"task-removed": "cosmetic", "task-pool-changed": "behavioural"}), TODAY).diff
    verdicts = [change.verdict for change in found.changes]
    assert [verdict.severity for verdict in verdicts] == ["behavioural", "cosmetic", "behavioural"]
    assert [verdict.default_severity for verdict in verdicts] == [msgspec.UNSET, "breaking", msgspec.UNSET]
    assert found.summary().max_severity == "behavioural"


def test_the_text_says_what_the_settings_made_of_a_diff() -> None:
    policy = Policy({"task-removed": "cosmetic"}, (Ignore("pools\x1b move", rule="task-pool-changed"),))
    lines = render_text(applied(DIFF, policy, TODAY).diff, color=False).split("\n")
    assert lines[-3:] == [
        "1 dag changed: 1 task removed. 0 breaking, 0 behavioural, 1 cosmetic.",
        "2 changes ignored: rule task-pool-changed (pools\\u001b move).",
        "1 change by the settings cosmetic, not breaking: rule task-removed.",
    ]


def test_where_all_is_ignored_the_text_says_so() -> None:
    text = render_text(applied(DIFF, Policy(ignore=(Ignore("r", dag="*"),)), TODAY).diff, color=False)
    assert text == "no changes\n3 changes ignored: dag * (r)."


def test_the_text_has_the_gravest_severity_of_a_dag_the_rules_and_why_something_breaks() -> None:
    text = render_text(msgspec.structs.replace(DIFF, old={}, new={}), color=False, width=80)
    assert text.split("\n") == dedent(
        """\
        dag etl                  BREAKING
          ~ task   a  args/pool  "x" -> "y"                          [task-pool-changed]
          - task   b             o                                   [task-removed]
                   Instances in runs under way become REMOVED; those of the past cannot be cleared.
        dag report               BEHAVIOURAL
          ~ task   a  args/pool  "x" -> "y"                          [task-pool-changed]

        2 dags changed: 1 task removed, 2 tasks changed. 1 breaking, 2 behavioural, 0 cosmetic."""
    ).split("\n")


def test_stanzas_ignore_what_they_were_written_for_once_they_have_reasons() -> None:
    text = ignore_stanzas(DIFF)
    assert text.split("\n")[1] == "# breaking: task-removed, DAG etl, /tasks/b"
    assert text.count('reason = ""') == 3
    policy = msgspec.toml.decode(text.replace('reason = ""', 'reason = "r"'), type=Policy)
    found = applied(DIFF, policy, TODAY)
    assert (found.diff.changes, found.unused) == ((), ())
    assert ignore_stanzas(DIFF, "tool.dagserial.ignore").startswith("[[tool.dagserial.ignore]]\n")


def test_a_stanza_holds_no_line_of_a_dag() -> None:
    evil = 'a\n[severity]\n"task-removed" = "cosmetic"'
    old, new = {evil: task_dag(evil, t=Task(operator="o"))}, {evil: task_dag(evil)}
    stanza = ignore_stanzas(judged(compare_all(old, new), old, new))
    assert list(msgspec.toml.decode(stanza)) == ["ignore"]


@given(near_pairs(), dags("other"))
@settings(deadline=None, max_examples=30)
def test_no_change_is_lost_between_kept_and_ignored(pair: tuple[Dag, Dag], other: Dag) -> None:
    old, new = {"etl": pair[0], "b": other}, {"etl": pair[1], "c": other}
    diff = judged(compare_all(old, new), old, new)
    found = applied(diff, Policy(ignore=(Ignore("r", rule="task-argument-changed"),)), TODAY).diff
    kept = [change.verdict.fingerprint for change in found.changes]
    ignored = [one.change.verdict.fingerprint for one in found.ignored]
    assert sorted(kept + ignored) == sorted(change.verdict.fingerprint for change in diff.changes)


def test_a_diff_that_was_not_judged_is_left_as_it_is() -> None:
    bare = compare_all(OLD, NEW)
    policy = Policy({"task-removed": "cosmetic"}, (Ignore("r", dag="*"),))
    assert applied(bare, policy, TODAY).diff == bare
    assert ignore_stanzas(bare) == ""
    assert "breaking" not in render_text(bare, color=False)


def test_levels_are_ordered() -> None:
    order = ("cosmetic", "behavioural", "breaking")
    assert [[reaches(severity, level) for level in order] for severity in order] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    assert not reaches("breaking", "never")


def test_an_empty_diff_has_no_gravest_change() -> None:
    assert Diff().summary().max_severity is None
