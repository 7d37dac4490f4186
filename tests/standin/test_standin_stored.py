"""Variables, Connections and configuration: as supplied, as defaulted, or as symbols."""

from __future__ import annotations

import pytest
from standin_trees import Found, read, read_expressions, shown

PREAMBLE = """import importlib.metadata
import airflow
from airflow.models import Variable, Connection
from airflow.hooks.base import BaseHook
from airflow.configuration import conf
from airflow import configuration
import airflow.sdk as sdk
db = BaseHook.get_connection("db")
"""
OPTIONS = {
    "variables": {"plain": "text", "tree": '{"a": [1]}', "number": "3"},
    "connections": {
        "db": "postgres://me:p%40ss@host:5432/schema?ssl=yes",
        "bare": "http://host",
        "google": "google-cloud-platform://?project=p",
        "fields": {"conn_type": "http", "host": "h", "port": 80, "extra": {"a": 1}},
        "text": {"conn_type": "http", "extra": '{"a": 2}'},
    },
}
CASES: dict[str, tuple[str, object]] = {
    "a Variable": ("Variable.get('plain')", "text"),
    "a Variable as text": ("Variable.get('tree')", '{"a": [1]}'),
    "a Variable as JSON": ("Variable.get('tree', deserialize_json=True)", {"a": [1]}),
    "a Variable as a number": ("int(Variable.get('number')) + 1", 4),
    "a Variable wins over its default": ("Variable.get('plain', 'default')", "text"),
    "a default": ("Variable.get('none', 'default')", "default"),
    "a default by its old name": ("Variable.get('none', default_var=None)", None),
    "a default by its new name": ("Variable.get('none', default={'a': 1})", {"a": 1}),
    "a missing Variable": ("Variable.get('none')", {"$": "variable", "key": "none"}),
    "a missing Variable as JSON": (
        "Variable.get('none', deserialize_json=True)",
        {"$": "variable", "key": "none", "json": True},
    ),
    "setdefault": ("[Variable.setdefault('none', 'd'), Variable.setdefault('plain', 'd')]", ["d", "text"]),
    "writing changes nothing": (
        "[Variable.set('none', 1), Variable.update('none', 1), Variable.delete('none'), Variable.get('none', 'd')]",
        [None, None, None, "d"],
    ),
    "a Variable of the SDK": ("sdk.Variable.get('plain')", "text"),
    "a URI's fields": (
        "[db.conn_id, db.conn_type, db.host, db.login, db.password, db.schema, db.port, db.extra_dejson]",
        ["db", "postgres", "host", "me", "p@ss", "schema", 5432, {"ssl": "yes"}],
    ),
    "a URI": ("db.get_uri()", "postgres://me:p%40ss@host:5432/schema?ssl=yes"),
    "a short URI": ("BaseHook.get_connection('bare').get_uri()", "http://host/"),
    "a URI's type": ("BaseHook.get_connection('google').conn_type", "google_cloud_platform"),
    "a URI's type again": (
        "BaseHook.get_connection('google').get_uri()",
        "google-cloud-platform:///?project=p",
    ),
    "an object's fields": (
        "[BaseHook.get_connection('fields').host, BaseHook.get_connection('fields').port]",
        ["h", 80],
    ),
    "an object's extra": ("BaseHook.get_connection('fields').extra_dejson", {"a": 1}),
    "an object's extra as text": ("BaseHook.get_connection('text').extra_dejson", {"a": 2}),
    "a field that is not set": ("BaseHook.get_connection('bare').login", None),
    "no extra": ("BaseHook.get_connection('bare').extra_dejson", {}),
    "a Connection by its class": ("Connection.get('db').host", "host"),
    "a Connection from secrets": ("Connection.get_connection_from_secrets('db').host", "host"),
    "a Connection that is made": ("Connection(conn_id='x', uri='mysql://h/s').schema", "s"),
    "a Connection of the SDK": ("sdk.Connection.get('db').host", "host"),
    "a missing Connection": ("BaseHook.get_connection('none')", {"$": "connection", "id": "none"}),
    "a missing Connection's field": (
        "BaseHook.get_connection('none').host",
        {"$": "get", "of": {"$": "connection", "id": "none"}, "name": "host"},
    ),
    "a missing Connection in text": (
        "'{c.login}@{c.host}'.format(c=BaseHook.get_connection('none'))",
        "{{ conn.none.login }}@{{ conn.none.host }}",
    ),
    "a setting": ("conf.get('core', 'dags_folder')", {"$": "rooted", "parts": ["", "/dags"]}),
    "a setting in capitals": ("conf.get('CORE', 'DAGS_FOLDER')", {"$": "rooted", "parts": ["", "/dags"]}),
    "a setting of the module": ("configuration.get('core', 'dags_folder')", {"$": "rooted", "parts": ["", "/dags"]}),
    "the conf of the module": ("configuration.conf.get('x', 'y', fallback=1)", 1),
    "a setting's fallback": ("[conf.get('x', 'y', fallback=1), conf.getint('x', 'y', fallback=2)]", [1, 2]),
    "a missing setting": (
        "conf.getboolean('x', 'y')",
        {"$": "call", "function": "airflow.configuration.conf.get", "args": ["x", "y"]},
    ),
    "whether a setting is set": ("[conf.has_option('core', 'dags_folder'), conf.has_option('x', 'y')]", [True, False]),
    "a section": ("conf.getsection('core')", {"dags_folder": {"$": "rooted", "parts": ["", "/dags"]}}),
    "the DAG folder": ("airflow.settings.DAGS_FOLDER", {"$": "rooted", "parts": ["", "/dags"]}),
    "the version": ("airflow.__version__", "3.0.6"),
    "the version's module": ("__import__('airflow.version', fromlist=['x']).version", "3.0.6"),
    "the version of the distribution": ("importlib.metadata.version('apache-airflow')", "3.0.6"),
    "the version compared": ("airflow.__version__ >= '2.7'", True),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    expressions = {name: expression for name, (expression, _) in CASES.items()}
    return read_expressions(
        tmp_path_factory.mktemp("stored"), PREAMBLE, expressions, airflow_version="3.0.6", **OPTIONS
    )


@pytest.mark.parametrize("name", CASES)
def test_what_a_deployment_stores_is_found(found: Found, name: str) -> None:
    assert shown(found.args(name)["value"]) == shown(CASES[name][1])


def test_an_error_names_what_was_not_supplied(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = read(
        tmp_path_factory.mktemp("lacking"),
        {
            "dags/one.py": (
                "import os\nfrom airflow.models import Variable\nfrom airflow.hooks.base import BaseHook\n"
                "{'dev': 1}[Variable.get('env')]  # dag\n"
            ),
            "dags/many.py": (
                "import os\nfrom airflow.models import Variable\nfrom airflow.hooks.base import BaseHook\n"
                "for name in 'abcdef': Variable.get(name)\n"
                "BaseHook.get_connection('db'), os.environ['HOST']\nraise ValueError('x')  # dag\n"
            ),
        },
    )
    assert found.errors["dags/one.py"].error == (
        "KeyError: '{{ var.value.env }}'; not supplied: Variable env (--variables)"
    )
    assert found.errors["dags/many.py"].error == (
        "ValueError: x; not supplied: Variables a, b, c, d and 2 more (--variables); Connection db (--connections); "
        "environment variable HOST (--env)"
    )


def test_a_variable_may_be_the_id_of_a_dag(tmp_path_factory: pytest.TempPathFactory) -> None:
    found = read(
        tmp_path_factory.mktemp("ids"),
        {
            "dags/one.py": (
                "from airflow import DAG\nfrom airflow.models import Variable\n"
                "one, other = DAG(Variable.get('one')), DAG(Variable.get('all', deserialize_json=True)['other'])\n"
            )
        },
    )
    assert sorted(found.parsed) == ["${Variable.get('all')['other']}", "{{ var.value.one }}"]
