"""Read what the settings of a repository hold of changes: other severities, and changes to ignore."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import click
import msgspec

from dagserial.cli.settings import written
from dagserial.diff.policy import Applied, Policy
from dagserial.diff.rules import rule
from dagserial.diff.verdict import Ignore
from dagserial.errors import NotFoundError, SettingsError
from dagserial.model.display import printable

_FINGERPRINT = re.compile("[0-9a-f]{8,64}")


def policy(root: Path | None) -> Policy:
    """Return what a repository's settings file holds of changes: severities by rule, and what is ignored.

    Raises:
        SettingsError: the file cannot be read, a rule or a severity does not exist, or an ignore has no reason, names
            nothing, or is no ignore.
    """
    said, file = written(root, "severity", "ignore")
    try:
        found = msgspec.convert(said, Policy)
        for rule_id in [*found.severity, *(ignore.rule for ignore in found.ignore if ignore.rule is not None)]:
            rule(rule_id)
    except (msgspec.ValidationError, NotFoundError) as error:
        raise SettingsError(f"{file}: {error}") from None
    for number, ignore in enumerate(found.ignore, 1):
        if flaw := _flaw(ignore):
            raise SettingsError(f"{file}: ignore {number} {flaw}")
    return found


def _flaw(ignore: Ignore) -> str:
    """Return what is wrong with an ignore, in words that follow its number; an empty string if nothing is."""
    if not ignore.reason.strip():
        return "has no reason"
    if ignore.fingerprint is not None and not _FINGERPRINT.fullmatch(ignore.fingerprint):
        return f"has the fingerprint {ignore.fingerprint!r}, which is not 8 to 64 hex"
    return "" if ignore.named else "names neither rule nor dag nor fingerprint"


def ignore_table(root: Path | None) -> str:
    """Return the name of the tables that ignore changes, as the repository's settings file has it."""
    return "tool.dagserial.ignore" if written(root)[1] == "pyproject.toml" else "ignore"


def report_ignores(applied: Applied, *, is_whole: bool) -> None:
    """Write to stderr which ignores ignore nothing: those that expired, and those that no change fits.

    Args:
        is_whole: all DAGs were compared; otherwise an ignore may be of another.
    """
    for ignore in applied.expired:
        _report("expired", [ignore], f" on {ignore.expires}")
    if is_whole:
        _report("unused", applied.unused)


def _report(fate: str, ignores: Iterable[Ignore], when: str = "") -> None:
    for ignore in ignores:
        click.echo(printable(f"ignore {fate}{when}: {ignore.named} ({ignore.reason})"), err=True)
