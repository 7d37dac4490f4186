"""The styles in which real DAG files are written, one DAG file each."""

from __future__ import annotations

from pathlib import Path

import pytest
from standin_trees import IMPORTS, Found, read

BODY = "with DAG('a'):\n    "
STYLES = {
    "symbolic_bases": (
        "from one import Base\nfrom two.mixins import LogMixin\nfrom three.operators import OtherOperator\n"
        "class Own(LogMixin, OtherOperator, Base): template_fields = ('x', *OtherOperator.template_fields)\n"
        f"{BODY}Own(task_id='t', x=1)\n"
    ),
    "factory_and_globals": (
        "def made(name):\n    with DAG(name) as dag: BashOperator(task_id='t')\n    return dag\n"
        "for name in ('a', 'b'): globals()[name] = made(name)\n"
    ),
    "class_factory": f"Own = type('Own', (BashOperator,), {{'retries': 3}})\n{BODY}Own(task_id='t')\n",
    "class_factory_of_symbols": (
        "from sqlalchemy.orm import declarative_base\nRow = type('Row', (declarative_base(),), {'x': 1})\n"
        f"{BODY}BashOperator(task_id='t', value=Row.x)\n"
    ),
    "template_fields_at_class_level": f"BashOperator.template_fields += ('env',)\n{BODY}BashOperator(task_id='t')\n",
    "add_task": "dag = DAG('a')\ndag.add_task(BashOperator(task_id='t'))\n",
    "main": f"if __name__ == '__main__':\n    1 / 0\n{BODY}BashOperator(task_id='t')\n",
    "type_checking": (
        f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    1 / 0\n{BODY}BashOperator(task_id='t')\n"
    ),
    "ladder": (
        "try:\n    from airflow.sdk import Variable as V\nexcept ImportError:\n    1 / 0\n"
        f"{BODY}BashOperator(task_id='t')\n"
    ),
    "version": (
        "import airflow\nfrom packaging.version import parse\nif not airflow.__version__.startswith('3'): 1 / 0\n"
        f"{BODY}BashOperator(task_id='t')\n"
    ),
    "star_import": (
        "from tenacity import *\n@retry(stop=stop_after_attempt(3))\ndef load(): wait_fixed(1)\n"
        f"{BODY}BashOperator(task_id='t', value=load.__name__)\n"
    ),
    "joined_symbols": f"import shop\nX = ', '.join([shop.NAME, 'b'])\n{BODY}BashOperator(task_id='t', value=X)\n",
    "matched_symbols": (
        "import re, shop\nX = re.sub('a', 'b', shop.NAME)\nassert re.match('a', shop.NAME)\n"
        f"{BODY}BashOperator(task_id='t', value=X)\n"
    ),
    "table_named_as_an_error": (
        f"from airflow.models import ImportError\nX = ImportError.timestamp\n{BODY}BashOperator(task_id='t', value=X)\n"
    ),
    "lock": f"from multiprocessing import Lock\nlock = Lock()\n{BODY}BashOperator(task_id='t')\n",
    "folder_above_the_dags": f"from lib.names import SIZE\n{BODY}BashOperator(task_id='t', value=SIZE)\n",
}
DAGS = {"factory_and_globals": ["a", "b"]}
VALUES = {
    "class_factory_of_symbols": 1,
    "star_import": "load",
    "joined_symbols": "${shop.NAME}, b",
    "matched_symbols": {"$": "call", "function": "re.sub", "args": ["a", "b", {"$": "symbol", "name": "shop.NAME"}]},
    "table_named_as_an_error": {"$": "symbol", "name": "airflow.models.errors.ParseImportError.timestamp"},
    "folder_above_the_dags": 3,
}


@pytest.mark.parametrize("style", STYLES)
def test_a_style_of_real_dag_files_is_read(tmp_path: Path, style: str) -> None:
    found = read(tmp_path, {"src/dags/x.py": IMPORTS + STYLES[style], "src/lib/names.py": "SIZE = 3\n"})
    assert {path: error.error for path, error in found.errors.items()} == {}
    assert list(found.parsed) == DAGS.get(style, ["a"])
    assert list(found.operators("a")) == ["t"]
    assert found.args("a", "t").get("value") == VALUES.get(style)


OPERATORS = """\
from airflow.operators.bash_operator import BashOperator
from airflow.operators.dummy_operator import DummyOperator
from ours import CheckOperator, CopyOperator
class Echo(BashOperator):
    def __init__(self, text, *args, **kwargs):
        super(Echo, self).__init__('echo ' + text, *args, **kwargs)
with DAG("a"):
    BashOperator("echo", task_id="known")
    DummyOperator("first")
    Echo("hello", task_id="own")
    CopyOperator("x", "y", task_id="unknown")
    CheckOperator()
    CheckOperator()
"""


@pytest.fixture(scope="module")
def positional(tmp_path_factory: pytest.TempPathFactory) -> Found:
    found = read(tmp_path_factory.mktemp("positional"), {"dags/x.py": f"from airflow import DAG\n{OPERATORS}"})
    assert found.errors == {}
    return found


@pytest.mark.parametrize(
    ("task_id", "args"),
    [
        ("known", {"bash_command": "echo"}),
        ("first", {}),
        ("own", {"text": "hello"}),
        ("unknown", {"args": ["x", "y"]}),
        ("CheckOperator", {}),
        ("CheckOperator__1", {}),
    ],
)
def test_positional_arguments_of_operators_are_kept(positional: Found, task_id: str, args: dict[str, object]) -> None:
    assert positional.args("a", task_id) == args


def test_what_positional_arguments_leave_open_is_a_warning_with_its_line(positional: Found) -> None:
    assert positional.warnings("a") == [
        "dags/x.py:12: the names of positional arguments of CopyOperator are unknown: kept as args",
        "dags/x.py:13: the task_id that CheckOperator gives itself is unknown: taken as CheckOperator",
        "dags/x.py:14: the task_id that CheckOperator gives itself is unknown: taken as CheckOperator__1",
    ]


def test_the_version_decides_the_branch(tmp_path: Path) -> None:
    text = "import airflow\nname = 'new' if airflow.__version__ >= '3' else 'old'\ndag = DAG(name)\n"
    assert list(read(tmp_path, {"dags/x.py": IMPORTS + text}, airflow_version="2.11.2").parsed) == ["old"]
    assert list(read(tmp_path, {}).parsed) == ["new"]


def test_a_variable_whose_default_was_taken_is_named_when_the_file_fails(tmp_path: Path) -> None:
    text = "from airflow.models import Variable\nint(Variable.get('size', None))\nDAG('a')\n"
    error = read(tmp_path, {"dags/x.py": IMPORTS + text}).errors["dags/x.py"].error
    assert error.endswith("; not supplied: Variable size, the default taken (--variables)")
