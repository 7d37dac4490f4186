"""Write a diff as JUnit XML, which most CI systems show as tests."""

from itertools import groupby
from xml.etree import ElementTree as ET

from dagserial.diff.change import Change
from dagserial.diff.gravity import why
from dagserial.diff.outputs import unread
from dagserial.diff.outputs.report import Report
from dagserial.diff.outputs.wording import name_of, place_in, sentence, verdict_of
from dagserial.diff.verdict import reaches
from dagserial.model.display import printable

_NAME = "dagserial"


def render_junit(report: Report) -> bytes:
    """Return the report: a suite for each DAG that differs, in order, in it a test for each change.

    A test fails if its change is as grave as what closes the gate, `Look.fails_from`. What the settings ignore is
    skipped; a file that only the head cannot be read in is an error. Where nothing is to be told, one test passes.
    """
    root = ET.Element("testsuites", name=_NAME)
    _add_changes(root, report)
    _add_unread(root, report)
    if not len(root):
        ET.SubElement(ET.SubElement(root, "testsuite", name=_NAME), "testcase", classname=_NAME, name="no changes")
    for element in (*root, root):
        counted = [("tests", "testcase"), ("failures", "failure"), ("errors", "error")]
        counted += [("skipped", "skipped")] if element is not root else []
        for attribute, tag in counted:
            element.set(attribute, str(sum(1 for _ in element.iter(tag))))
    ET.indent(root)
    body: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _add_changes(root: ET.Element, report: Report) -> None:
    changes = [(change, None) for change in report.diff.changes]
    ignored = [(one.change, one.ignore.reason) for one in report.diff.ignored]
    both = sorted([*changes, *ignored], key=lambda pair: pair[0].object.dag_id)
    for dag_id, found in groupby(both, key=lambda pair: pair[0].object.dag_id):
        suite = ET.SubElement(root, "testsuite", name=printable(dag_id))
        for change, reason in found:
            _add_change(suite, change, report, reason)


def _add_change(suite: ET.Element, change: Change, report: Report, ignored: str | None) -> None:
    """Add the test of a change; of one that is ignored, with the reason for it."""
    verdict, at = verdict_of(change), report.location(change)
    where = " ".join(filter(None, [name_of(change), place_in(change)]))
    case = ET.SubElement(suite, "testcase")
    case.set("classname", f"{_NAME}.{suite.get('name')}")
    case.set("name", f"{where}: {verdict.rule}")
    text = "\n".join(
        [sentence(change), why(change), *([f"{printable(at.file)}:{at.line}"] if at else []), verdict.fingerprint]
    )
    if ignored is not None:
        _skip(case, printable(f"ignored: {ignored}"))
    elif reaches(verdict.severity, report.look.fails_from):
        ET.SubElement(case, "failure", type=verdict.severity, message=sentence(change)).text = text
        return
    ET.SubElement(case, "system-out").text = f"{verdict.severity}: {text}"


def _skip(case: ET.Element, reason: str) -> None:
    """Mark a test as skipped; the reason is text, as the schema of Jenkins has it, which knows no attributes here."""
    ET.SubElement(case, "skipped").text = reason


def _add_unread(root: ET.Element, report: Report) -> None:
    found = list(unread.unread_files(report))
    if not found:
        return
    suite = ET.SubElement(root, "testsuite", name=unread.RULE)
    known = {one.file for side, one in found if side == "base"}
    for side, one in found:
        name = f"{printable(one.file)} at the {side}"
        case = ET.SubElement(suite, "testcase", classname=f"{_NAME}.{unread.RULE}", name=name)
        is_new = side == "head" and one.file not in known
        told = unread.told(side, one)
        if is_new:
            ET.SubElement(case, "error", type=unread.RULE, message=told)
        else:
            _skip(case, told)
