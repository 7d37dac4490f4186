"""Imports: the repository's modules are real, wherever they lie; all else stands in."""

from __future__ import annotations

import pytest
from standin_trees import IMPORTS, Found, read, shown

TREE = {
    "top.py": "VALUE = 'top'\n",
    "plugins/plugged.py": "VALUE = 'plugins'\n",
    "config/configured.py": "VALUE = 'config'\n",
    "lib/inside.py": "VALUE = 'lib'\n",
    "namespace/module.py": "VALUE = 'namespace'\n",
    "acme_docs/README.md": "no Python here\n",
    "acme_docs/sub/more.txt": "nor here\n",
    "dags/beside.py": "VALUE = 'dags'\n",
    "dags/package/__init__.py": "",
    "dags/package/module.py": "from package import other\nVALUE = other.VALUE\n",
    "dags/package/other.py": "VALUE = 'package'\n",
    "dags/shadow/kubernetes.py": "VALUE = 'shadow'\n",
    "airflow/dags_like_airflows_own.py": "VALUE = 'not a module of a DAG folder'\n",
    "dags/imports.py": f"""{IMPORTS}
import top, plugged, configured, inside, beside, namespace.module
import package.module as packaged
from dags.package.other import VALUE
import kubernetes
import acme_docs
from acme_docs.sub import thing
import acme_docs.sub.deep as deep
import acme.one.two
import yaml, pendulum, dateutil, pytz, jinja2
import requests, pandas as pd, sqlalchemy, attr, pydantic
from airflow.dags_like_airflows_own import VALUE as airflows
from airflow.providers.vendor.operators.vendor import *
with DAG("imports"):
    BashOperator(
        task_id="a",
        real=[m.VALUE for m in (top, plugged, configured, inside, beside, namespace.module, packaged)] + [VALUE],
        symbols=[kubernetes, acme_docs.x, thing, deep, acme.one.two.three, airflows],
        libraries=[yaml.safe_load("a: 1"), pendulum.duration(days=1), pytz.timezone("Europe/Paris"),
                   jinja2.Template("{{{{ a }}}}").render(a=1)],
        absent=[requests.get("u").json()["k"], pd.DataFrame({{"a": [1]}}).shape, sqlalchemy.__version__, attr, pydantic],
    )
""",
    "dags/lazily.py": f"""{IMPORTS}
import airflow.utils.something as something
from airflow.models import DagRun, Pool
from airflow.plugins_manager import AirflowPlugin
from airflow.utils.db import create_session
from airflow.utils.state import State, DagRunState, TaskInstanceState
from airflow.utils.weight_rule import WeightRule
from airflow.utils.types import DagRunType
from airflow.utils.session import provide_session
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from acme import NeverLooked
class Plugin(AirflowPlugin):
    name = "plugin"
@provide_session
def with_session(session=None) -> "NeverLooked":
    return 1
with create_session() as session:
    runs = session.query(DagRun).count()
with DAG("lazily"):
    BashOperator(
        task_id="a",
        states=[State.SUCCESS, TaskInstanceState.FAILED, DagRunState.RUNNING, WeightRule.UPSTREAM, DagRunType.MANUAL],
        unknown=[something.made_up(1), Pool.get_pool("p")],
        called=[with_session(), Plugin.name],
        runs=runs,
    )
""",
    "dags/wrong_module.py": f"{IMPORTS}from beside import nothing\n",
    "dags/wrong_package.py": f"{IMPORTS}import package.nothing\n",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    return read(tmp_path_factory.mktemp("imports"), TREE, paths=("lib", "dags/shadow/..", "none"))


def test_modules_of_the_repository_are_real(found: Found) -> None:
    assert found.args("imports")["real"] == [
        *("top", "plugins", "config", "lib", "dags", "namespace", "package", "package")
    ]


def test_a_name_that_no_import_root_holds_stands_in(found: Found) -> None:
    assert shown(found.args("imports")["symbols"]) == shown(
        [
            {"$": "module", "name": "kubernetes"},
            {"$": "symbol", "name": "acme_docs.x"},
            {"$": "symbol", "name": "acme_docs.sub.thing"},
            {"$": "module", "name": "acme_docs.sub.deep"},
            {"$": "symbol", "name": "acme.one.two.three"},
            {"$": "symbol", "name": "airflow.dags_like_airflows_own.VALUE"},
        ]
    )


def test_libraries_of_pure_values_are_real(found: Found) -> None:
    assert shown(found.args("imports")["libraries"]) == shown(
        [{"a": 1}, {"$": "timedelta", "value": "P1D"}, {"$": "timezone", "zone": "Europe/Paris"}, "1"]
    )


def test_other_libraries_stand_in_whether_they_are_installed_or_not(found: Found) -> None:
    absent = found.args("imports")["absent"]
    assert absent[0]["$"] == "item"
    assert absent[1]["of"]["class"] == "pandas.DataFrame"
    assert absent[2:] == [
        {"$": "symbol", "name": "sqlalchemy.__version__"},
        {"$": "module", "name": "attr"},
        {"$": "module", "name": "pydantic"},
    ]


def test_airflows_own_constants_are_their_values(found: Found) -> None:
    assert found.args("lazily")["states"] == ["success", "failed", "running", "upstream", "manual"]


def test_names_of_airflow_that_nobody_knows_stand_in(found: Found) -> None:
    assert shown(found.args("lazily")["unknown"]) == shown(
        [
            {"$": "call", "function": "airflow.utils.something.made_up", "args": [1]},
            {"$": "call", "function": "airflow.models.pool.Pool.get_pool", "args": ["p"]},
        ]
    )
    assert found.args("lazily")["called"] == [1, "plugin"]
    assert found.args("lazily")["runs"]["function"]["name"] == "count"


def test_what_a_module_of_the_repository_lacks_is_an_error(found: Found) -> None:
    errors = {file: (error.line, error.error.partition(" (")[0]) for file, error in found.errors.items()}
    assert errors == {
        "dags/wrong_module.py": (3, "ImportError: cannot import name 'nothing' from 'beside'"),
        "dags/wrong_package.py": (3, "ModuleNotFoundError: No module named 'package.nothing'"),
    }


def test_a_dag_folders_own_airflow_package_is_real(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = {
        "airflow/example_dags/helping.py": "VALUE = 'beside'\n",
        "airflow/example_dags/example.py": f"{IMPORTS}from airflow.example_dags.helping import VALUE\nDAG(VALUE)\nd = DAG(VALUE)\n",
    }
    found = read(tmp_path_factory.mktemp("own"), texts, dags=("airflow/example_dags",))
    assert list(found.parsed) == ["beside"]


def test_the_earlier_import_root_wins(tmp_path_factory: pytest.TempPathFactory) -> None:
    texts = {
        "dags/same.py": "VALUE = 'dags'\n",
        "plugins/same.py": "VALUE = 'plugins'\n",
        "same.py": "VALUE = 'top'\n",
        "plugins/second.py": "VALUE = 'plugins'\n",
        "second.py": "VALUE = 'top'\n",
        "dags/a.py": f"{IMPORTS}import same, second\nd = DAG(same.VALUE + '_' + second.VALUE)\n",
    }
    assert list(read(tmp_path_factory.mktemp("order"), texts).parsed) == ["dags_plugins"]
