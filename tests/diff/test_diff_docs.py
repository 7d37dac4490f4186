"""The rules in docs/diff.md are those of the diff."""

from typing import get_args

import pytest
from support import ROOT

from dagserial.diff import RULES, Rule
from dagserial.diff.verdict import CATEGORIES, Affected, Severity

PAGE = ROOT / "docs" / "diff.md"
START = "<!-- rules: written by pytest tests/diff/test_diff_docs.py --rewrite-goldens -->\n"
END = "<!-- end of rules -->"


def row(rule: Rule) -> str:
    severities = "/".join(dict.fromkeys([rule.severity, *(case.severity for case in rule.cases)]))
    affects = ", ".join(f"`{one}`" for one in rule.affects)
    return f"| `{rule.id}` | {severities} | {affects} | {rule.reason} |\n"


def table() -> str:
    """Return the rules as Markdown, by category."""
    lines = []
    for category in CATEGORIES:
        lines.append(f"\n### {category}\n\n| rule | severity | affects | why |\n|---|---|---|---|\n")
        lines += [row(rule) for rule in RULES.values() if rule.category == category]
    return "".join(lines) + "\n"


def test_the_page_lists_the_rules_as_they_are(request: pytest.FixtureRequest) -> None:
    text = PAGE.read_text()
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    written = before + START + table() + END + after
    if request.config.getoption("--rewrite-goldens"):
        PAGE.write_text(written)
    assert PAGE.read_text() == written, "run pytest tests/diff/test_diff_docs.py --rewrite-goldens"


def test_every_severity_and_everyone_affected_is_explained() -> None:
    text = PAGE.read_text()
    assert [word for word in get_args(Severity) if f"| {word} |" not in text] == []
    assert [word for word in get_args(Affected) if f"| `{word}` |" not in text] == []
