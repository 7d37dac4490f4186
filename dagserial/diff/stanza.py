"""Write the settings that would ignore the changes of a diff."""

from msgspec import UNSET

from dagserial.diff.change import Change, Diff
from dagserial.diff.verdict import SEVERITIES, Verdict
from dagserial.model.display import printable


def ignore_stanzas(diff: Diff, table: str = "ignore") -> str:
    """Return TOML that ignores each change of a judged diff by its fingerprint, gravest first.

    The reason is left empty, which the settings refuse: it is for the author to fill in.

    Args:
        table: name of the array of tables, `tool.dagserial.ignore` in a pyproject.toml.
    """
    found = [(change, change.verdict) for change in diff.changes if change.verdict is not UNSET]
    found.sort(key=lambda pair: -SEVERITIES.index(pair[1].severity))
    return "\n\n".join(_stanza(change, verdict, table) for change, verdict in found)


def _stanza(change: Change, verdict: Verdict, table: str) -> str:
    about = change.path or change.operation
    return "\n".join(
        [
            f"[[{table}]]",
            f"# {verdict.severity}: {verdict.rule}, DAG {printable(change.object.dag_id)}, {printable(about)}",
            f'fingerprint = "{verdict.fingerprint}"',
            'reason = ""',
        ]
    )
