"""What stands in for msgspec inside an Airflow's interpreter writes what msgspec writes, on every Python."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from dagserial.canonical import canonical_bytes, settled_bytes

SPARE = ROOT / "dagserial" / "sources" / "collector" / "spare"


def spare() -> Any:
    spec = importlib.util.spec_from_file_location("spare_msgspec", SPARE / "msgspec.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


ENCODE = spare().json.Encoder(order="sorted").encode
TEXTS = st.text(st.characters(max_codepoint=0xD7FF))
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(1e-6, 1e15).map(lambda value: value + 0.5)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES.filter(lambda value: not isinstance(value, float) or not value.is_integer()))
def test_settled_values_have_the_same_bytes(value: Any) -> None:
    assert ENCODE(value) == settled_bytes(value)


def test_json_is_decoded_as_it_stands_or_as_a_struct() -> None:
    module = spare()

    class Pair(module.Struct):  # type: ignore[name-defined,misc]
        one: int
        two: str = "two"

    assert module.json.decode(b'{"a":[1]}') == {"a": [1]}
    pair = module.json.decode(b'{"one":1,"other":2}', type=Pair)
    assert (pair.one, pair.two) == (1, "two")
    assert msgspec.json.encode({"one": 1}) == ENCODE(Pair(one=1)).replace(b',"two":"two"', b"")


@pytest.mark.parametrize("version", ["3.10", "3.12", "3.13"])
def test_what_is_shipped_loads_in_other_pythons(version: str) -> None:
    found = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python3"))
    if not found:
        pytest.skip(f"needs Python {version}, of pyenv")
    code = (
        "import sys; sys.path[:0] = sys.argv[1:]\n"
        "from dagserial.sources import live\nfrom dagserial.sources.collector import collect, operators, structure\n"
        "from dagserial.model import Dag, DagFields, Task\nfrom dagserial.canonical import settled_bytes\n"
        "dag = Dag(fields=DagFields(dag_id='d'), tasks={'t': Task(operator='airflow.operators.bash.BashOperator')})\n"
        "print(settled_bytes(dag).decode())\n"
    )
    command = [str(found[0]), "-S", "-c", code, str(SPARE), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (
        done.stdout.strip()
        == '{"fields":{"dag_id":"d"},"tasks":{"t":{"operator":"airflow.operators.bash.BashOperator"}}}'
    )


def test_no_package_finds_it_once_dagserial_has() -> None:
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; sys.path.append(sys.argv[2])\n"
        "from dagserial.canonical import settled_bytes\n"
        "from dagserial.sources.collector.collect import hide_spare\n"
        "import msgspec; assert msgspec.__file__.startswith(sys.argv[2]); del msgspec\n"
        "hide_spare()\n"
        "try:\n    import msgspec\nexcept ImportError:\n    print(settled_bytes({'b': 1, 'a': None}).decode())\n"
    )
    command = [sys.executable, "-S", "-c", code, str(ROOT), str(SPARE)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ('{"a":null,"b":1}\n', "")


def test_any_value_is_written_with_it_as_with_msgspec() -> None:
    value = {"b": [1, 2.5, 1e-7, True, None, "\U0001f6a2", "\ue000"], "a": {"\U0001f6a2": 1, "\ue000": 1e21}, "c": (1,)}
    code = (
        "import sys; sys.path[:0] = [sys.argv[1]]; sys.path.append(sys.argv[2])\n"
        "from dagserial.canonical import canonical_bytes\n"
        f"sys.stdout.buffer.write(canonical_bytes({value!a}))\n"
    )
    command = [sys.executable, "-S", "-c", code, str(ROOT), str(SPARE)]
    done = subprocess.run(command, capture_output=True, timeout=60)
    assert (done.stdout, done.stderr) == (canonical_bytes(value), b"")
