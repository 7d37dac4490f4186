"""What a deployment has and a tree has not: each is supplied by a flag, and an error that lacks it names the flag."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from standin_trees import IMPORTS, read, read_expressions

from dagserial.errors import SettingsError
from dagserial.sources import files
from dagserial.sources.lacking import lacking
from dagserial.sources.reading import ReadOptions

DEPLOYED = {"/srv/deployed": "."}

READERS = {
    "open": "open('/srv/deployed/dags/sql/x.sql').read()",
    "pathlib": "__import__('pathlib').Path('/srv/deployed/dags/sql/x.sql').read_text()",
    "listdir": "' '.join(__import__('os').listdir('/srv/deployed/dags/sql'))",
    "scandir": "' '.join(entry.name for entry in __import__('os').scandir('/srv/deployed/dags/sql'))",
    "walk": "' '.join(name for _, _, names in __import__('os').walk('/srv/deployed/dags/sql') for name in names)",
    "glob": "str(len(__import__('glob').glob('/srv/deployed/dags/sql/*.sql')))",
    "iterdir": "' '.join(path.name for path in __import__('pathlib').Path('/srv/deployed/dags/sql').iterdir())",
    "exists": "str(__import__('os').path.exists('/srv/deployed/dags/sql/x.sql'))",
    "is_file": "str(__import__('pathlib').Path('/srv/deployed/dags/sql/x.sql').is_file())",
    "above": "open('/srv/deployed/dags/../dags/sql/x.sql').read()",
}
EXPECTED = dict.fromkeys(READERS, "SELECT 1") | {
    "listdir": "x.sql",
    "scandir": "x.sql",
    "walk": "x.sql",
    "glob": "1",
    "iterdir": "x.sql",
    "exists": "True",
    "is_file": "True",
}


def test_a_deployed_path_is_read_from_the_tree_by_every_function(tmp_path: Path) -> None:
    (tmp_path / "dags/sql").mkdir(parents=True)
    (tmp_path / "dags/sql/x.sql").write_text("SELECT 1")
    found = read_expressions(tmp_path, "", READERS, roots=DEPLOYED)
    assert found.errors == {}
    assert {name: found.args(name)["value"] for name in READERS} == EXPECTED


def test_without_a_root_the_error_names_the_flag_that_would_find_the_file(tmp_path: Path) -> None:
    (tmp_path / "dags/sql").mkdir(parents=True)
    (tmp_path / "dags/sql/x.sql").write_text("SELECT 1")
    found = read_expressions(tmp_path, "", {"open": READERS["open"]})
    (error,) = found.errors.values()
    assert error.error.endswith("; not supplied: the file /srv/deployed/dags/sql/x.sql (--root /srv/deployed=.)")


def test_a_relative_path_counts_from_the_folder_in_which_dag_files_run(tmp_path: Path) -> None:
    texts = {"lib/x.txt": "read", "dags/a.py": f"{IMPORTS}dag = DAG(open('home/flows/lib/x.txt').read())\n"}
    error = read(tmp_path, texts).errors["dags/a.py"].error
    assert error.endswith("; not supplied: the file home/flows/lib/x.txt (--root home/flows=.)")
    assert list(read(tmp_path, {}, roots={"home/flows": "."}).parsed) == ["read"]


def test_a_deployed_path_outside_of_the_tree_is_said_to_be_unknown(tmp_path: Path) -> None:
    found = read_expressions(tmp_path, "", {"open": "open('/srv/elsewhere/x.sql')"})
    (error,) = found.errors.values()
    assert "(--root /srv/elsewhere=FOLDER, if it lies in the tree)" in error.error


def test_the_longest_root_counts(tmp_path: Path) -> None:
    (tmp_path / "sql").mkdir()
    (tmp_path / "sql/x.sql").write_text("SELECT 2")
    found = read_expressions(
        tmp_path, "", {"open": "open('/srv/deployed/sql/x.sql').read()"}, roots={"/srv": "dags", "/srv/deployed": "."}
    )
    assert found.args("open")["value"] == "SELECT 2"


def test_a_module_on_a_deployed_sys_path_is_imported_from_the_tree(tmp_path: Path) -> None:
    text = f"import sys\nsys.path.append('/srv/deployed/deep/lib')\nfrom sizes import SIZE\n{IMPORTS}"
    found = read(
        tmp_path,
        {
            "dags/a.py": f"{text}with DAG('a'): BashOperator(task_id='a', value=SIZE)\n",
            "deep/lib/sizes.py": "SIZE = 3\n",
        },
        roots=DEPLOYED,
    )
    assert found.args("a") == {"value": 3}


def test_a_folder_of_the_tree_on_sys_path_is_imported_from(tmp_path: Path) -> None:
    text = f"import os, sys\nsys.path.insert(0, os.path.dirname(__file__) + '/deep')\nfrom sizes import SIZE\n{IMPORTS}"
    found = read(
        tmp_path,
        {
            "dags/a.py": f"{text}with DAG('a'): BashOperator(task_id='a', value=SIZE)\n",
            "dags/deep/sizes.py": "SIZE = 3\n",
        },
    )
    assert found.args("a") == {"value": 3}


FILES = (
    f"{IMPORTS}with DAG('a', template_searchpath='/srv/deployed/sql'):\n"
    "    BashOperator(task_id='whole', bash_command='/srv/deployed/sql/x.sh')\n"
    "    BashOperator(task_id='short', bash_command='x.sh')\n"
)


def test_file_arguments_and_the_search_path_may_name_deployed_files(tmp_path: Path) -> None:
    found = read(tmp_path, {"dags/a.py": FILES, "sql/x.sh": "echo"}, roots=DEPLOYED)
    whole, short = (found.args("a", task)["bash_command"] for task in ("whole", "short"))
    assert (whole["$"], short["$"]) == ("file", "file")
    assert whole["digest"] == short["digest"]
    assert (whole["path"], short["path"]) == ("/srv/deployed/sql/x.sh", "x.sh")


def test_a_root_changes_no_record_that_asks_for_no_deployed_path(tmp_path: Path) -> None:
    text = f"{IMPORTS}with DAG('a'): BashOperator(task_id='a', value=__file__, other=open(__file__).read())\n"
    plain = read(tmp_path, {"dags/a.py": text}).parsed["a"].dag
    assert read(tmp_path, {}, roots=DEPLOYED).parsed["a"].dag == plain


def test_a_folder_is_importable_as_a_package_of_another_name(tmp_path: Path) -> None:
    texts = {
        "flow/dag.py": f"{IMPORTS}from company_flows.flow.names import NAME\nwith DAG(NAME): pass\n",
        "flow/names.py": "NAME = 'etl'\n",
    }
    assert list(read(tmp_path, texts, packages={"company_flows": "."}).parsed) == ["etl"]
    assert list(read(tmp_path, {}, packages={"company_flows": ""}).parsed) == ["etl"]


def test_a_package_of_another_name_runs_its_init(tmp_path: Path) -> None:
    texts = {
        "dags/a.py": f"{IMPORTS}import company.flows\nwith DAG(company.flows.NAME): pass\n",
        "lib/__init__.py": "from .names import NAME\n",
        "lib/names.py": "NAME = 'etl'\n",
    }
    assert list(read(tmp_path, texts, packages={"company.flows": "lib"}).parsed) == ["etl"]


def test_without_a_package_the_error_names_the_flag_and_the_folder(tmp_path: Path) -> None:
    texts = {
        "code/flow/dag.py": f"{IMPORTS}from company_flows.flow.names import NAME\nwith DAG(NAME): pass\n",
        "code/flow/names.py": "NAME = 'etl'\n",
    }
    error = read(tmp_path, texts).errors["code/flow/dag.py"].error
    assert error.endswith("; not supplied: the package company_flows (--package company_flows=code)")


def test_an_installed_package_is_imported_as_it_is(tmp_path: Path) -> None:
    text = f"import click\n{IMPORTS}with DAG(click.unstyle('etl')): pass\n"
    error = read(tmp_path, {"dags/a.py": text}).errors["dags/a.py"].error
    assert "--import click" in error
    assert list(read(tmp_path, {}, imports=("click",)).parsed) == ["etl"]


def test_a_package_that_must_be_real_and_is_not_installed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=re.escape("--import no_such_package: no package of that name is inst")):
        read(tmp_path, {"dags/a.py": IMPORTS}, imports=("no_such_package",))


@pytest.mark.parametrize(("option", "flag"), [("roots", "--root"), ("packages", "--package")])
def test_a_folder_outside_of_the_tree_is_refused(tmp_path: Path, option: str, flag: str) -> None:
    with pytest.raises(SettingsError, match=f"{flag} /srv=../x lies outside of the repository"):
        files.read(tmp_path, ReadOptions(**{option: {"/srv": "../x"}}))  # type: ignore[arg-type]


ERRORS = {
    "variable": (
        "from airflow.models import Variable\n1 / (Variable.get('size') == 1)\n",
        "Variable size (--variables)",
    ),
    "connection": (
        "from airflow.hooks.base import BaseHook\n{}[BaseHook.get_connection('db').host]\n",
        "Connection db (--connections)",
    ),
    "environment": ("import os\n{}[os.environ['SIZE']]\n", "environment variable SIZE (--env)"),
    "getenv": ("import os\nint(os.getenv('SIZE'))\n", "environment variable SIZE (--env)"),
    "get": ("import os\nint(os.environ.get('SIZE'))\n", "environment variable SIZE (--env)"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_names_the_flag_that_supplies_what_is_missing(tmp_path: Path, name: str) -> None:
    text, expected = ERRORS[name]
    error = read(tmp_path, {"dags/a.py": f"{IMPORTS}{text}DAG('a')\n"}).errors["dags/a.py"].error
    assert error.endswith(f"; not supplied: {expected}")


def test_an_import_error_of_the_standard_library_says_which_python_reads(tmp_path: Path) -> None:
    found = read(tmp_path, {"dags/a.py": f"{IMPORTS}from itertools import no_such_name\n"})
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"; read by Python {here}, whose itertools may be older" in found.errors["dags/a.py"].error


def test_an_f_string_of_a_newer_python_says_which_one_reads() -> None:
    assert "; read by Python 3." in lacking(SyntaxError("f-string: expecting '}'"), [], "/tree")
    assert lacking(SyntaxError("invalid syntax"), [], "/tree") == ""
