"""The page on records is true: its tables, and its sketches in other languages."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support import ROOT, skip_or_fail

from dagserial.digest import Digest

PAGE = (ROOT / "docs/record.md").read_text()
RECORDS = sorted((ROOT / "fixtures/records").glob("v*/**/*.json"))


def test_sha256sum_gives_the_digest_of_every_fixture() -> None:
    done = subprocess.run(["sha256sum", *map(str, RECORDS)], capture_output=True, text=True, check=True)
    digests = [f"sha256:{line[:64]}" for line in done.stdout.splitlines()]
    assert digests == [Digest.of(file.read_bytes()) for file in RECORDS]


def test_the_javascript_on_the_page_gives_the_digest_of_every_record(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        skip_or_fail("node", "Node.js is not installed")
    (block,) = re.findall(r"```js\n(.*?)```", PAGE, flags=re.DOTALL)
    (tmp_path / "digest.js").write_text(block)
    for file in RECORDS:
        body = file.read_bytes()
        (tmp_path / "laid_out.json").write_text(json.dumps(json.loads(body), indent=3))
        command = [str(node), str(tmp_path / "digest.js"), str(tmp_path / "laid_out.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == Digest.of(body), file.name


@pytest.mark.parametrize("name", ["record.v1", "record.v2"])
def test_the_page_links_to_each_schema(name: str) -> None:
    assert f"](../schema/{name}.json)" in PAGE
