"""A value has one digest in every process, or it is named: 23 places by 54 values.

Each process is a fresh interpreter with another hash seed and another heap: a second reading in the same process, or in
a fork of it, would see the same addresses and the same order of sets. (What reads DAG files has a hash seed of its own.)
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from stability_cases import AUTHORING_HEAD, COMBINATIONS, FILE_HEAD, HEAD, SURFACES, TASK_HEAD, blocks
from support import ROOT

PROCESSES = (("0", "10"), ("1", "20011"), ("4242", "3307"))
"""Hash seed and objects in the way."""
ADDRESS = re.compile(r"0x[0-9a-f]{4,}")
READER = Path(__file__).with_name("stability_reader.py")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stability")
    for name, head in (("dags", FILE_HEAD), ("authored", AUTHORING_HEAD)):
        (folder / name).mkdir()
        for surface in SURFACES:
            stem = "on_" + surface.replace("-", "_")
            (folder / name / f"{stem}.py").write_text(HEAD + head + TASK_HEAD + blocks(surface))
    return folder


def outcomes(root: Path, kind: str) -> list[dict[str, Any]]:
    """Return what became of every combination, in each process."""
    found = []
    for seed, heap in PROCESSES:
        env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(READER), str(root), kind, heap]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout))
    return found


@pytest.fixture(scope="module")
def of_files(root: Path) -> list[dict[str, Any]]:
    return outcomes(root, "files")


@pytest.fixture(scope="module")
def of_objects(root: Path) -> list[dict[str, Any]]:
    return outcomes(root, "objects")


def test_there_are_enough_combinations_and_each_is_read(
    of_files: list[dict[str, Any]], of_objects: list[dict[str, Any]]
) -> None:
    assert len(COMBINATIONS) >= 125
    assert all(found.keys() == set(COMBINATIONS) for found in of_files + of_objects)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_in_a_dag_file_it_has_one_digest_in_every_process(name: str, of_files: list[dict[str, Any]]) -> None:
    first, *others = (found[name] for found in of_files)
    assert others == [first, first]
    check(first)


@pytest.mark.parametrize("name", COMBINATIONS)
def test_in_an_object_it_has_one_digest_in_every_process(name: str, of_objects: list[dict[str, Any]]) -> None:
    first, *others = (found[name] for found in of_objects)
    assert others == [first, first]
    if first["refused"]:
        assert not ADDRESS.search(first["refused"])
        assert "(at /" in first["refused"], "an error names the place"
    if "digest" in first:
        check(first)


def check(found: dict[str, Any]) -> None:
    """Check that no address is in it, and that what could not be kept was named."""
    assert not ADDRESS.search(found["body"])
    assert not any(ADDRESS.search(warning) for warning in found["warnings"])
    assert ('"opaque"' in found["body"]) == bool(found["warnings"])
