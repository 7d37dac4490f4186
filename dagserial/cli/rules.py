"""`dagserial rules`: what changes are called, how grave they are, and why."""

from __future__ import annotations

from collections.abc import Iterator

import click

from dagserial.canonical import settled_bytes
from dagserial.cli.output import columns, write_bytes
from dagserial.diff.rules import RULES, Rule, rule
from dagserial.diff.verdict import CATEGORIES

FORMAT = "dagserial.rules/1"


@click.command("rules")
@click.argument("rule_id", required=False, metavar="[ID]")
@click.option("-f", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to write.")
def command(rule_id: str | None, form: str) -> None:
    """List the rules by which `dagserial diff` judges changes, or explain the one called ID.

    \b
    dagserial rules                     all of them, by category
    dagserial rules task-removed        one, with its reason and an example
    dagserial rules -f json             for scripts: dagserial.rules/1
    """
    found = list(RULES.values()) if rule_id is None else [rule(rule_id)]
    if form == "json":
        write_bytes(settled_bytes({"format": FORMAT, "rules": found}) + b"\n")
        return
    for line in _catalogue(found) if rule_id is None else _explained(found[0]):
        click.echo(line)


def _catalogue(rules: list[Rule]) -> Iterator[str]:
    rows = columns([(f"  {one.id}", _severities(one), " ".join(one.affects)) for one in rules])
    lines = dict(zip((one.id for one in rules), rows, strict=True))
    for category in CATEGORIES:
        yield category
        yield from (lines[one.id] for one in rules if one.category == category)


def _severities(one: Rule) -> str:
    """Return how grave changes under a rule are: what it says first, then what its cases say."""
    return "/".join(dict.fromkeys([one.severity, *(case.severity for case in one.cases)]))


def _explained(one: Rule) -> Iterator[str]:
    yield f"{one.id}: {one.category}, {one.severity}"
    yield ""
    yield f"  {one.reason}"
    yield ""
    rows = [
        ("  example", one.example),
        *((f"  {case.severity}", f"if {case.when}: {case.reason}") for case in one.cases),
        ("  affects", ", ".join(one.affects) or "nobody"),
        ("  operations", ", ".join(one.operations)),
        ("  places", ", ".join(dict.fromkeys(place.subject for place in one.sites))),
        ("  opposite", one.opposite),
    ]
    yield from columns(rows)
