"""Writing a diff as newline-delimited JSON."""

import json

from reports import EMPTY, varied

from dagserial.canonical import canonical_bytes
from dagserial.diff.outputs import RENDERERS


def test_each_line_is_a_change_of_the_document_in_canonical_json() -> None:
    found = varied()
    document = json.loads(RENDERERS["json"](found))
    body = RENDERERS["ndjson"](found)
    assert isinstance(body, bytes)
    lines = body.split(b"\n")
    assert lines.pop() == b""
    assert [json.loads(line) for line in lines] == document["changes"]
    assert [canonical_bytes(json.loads(line)) for line in lines] == lines


def test_nothing_is_no_line() -> None:
    assert RENDERERS["ndjson"](EMPTY) == b""
