"""Which DAGs a file gives, and where they are said to be made."""

from __future__ import annotations

import pytest
from standin_trees import IMPORTS, Found, read, shown

FILES = {
    "dags/several.py": f"{IMPORTS}\nfirst = DAG('first')\nwith DAG('second') as second: pass\nalias = first\n",
    "dags/by_function.py": f"{IMPORTS}\ndef make(name):\n    with DAG(name): pass\n\nmake('by_call')\n[make(f'by_loop_{{i}}') for i in range(2)]\n",
    "dags/in_a_list.py": f"{IMPORTS}\nheld = [DAG('only_in_a_list')]\n",
    "dags/late.py": f"{IMPORTS}\nwith DAG('late'):\n    a = BashOperator(task_id='a')\nwith DAG('later') as d: pass\nb = BashOperator(task_id='b', dag=d)\n",
    "dags/main.py": f"{IMPORTS}\nwith DAG('main') as dag: pass\nif __name__ == '__main__':\n    dag.test()\n",
    "dags/nested.py": f"{IMPORTS}\nwith DAG('outer'):\n    BashOperator(task_id='a')\n    with DAG('inner'): BashOperator(task_id='b')\n    BashOperator(task_id='c')\n",
    "dags/none.py": f"{IMPORTS}\nprint('no DAG here')\n",
    "dags/module.py": f"{IMPORTS}\nimport sys\nclass Mine(BashOperator): pass\nwith DAG('module', doc_md=str(sys.modules[__name__].Mine is Mine)):\n    Mine(task_id='a')\n",
    "dags/blocks.py": f"""{IMPORTS}
from airflow.decorators.setup_teardown import context_wrapper
from airflow.sdk.definitions.decorators.setup_teardown import context_wrapper as the_same
with DAG("blocks"):
    s, t, u = (BashOperator(task_id=name) for name in "stu")
    u.as_teardown(setups=[s, t])
    with context_wrapper([s, t]):
        BashOperator(task_id="a")
    with the_same([u]):
        BashOperator(task_id="b")
""",
    "dags/sub/mapped.py": """
from airflow.decorators import dag, task, task_group
@dag(schedule=None)
def mapped():
    @task
    def numbers(): return [1, 2]
    @task
    def add(x, y=0): return x + y
    @task_group
    def both(x):
        add.override(task_id="one")(x) >> add.override(task_id="two")(x, y=1)
    both.expand(x=add.partial(y=1).expand(x=numbers()))
mapped()
""",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return read(tmp_path_factory.mktemp("load"), FILES)


def test_a_file_gives_the_dags_that_it_names_or_whose_block_ends_in_it(found: Found) -> None:
    assert found.errors == {}
    assert sorted(found.parsed) == sorted(
        [
            "first",
            "second",
            "by_call",
            "by_loop_0",
            "by_loop_1",
            "late",
            "later",
            "main",
            "outer",
            "inner",
            "module",
            "blocks",
            "mapped",
        ]
    )


def test_a_dag_is_said_to_be_made_at_its_line_of_the_dag_file(found: Found) -> None:
    places = {name: (p.provenance.file, p.provenance.line) for name, p in found.parsed.items()}
    assert places["first"] == ("dags/several.py", 4)
    assert places["second"] == ("dags/several.py", 5)
    assert places["by_call"] == ("dags/by_function.py", 5)
    assert places["mapped"] == ("dags/sub/mapped.py", 13)


def test_nested_blocks_keep_their_tasks_apart(found: Found) -> None:
    assert list(found.operators("outer")) == ["a", "c"]
    assert list(found.operators("inner")) == ["b"]


def test_blocks_of_setups_and_teardowns_are_known_by_every_import(found: Found) -> None:
    assert found.upstream("blocks") == {"a": ("s", "t"), "b": ("s", "t"), "u": ("a", "b", "s", "t")}


def test_tasks_that_join_after_the_block_belong_to_the_dag(found: Found) -> None:
    assert list(found.operators("later")) == ["b"]


def test_a_class_of_a_dag_file_stands_under_the_files_own_name(found: Found) -> None:
    assert found.operators("module") == {"a": "module.Mine"}
    assert found.fields("module") == {"doc_md": "True"}


def test_mapped_tasks_and_groups_are_read(found: Found) -> None:
    dag = found.parsed["mapped"].dag
    assert found.upstream("mapped") == {"add": ("numbers",), "both.one": ("add",), "both.two": ("add", "both.one")}
    assert dag.groups["both"].mapping is not None
    assert dag.tasks["add"].mapping is not None
    assert shown(dag.tasks["add"].mapping.expand[0][1]) == shown({"$": "xcom", "task": "numbers"})
