"""Edits in a tree, read through the sandbox before and after: which tasks they move."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sources_trees import write

from dagserial.canonical import canonical_bytes
from dagserial.model import Task
from dagserial.sources import files, live
from dagserial.sources.file import MAX_BYTES
from dagserial.sources.reading import ReadOptions

ETL = """
from airflow import DAG
from airflow.decorators import task
from airflow.operators.python import PythonOperator
from airflow.operators.bash import BashOperator
from common.cleaning import clean
from common import saving as s
from operators.export import Export
from beside import scale

LIMIT = 100

def rows():
    return LIMIT

def rows_again(n):
    return n and rows_again(n - 1) or rows()

def shadowed(clean):
    return clean()

with DAG("etl", user_defined_macros={"clean": clean}) as dag:
    PythonOperator(task_id="extract", python_callable=rows_again)
    PythonOperator(task_id="clean", python_callable=clean)
    PythonOperator(task_id="clean_twice", python_callable=lambda x: clean(clean(x)))
    PythonOperator(task_id="shadowed", python_callable=shadowed)

    @task(retries=1)
    def save():
        "Doc."
        from common.saving import target
        return s.write(target), dag.dag_id

    @task
    def scaled():
        return scale(2), save

    save() >> scaled()
    Export(task_id="export", to="x")
    Export.partial(task_id="export_all").expand(to=["x", "y"])
    BashOperator(task_id="sleep", bash_command="sleep 1")
"""
TREE = {
    "dags/__init__.py": "",
    "dags/etl.py": ETL,
    "dags/beside.py": "from common.cleaning import FACTOR\ndef scale(n):\n    return n * FACTOR\n",
    "dags/common/__init__.py": "",
    "dags/common/cleaning.py": (
        '"""Clean."""\nFACTOR = 3\ndef clean(x=None):\n    """Doc."""\n    return _strip(x)\n'
        "def _strip(x):\n    return x.strip()\ndef unused():\n    return 1\n"
    ),
    "dags/common/saving.py": "from .names import PREFIX\ntarget = PREFIX + 'rows'\ndef write(to):\n    return to\n",
    "dags/common/names.py": "PREFIX = 'prod_'\n",
    "plugins/operators/export.py": (
        "from airflow.models import BaseOperator\nfrom common.names import PREFIX\n"
        "class Root(BaseOperator):\n    def send(self):\n        return 'root'\n"
        "class Export(Root):\n    template_fields = ('to',)\n    template_ext = ('.tpl',)\n"
        "    def __init__(self, to, **kwargs):\n        super().__init__(**kwargs)\n        self.to = to\n"
        "    def execute(self, context):\n        return self.send(), self.to\n"
    ),
}
CLEANING = {"clean", "clean_twice"}
EXPORTS = {"export", "export_all"}


def tasks(folder: Path, texts: Mapping[str, str], **options: Any) -> dict[str, Task]:
    """Return the tasks of the only DAG of a tree."""
    reading = files.read(write(folder, texts), ReadOptions(**options))
    assert reading.errors == ()
    [parsed] = reading.parsed
    return parsed.dag.tasks


def moved(one: Mapping[str, Task], other: Mapping[str, Task]) -> set[str]:
    """Return the ids of the tasks that differ."""
    assert one.keys() == other.keys()
    return {task_id for task_id in one if msgspec.json.encode(one[task_id]) != msgspec.json.encode(other[task_id])}


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Task]:
    return tasks(tmp_path_factory.mktemp("before"), TREE)


EDITS: dict[str, tuple[str, str, str, set[str]]] = {
    "an imported function": ("dags/common/cleaning.py", "_strip(x)\ndef", "_strip(x or 1)\ndef", CLEANING),
    "a helper of an imported function": ("dags/common/cleaning.py", "x.strip()", "x.lstrip()", CLEANING),
    "a comment": ("dags/common/cleaning.py", "x.strip()", "x.strip()  # spaces", set()),
    "a docstring": ("dags/common/cleaning.py", "Doc.", "What it does.", set()),
    "layout": ("dags/common/cleaning.py", "return x.strip()", "return (\n        x.strip()\n    )", set()),
    "a function that nobody uses": ("dags/common/cleaning.py", "return 1", "return 2", set()),
    "a constant, in a cycle": ("dags/etl.py", "LIMIT = 100", "LIMIT = 200", {"extract"}),
    "a constant, two imports away": ("dags/common/cleaning.py", "FACTOR = 3", "FACTOR = 4", {"scaled"}),
    "a constant, by a relative import": ("dags/common/names.py", "prod_", "test_", {"save"}),
    "a function by attribute": ("dags/common/saving.py", "return to", "return [to]", {"save"}),
    "a task's own code": ("dags/etl.py", "scale(2)", "scale(3)", {"scaled"}),
    "a task's docstring": ("dags/etl.py", '"Doc."', '"Other."', set()),
    "what another task declares": ("dags/etl.py", "retries=1", "retries=2", {"save"}),
    "an operator's method": ("plugins/operators/export.py", "self.send(), self.to", "self.to, self.send()", EXPORTS),
    "an operator's base": ("plugins/operators/export.py", "'root'", "'base'", EXPORTS),
    "a comment in an operator": ("plugins/operators/export.py", "'root'", "'root'  # why", set()),
}


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_moves_the_tasks_that_use_it_and_no_other(tmp_path: Path, before: dict[str, Task], name: str) -> None:
    file, old, new, expected = EDITS[name]
    assert TREE[file].count(old) == 1
    assert moved(before, tasks(tmp_path, {**TREE, file: TREE[file].replace(old, new)})) == expected


def test_only_operators_of_the_repository_have_code(before: dict[str, Task]) -> None:
    assert {task_id for task_id, task in before.items() if task.code is not None} == EXPORTS


def test_without_code_no_edit_of_code_shows(tmp_path: Path, before: dict[str, Task]) -> None:
    plain = tasks(tmp_path / "one", TREE, code=False)
    assert b"sha256:" in msgspec.json.encode(before)
    assert b"sha256:" not in msgspec.json.encode(plain)
    edited = {**TREE, "dags/common/cleaning.py": "def clean(): return 7\nFACTOR = 8\n"}
    assert moved(plain, tasks(tmp_path / "two", edited, code=False)) == set()


def test_a_helper_beside_a_task_in_a_dag_function(tmp_path: Path) -> None:
    text = (
        "from airflow.decorators import dag, task\n@dag\ndef etl():\n    def helper():\n        return 1\n"
        "    @task\n    def a():\n        return helper()\n    @task\n    def b(x):\n        return 2\n    b(a())\netl()\n"
    )
    one = tasks(tmp_path, {"dags/etl.py": text})
    assert moved(one, tasks(tmp_path, {"dags/etl.py": text.replace("return 1", "return 3")})) == {"a"}


def test_an_operator_of_the_dag_file_has_code(tmp_path: Path) -> None:
    text = (
        "from airflow import DAG\nfrom airflow.models.baseoperator import BaseOperator\n"
        "class Mine(BaseOperator):\n    def execute(self, context):\n        return 1\n"
        "with DAG('d'):\n    Mine(task_id='a')\n"
    )
    one, other = (tasks(tmp_path, {"dags/d.py": text.replace("return 1", f"return {n}")})["a"].code for n in (1, 2))
    assert None not in (one, other)
    assert one != other


def test_a_thousand_tasks_digest_one_function_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (
        "from dagserial.authoring import DAG, BaseOperator\nwith DAG('d') as dag:\n"
        "    for n in range(1000): BaseOperator(task_id=f't{n}', python_callable=used)\n"
    )
    path = tmp_path / "many.py"
    path.write_text("def helper(): return 1\ndef used(): return helper()\n" + text)
    names: dict[str, Any] = {"__name__": "many"}
    exec(compile(path.read_text(), str(path), "exec"), names)
    written: list[bytes] = []
    kept = hashlib.sha256
    monkeypatch.setattr(hashlib, "sha256", lambda body: written.append(body) or kept(body))
    record = live.read(names["dag"])[0]
    assert len({task.args["python_callable"]["code"] for task in record.tasks.values()}) == 1
    assert 0 < len(written) <= 3


SQL = "select 1\n"
FILES = """
from airflow import DAG
from airflow.operators.bash import BashOperator
from operators.export import Export
with DAG("d", template_searchpath={searched}):
    BashOperator(task_id="a", value={value})
"""


class TestFiles:
    """Texts that name a file of the tree carry its digest."""

    def value(self, folder: Path, value: Any, searched: Any = None, **more: str) -> Any:
        texts = {
            "dags/team/d.py": FILES.format(
                value=value if isinstance(value, str) else repr(value), searched=repr(searched)
            ),
            **{name: TREE[name] for name in TREE if "operators" in name or "names" in name},
            "dags/team/sql/load.sql": SQL,
            "dags/top.sql": "top\n",
            "shared/found.hql": "found\n",
            **more,
        }
        return tasks(folder, texts)["a"].args["value"]

    def tag(self, path: str, text: str = SQL) -> dict[str, str]:
        return {"$": "file", "digest": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", "path": path}

    def test_beside_the_dag_file(self, tmp_path: Path) -> None:
        assert self.value(tmp_path, "'sql/load.sql'") == self.tag("sql/load.sql")

    def test_in_the_dag_folder(self, tmp_path: Path) -> None:
        assert self.value(tmp_path, "'top.sql'") == self.tag("top.sql", "top\n")

    def test_the_nearest_one_counts(self, tmp_path: Path) -> None:
        more = {"dags/team/top.sql": "nearer\n"}
        assert self.value(tmp_path, "'top.sql'", **more) == self.tag("top.sql", "nearer\n")

    @pytest.mark.parametrize("searched", ["../../shared", ["nowhere", "../../shared"], ("shared",), "{root}/shared"])
    def test_in_the_search_path(self, tmp_path: Path, searched: Any) -> None:
        searched = searched.format(root=tmp_path) if isinstance(searched, str) else searched
        assert self.value(tmp_path, "'found.hql'", searched) == self.tag("found.hql", "found\n")

    def test_as_jinja_finds_it(self, tmp_path: Path) -> None:
        assert self.value(tmp_path, "'/top.sql'") == self.tag("/top.sql", "top\n")

    def test_by_its_absolute_path(self, tmp_path: Path) -> None:
        found = self.value(tmp_path, "__file__.replace('d.py', 'sql/load.sql')")
        assert found == self.tag("") | {"path": {"$": "rooted", "parts": ["", "/dags/team/sql/load.sql"]}}

    def test_the_dag_file_itself_stays_text(self, tmp_path: Path) -> None:
        assert self.value(tmp_path, "__file__") == {"$": "rooted", "parts": ["", "/dags/team/d.py"]}

    def test_in_lists_tuples_and_dicts(self, tmp_path: Path) -> None:
        tag = self.tag("sql/load.sql")
        assert self.value(tmp_path, ["sql/load.sql", "x.sql"]) == [tag, "x.sql"]
        assert self.value(tmp_path, ("sql/load.sql",)) == {"$": "tuple", "items": [tag]}
        assert self.value(tmp_path, {"q": "sql/load.sql", "n": 1}) == {"q": tag, "n": 1}
        assert self.value(tmp_path, [["sql/load.sql"]]) == [["sql/load.sql"]]

    def test_an_edit_shows(self, tmp_path: Path) -> None:
        one = self.value(tmp_path, "'sql/load.sql'")
        other = self.value(tmp_path, "'sql/load.sql'", **{"dags/team/sql/load.sql": "select 2\n"})
        assert (one == other, one["path"] == other["path"]) == (False, True)

    @pytest.mark.parametrize(
        "value",
        [
            *(
                "../../../outside.sql",
                "sql/missing.sql",
                "sql",
                "sql/",
                "load.sql",
                "{{ ds }}.sql",
                "python sql/load.sql",
            ),
            *(
                "linked.sql",
                "linked/outside.sql",
                "pipe.sql",
                "big.sql",
                "notes.txt",
                "x\0.sql",
                "a" * 2000 + ".sql",
                ".sql",
            ),
        ],
    )
    def test_what_is_no_file_of_the_tree_stays_text(self, tmp_path: Path, value: str) -> None:
        tree = tmp_path / "tree"
        team = tree / "dags/team"
        write(tmp_path, {"outside.sql": SQL, "folder/outside.sql": SQL, "tree/dags/team/notes.txt": "x"})
        (team / "linked.sql").symlink_to(tmp_path / "outside.sql")
        (team / "linked").symlink_to(tmp_path / "folder")
        os.mkfifo(team / "pipe.sql")
        with (team / "big.sql").open("wb") as big:
            big.truncate(MAX_BYTES + 1)
        assert self.value(tree, repr(value)) == value

    def test_a_link_inside_of_the_tree_is_followed(self, tmp_path: Path) -> None:
        write(tmp_path, {"dags/team/x": ""})
        (tmp_path / "dags/team/linked.sql").symlink_to("sql/load.sql")
        assert self.value(tmp_path, "'linked.sql'") == self.tag("linked.sql")

    def test_what_lies_in_git_is_no_file_of_the_tree(self, tmp_path: Path) -> None:
        assert self.value(tmp_path, "'../../.git/x.json'", **{".git/x.json": "{}"}) == "../../.git/x.json"

    def test_the_operator_says_how_names_end(self, tmp_path: Path) -> None:
        text = (
            "from airflow import DAG\nfrom airflow.operators.bash import BashOperator\nfrom operators.export import Export\n"
            "with DAG('d'):\n    BashOperator(task_id='a', to='x.tpl')\n    Export(task_id='b', to='x.tpl')\n"
            "    Export.partial(task_id='c').expand(to=['x.tpl', 'y.tpl'])\n"
            "    Export.partial(task_id='d').expand_kwargs([{'to': 'x.tpl'}])\n"
        )
        texts = {name: TREE[name] for name in TREE if "operators" in name or "names" in name}
        found = tasks(tmp_path, {**texts, "dags/d.py": text, "dags/x.tpl": SQL})
        tag = self.tag("x.tpl")
        assert (found["a"].args["to"], found["b"].args["to"]) == ("x.tpl", tag)
        assert found["c"].mapping is not None
        assert found["c"].mapping.expand == (("to", [tag, "y.tpl"]),)
        assert found["d"].mapping is not None
        assert found["d"].mapping.expand_kwargs == [{"to": tag}]

    def test_the_record_is_canonical(self, tmp_path: Path) -> None:
        assert canonical_bytes(self.value(tmp_path, "'top.sql'")).startswith(b'{"$":"file","digest":"sha256:')
