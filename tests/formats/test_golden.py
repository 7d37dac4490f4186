"""Golden records of format 2: bytes that never change. `pytest tests/formats/test_golden.py -p no:randomly --rewrite-goldens`."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from golden_dags import BLOBS, GOLDENS, HEAD
from support import ROOT

from dagserial.canonical import canonical_bytes
from dagserial.digest import Digest
from dagserial.formats import v2
from dagserial.formats.tags import TAGS
from dagserial.record import Record
from dagserial.sources import airflow_blob, files
from dagserial.sources.reading import ReadOptions

RECORDS = ROOT / "fixtures/records"
SUMS = RECORDS / "SHA256SUMS"
Golden = Callable[[Path, bytes], None]
ALL = GOLDENS | BLOBS


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The records of the declarations, as they are written today."""
    root = tmp_path_factory.mktemp("golden")
    for name, (_, text) in GOLDENS.items():
        (root / f"{name}.py").write_text(HEAD + text)
    reading = files.read(root, ReadOptions(dags=(".",)))
    assert not reading.errors
    blobs = [parsed for _, text in BLOBS.values() for parsed in airflow_blob.read(text)]
    return {parsed.dag.dag_id: Record.of_dag(parsed.dag).body for parsed in (*reading.parsed, *blobs)}


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_declaration_keeps_its_bytes(name: str, bodies: dict[str, bytes], golden: Golden) -> None:
    golden(RECORDS / f"v2/{name}.json", bodies[name])


def test_every_record_stands_in_the_list_of_digests(bodies: dict[str, bytes], golden: Golden) -> None:
    found = {f"v1/{file.name}": file.read_bytes() for file in (RECORDS / "v1").glob("*.json")}
    found |= {f"v2/{name}.json": body for name, body in bodies.items()}
    lines = (f"{Digest.of(body).hex}  fixtures/records/{name}\n" for name, body in sorted(found.items()))
    golden(SUMS, "".join(lines).encode())


def test_there_is_no_golden_without_its_declaration() -> None:
    assert {file.name for file in (RECORDS / "v2").iterdir()} == {f"{name}.json" for name in ALL}


def test_sha256sum_agrees_without_python() -> None:
    done = subprocess.run(["sha256sum", "--check", "--strict", SUMS], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(": OK") == len(SUMS.read_text().splitlines()) >= len(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_golden_has_the_digest_that_is_listed_and_reads_back_to_its_bytes(name: str) -> None:
    body = (RECORDS / f"v2/{name}.json").read_bytes()
    listed = dict(reversed(line.split("  ")) for line in SUMS.read_text().splitlines())
    record = Record.of(body, expected=f"sha256:{listed[f'fixtures/records/v2/{name}.json']}")
    assert (record.format, record.dag_id) == (2, name)
    assert v2.encode(record.dag()) == body
    assert canonical_bytes(json.loads(body)) == body


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_golden_fits_the_schema(name: str) -> None:
    schema = json.loads((ROOT / "schema/record.v2.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(json.loads((RECORDS / f"v2/{name}.json").read_bytes()))


def tags(value: Any) -> Iterator[str]:
    """Iterate over the tags in a JSON value."""
    if isinstance(value, dict):
        yield from [value["$"]] if "$" in value else []
        yield from (tag for item in value.values() for tag in tags(item))
    elif isinstance(value, list):
        yield from (tag for item in value for tag in tags(item))


def test_every_tag_stands_in_a_golden() -> None:
    found = {tag for file in (RECORDS / "v2").glob("*.json") for tag in tags(json.loads(file.read_bytes()))}
    assert found == TAGS.keys()


def test_every_golden_stands_in_the_list_with_what_it_shows() -> None:
    text = (RECORDS / "README.md").read_text()
    listed = dict(re.findall(r"^\| `v2/(\w+)\.json` \| (.+) \|$", text, re.MULTILINE))
    assert listed == {name: shows for name, (shows, _) in ALL.items()}
