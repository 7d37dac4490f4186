"""`dagserial bisect`: the commit since which something holds of a DAG."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import Any

import click
import msgspec

from dagserial.cli.deeds import Deeds
from dagserial.cli.following import Followed
from dagserial.cli.group import DIFFERS
from dagserial.cli.log import look_of, report_ends
from dagserial.cli.log_outputs import LOG_RENDERERS
from dagserial.cli.output import color_flag, show_values_flag, write_bytes
from dagserial.cli.policy import policy
from dagserial.cli.progress import ProgressBar
from dagserial.cli.reading import options_of, reading_flags
from dagserial.cli.remembered import opened
from dagserial.cli.selection import WithSelection
from dagserial.cli.settings import moved
from dagserial.diff import Matching
from dagserial.errors import SettingsError
from dagserial.history import Event, History
from dagserial.history.bisect import Answer, State, Verdict, search, states
from dagserial.history.expression import Expression
from dagserial.model.display import printable
from dagserial.record import Record
from dagserial.sources.reading import ReadOptions

_NAMES = ("dag", "tasks", "groups")
_SKIP, _NOT_RUN = 125, (126, 127)

Test = Callable[[Record, State], Verdict]


@click.command("bisect", cls=WithSelection, options_metavar="[OPTIONS]")
@click.argument("dag_id", metavar="DAG")
@click.argument("range_", default="HEAD", metavar="[RANGE] [-- CMD…]")
@click.option("--when", "expression", metavar="EXPR", help="What holds since the commit that is looked for.")
@show_values_flag()
@color_flag
@reading_flags
@click.pass_context
def command(
    ctx: click.Context,
    /,
    dag_id: str,
    range_: str,
    expression: str | None,
    show_values: bool | None,
    color: str,
    **flags: Any,
) -> None:
    """Find the commit since which EXPR holds of a DAG, or since which CMD fails, by halving.

    EXPR is a small expression over `dag`, `tasks` and `groups` of the record, as docs/history.md describes it. CMD gets
    the record on stdin, and DAGSERIAL_COMMIT, DAGSERIAL_DIGEST and DAGSERIAL_DAG in its environment. It says by its
    exit code, as for `git bisect run`, whether the record is as before (0), not any more (1 to 127), or cannot be told
    (125). Exits with 1 if there is no such commit.

    \b
    dagserial bisect etl --when 'len(tasks) > 10'
    dagserial bisect etl --when 'tasks["load"].args.retries >= 3'
    dagserial bisect etl v1.0..v2.0 --when '"nightly" in dag.tags'
    dagserial bisect etl --when 'any(t.args.pool == "x" for t in tasks.values())'
    dagserial bisect etl -- grep -qv forbidden
    """
    test = _test(expression, ctx.obj)
    with opened(flags) as history, ProgressBar("reading history") as bar:
        options, matching = options_of(history, flags), Matching(moved=moved(history.root))
        wanted = history.commits(range_)
        row = states(history.log(dag_id, wanted, options, matching=matching, progress=bar.tell))
        bar.hide()
        if row:
            answer = search(row, lambda state: _told(_record(history, options, row, state), state, test))
        else:  # nothing happened to it
            record = history.load(dag_id, range_.rpartition("..")[2] or "HEAD", options).record
            answer = search([State(None, record.digest)], lambda state: _told(record, state, test))
        found = [state.event for state in answer.states if state.event]
        click.echo(_summary(answer, len(row) or 1), err=True)
        deeds = Deeds(history, options, Followed(()), (matching, policy(history.root)), compares=True)
        for piece in LOG_RENDERERS["text"](deeds.along(reversed(found)), look_of("text", "text", color, show_values)):
            write_bytes(piece)
        if not answer.states or answer.was_always:
            report_ends(history.ends(wanted))
    if not answer.states:
        ctx.exit(DIFFERS)


def _test(expression: str | None, words: tuple[str, ...]) -> Test:
    """Return what tells of a record whether it is new.

    Raises:
        UsageError: there is neither an expression nor a command, or there are both.
        SettingsError: the expression is none.
    """
    if (expression is None) == (not words):
        raise click.UsageError("bisect takes either --when EXPR or -- CMD")
    if expression is None:
        return lambda record, state: _ran(words, record, state)
    condition = Expression(expression, _NAMES)

    def test(record: Record, _state: State) -> Verdict:
        said = msgspec.json.decode(record.body)
        return "new" if condition.holds({name: said.get(name, {}) for name in _NAMES}) else "old"

    return test


def _ran(words: tuple[str, ...], record: Record, state: State) -> Verdict:
    """Return what a command says of a record, by the exit codes of `git bisect run`."""
    about = {"DIGEST": str(record.digest), "DAG": record.dag_id, "COMMIT": state.event.commit.id if state.event else ""}
    environment = os.environ | {f"DAGSERIAL_{name}": value for name, value in about.items()}
    try:
        # What it says is not what is asked for, so it does not go to stdout.
        done = subprocess.run(words, input=record.body, env=environment, stdout=2)
    except OSError as error:
        raise SettingsError(f"{words[0]!r} cannot be run: {error.strerror}") from error
    if done.returncode < 0 or done.returncode > max(_NOT_RUN):
        raise SettingsError(f"{words[0]!r} ended with {done.returncode}; 0 to 127 say something of a record")
    return "skip" if done.returncode == _SKIP else "new" if done.returncode else "old"


def _record(history: History, options: ReadOptions, row: list[State], state: State) -> Record:
    """Return the record of a state; of what was before all events, as the first of them found it."""
    if state.event:
        return history.record(state.event.dag_id, state.event.commit.id, options)
    first = row[1].event
    assert first is not None
    return history.record(first.previous_id or first.dag_id, f"{first.commit.id}^", options)


def _told(record: Record, state: State, test: Test) -> Verdict:
    """Judge a state, and say on stderr what was found, as `git bisect log` does."""
    verdict = test(record, state)
    click.echo(f"{verdict:<4} {record.digest.short}  {_where(state.event)}", err=True)
    return verdict


def _where(event: Event | None) -> str:
    if event is None:
        return "before the range"
    commit = event.commit
    return f"{commit.id[:8]}  {commit.authored_at[:10]}  {printable(commit.subject)}"


def _summary(answer: Answer, count: int) -> str:
    if not answer.states:
        return f"not so in the end: none of {count} states of the DAG is the first one"
    if answer.was_always:
        return "it was so from the start: the oldest state that could be told"
    if len(answer.states) > 1:
        return f"one of {len(answer.states)}: those between could not be told"
    event = answer.states[0].event
    return f"the first is {_where(event)}"
