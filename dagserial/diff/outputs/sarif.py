"""Write a diff as SARIF 2.1.0 (OASIS), which code scanning reads."""

from collections.abc import Iterable
from importlib.metadata import version
from typing import Any
from urllib.parse import quote

from dagserial.canonical import canonical_bytes
from dagserial.diff.change import Change
from dagserial.diff.document import Location
from dagserial.diff.gravity import why
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import by_gravity, sentence, verdict_of
from dagserial.diff.rules import RULES, Rule
from dagserial.diff.verdict import Severity

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, str] = {"breaking": "error", "behavioural": "warning", "cosmetic": "note"}
_PROBLEMS: dict[Severity, str] = {"breaking": "error", "behavioural": "warning", "cosmetic": "recommendation"}
"""What GitHub calls the severity of a rule."""


def render_sarif(report: Report) -> bytes:
    """Return the log as canonical JSON with a newline: a result for each change, gravest first.

    What the settings ignore is there, too, as suppressed, behind the rest. A file that could not be read is a
    notification of the tool.
    """
    ignored = [(one.change, one.ignore.reason) for one in report.diff.ignored]
    found = [*((change, None) for change in by_gravity(report.diff.changes)), *ignored]
    rules = sorted({verdict_of(change).rule for change, _ in found})
    run = {
        "tool": {
            "driver": {
                "name": "dagserial",
                "version": version("dagserial"),
                "rules": [_rule(RULES[rule_id]) for rule_id in rules],
            }
        },
        "automationDetails": {"id": "dagserial/diff"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": list(_notifications(report))}],
        "properties": {"base": report.base.ref, "head": report.head.ref},
        "results": [_result(change, report, rules, reason) for change, reason in found],
    }
    return canonical_bytes({"$schema": _SCHEMA, "runs": [run], "version": "2.1.0"}) + b"\n"


def _rule(rule: Rule) -> dict[str, Any]:
    cases = [f"{case.severity} if {case.when}: {case.reason}" for case in rule.cases]
    about = [rule.reason, f"Example: {rule.example}.", *cases, f"Affects: {', '.join(rule.affects) or 'nobody'}."]
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.id.replace("-", " ").capitalize()},
        "fullDescription": {"text": _text(rule.reason)},
        "help": {"text": _text("\n".join(about))},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"problem.severity": _PROBLEMS[rule.severity], "tags": [rule.category]},
    }


def _result(change: Change, report: Report, rules: list[str], ignored: str | None) -> dict[str, Any]:
    """Return the result of a change; of one that is ignored, with the reason for it."""
    verdict, target = verdict_of(change), change.object
    name = target.dag_id if target.kind == "dag" else f"{target.dag_id}.{target.id}"
    place: dict[str, Any] = {
        "logicalLocations": [{"name": target.id, "fullyQualifiedName": name, "kind": target.kind}]
    } | _physical(report.location(change))
    said = {
        "kind": "fail",
        "level": _LEVELS[verdict.severity],
        "locations": [place],
        "message": {"text": _text(f"{sentence(change)} {why(change)}")},
        "partialFingerprints": {"dagserial/v1": verdict.fingerprint},
        "properties": {
            "affects": list(verdict.affects),
            "category": verdict.category,
            "operation": change.operation,
            "path": change.path,
            "severity": verdict.severity,
        },
        "ruleId": verdict.rule,
        "ruleIndex": rules.index(verdict.rule),
    }
    suppressed = {"suppressions": [{"kind": "external", "justification": ignored}]}
    return said if ignored is None else said | suppressed


def _physical(at: Location | None) -> dict[str, Any]:
    if at is None:
        return {}
    artifact = {"uri": quote(at.file), "uriBaseId": "%SRCROOT%"}
    return {"physicalLocation": {"artifactLocation": artifact, "region": {"startLine": at.line}}}


def _notifications(report: Report) -> Iterable[dict[str, Any]]:
    for side, one in unread.unread_files(report):
        yield {
            "descriptor": {"id": unread.RULE},
            "level": "warning",
            "locations": [_physical(Location(one.file, one.line or 1))],
            "message": {"text": _text(unread.told(side, one))},
        }


def _text(text: str) -> str:
    """Return a text as a message says it: braces are doubled, and nothing is a link (SARIF 2.1.0, 3.11.5 and 3.11.6).

    >>> _text("{0} [here](1)")
    '{{0}} [here] (1)'
    """
    return text.replace("{", "{{").replace("}", "}}").replace("](", "] (")
