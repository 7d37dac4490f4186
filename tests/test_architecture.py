"""The house rules that a program can check: sizes, names, docstrings, layers."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

MODULES = sorted((ROOT / "dagserial").rglob("*.py"))
BANNED = ("util", "helper", "common", "misc", "base", "manager", "handler", "processor", "data", "info")


def name(module: Path) -> str:
    return module.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_has_one_job_a_docstring_and_no_more_than_400_lines(module: Path) -> None:
    text = module.read_text()
    tree = ast.parse(text)
    docstring = ast.get_docstring(tree)
    assert docstring, "a module says its one job"
    assert len(text.splitlines()) <= 400
    assert not any(part in BANNED for part in module.stem.split("_"))


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_functions_are_short_and_public_ones_documented(module: Path) -> None:
    tree = ast.parse(module.read_text())
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 50] == []
    public = [
        node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    ]
    assert [node.name for node in public if not ast.get_docstring(node)] == []


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_address_of_this_machine_is_in_the_tree() -> None:
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    texts = ((file, (ROOT / file).read_bytes()) for file in files.split("\0") if file and (ROOT / file).is_file())
    here = str(ROOT).encode() + b"/"
    assert [file for file, text in texts if here in text] == []
