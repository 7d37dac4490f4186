"""Pairs of DAGs that mean two things, each measured to share one hash, or to fall together, in Airflow 3.4.0b2.

A case is two texts: what stands in `DAG(...)` beside the dag_id, and the block below it, per side.
"""

from __future__ import annotations

HEAD = """
import datetime as dt, dataclasses, decimal, enum, functools, jinja2, pathlib, uuid

from airflow import DAG
from airflow.decorators import task, task_group
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.sensors.filesystem import FileSensor
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

def one(*args, **kwargs): return 1
def two(*args, **kwargs): return 2

class Lenient(jinja2.Undefined): pass

@dataclasses.dataclass(frozen=True)
class Window:
    hours: int

class Colour(enum.Enum):
    RED = 1
    BLUE = 2

class Plain:
    def __init__(self, state): self.state = state

@task
def add(x, y=0): return x
"""
"""What both sides of every case begin with."""

AUTHORING_HEAD = """
import datetime as dt, dataclasses, decimal, enum, functools, jinja2, pathlib, uuid

from dagserial.authoring import DAG, BaseOperator, task, task_group

class BashOperator(BaseOperator): pass
class PythonOperator(BaseOperator): pass
class FileSensor(BaseOperator): pass
class KubernetesPodOperator(BaseOperator): pass
""" + HEAD[HEAD.index("\ndef one") :]
"""The same, with the authoring objects in place of Airflow's."""


def value(left: str, right: str) -> tuple[str, str, str, str]:
    """Return a case of two values of one argument."""
    block = "BashOperator(task_id='t', bash_command='run', value={})"
    return "", block.format(left), "", block.format(right)


def dag(left: str, right: str) -> tuple[str, str, str, str]:
    """Return a case of two arguments of the DAG."""
    return left, "pass", right, "pass"


def block(left: str, right: str) -> tuple[str, str, str, str]:
    """Return a case of two blocks below the DAG."""
    return "", left, "", right


ORDER = {
    "argv-order": block(
        "KubernetesPodOperator(task_id='t', cmds=['cp', 'src', 'dst'])",
        "KubernetesPodOperator(task_id='t', cmds=['cp', 'dst', 'src'])",
    ),
    "arguments-order": block(
        "KubernetesPodOperator(task_id='t', arguments=['--from', 'a', '--to', 'b'])",
        "KubernetesPodOperator(task_id='t', arguments=['--from', 'b', '--to', 'a'])",
    ),
    "op_args-order": block(
        "PythonOperator(task_id='t', python_callable=one, op_args=['a', 'b'])",
        "PythonOperator(task_id='t', python_callable=one, op_args=['b', 'a'])",
    ),
    "expand-op_args-order": block(
        "PythonOperator.partial(task_id='t', python_callable=one).expand(op_args=['a', 'b'])",
        "PythonOperator.partial(task_id='t', python_callable=one).expand(op_args=['b', 'a'])",
    ),
    "expand-parameter-order": block("add.expand(x=[1, 2], y=[3, 4])", "add.expand(y=[3, 4], x=[1, 2])"),
    "expand-dict-order": block("add.expand(x={'a': 1, 'b': 2})", "add.expand(x={'b': 2, 'a': 1})"),
    "expand_kwargs-order": block(
        "add.expand_kwargs([{'x': 1}, {'x': 2}])",
        "add.expand_kwargs([{'x': 2}, {'x': 1}])",
    ),
}
"""An order that decides what runs; Airflow sorts every list of strings."""

ARGUMENTS = {
    "bash-skip_on_exit_code": block(
        "BashOperator(task_id='t', bash_command='run', skip_on_exit_code=99)",
        "BashOperator(task_id='t', bash_command='run', skip_on_exit_code=100)",
    ),
    "bash-append_env": block(
        "BashOperator(task_id='t', bash_command='run', append_env=True)",
        "BashOperator(task_id='t', bash_command='run', append_env=False)",
    ),
    "sensor-poke_interval": block(
        "FileSensor(task_id='t', filepath='f', poke_interval=5)",
        "FileSensor(task_id='t', filepath='f', poke_interval=6)",
    ),
    "sensor-timeout": block(
        "FileSensor(task_id='t', filepath='f', timeout=60)", "FileSensor(task_id='t', filepath='f', timeout=61)"
    ),
    "sensor-soft_fail": block(
        "FileSensor(task_id='t', filepath='f', soft_fail=True)",
        "FileSensor(task_id='t', filepath='f', soft_fail=False)",
    ),
    "argument-passed-or-not": block(
        "BashOperator(task_id='t', bash_command='run')",
        "BashOperator(task_id='t', bash_command='run', append_env=None)",
    ),
    "python_callable": block(
        "PythonOperator(task_id='t', python_callable=one)", "PythonOperator(task_id='t', python_callable=two)"
    ),
    "python_callable-lambda-body": block(
        "PythonOperator(task_id='t', python_callable=lambda x: x)",
        "PythonOperator(task_id='t', python_callable=lambda x: -x)",
    ),
    "on_execute_callback": block(
        "BashOperator(task_id='t', on_execute_callback=one)", "BashOperator(task_id='t', on_execute_callback=two)"
    ),
    "task-on_failure_callback": block(
        "BashOperator(task_id='t', on_failure_callback=one)", "BashOperator(task_id='t', on_failure_callback=two)"
    ),
    "executor_config": block(
        "BashOperator(task_id='t', executor_config={'image': 'a'})",
        "BashOperator(task_id='t', executor_config={'image': 'b'})",
    ),
}
"""Arguments that are no template fields: Airflow leaves them out."""

TYPES = {
    "tuple-vs-list": value("(1, 2)", "[1, 2]"),
    "set-vs-list": value("{'a', 'b'}", "['a', 'b']"),
    "set-vs-frozenset": value("{'a', 'b'}", "frozenset({'a', 'b'})"),
    "set-vs-tuple": value("{'a'}", "('a',)"),
    "bytes-vs-repr": value("b'ab'", "\"b'ab'\""),
    "bytes-vs-str": value("b'ab'", "'ab'"),
    "decimal-vs-str": value("decimal.Decimal('1.10')", "'1.10'"),
    "decimal-vs-float": value("decimal.Decimal('1.5')", "1.5"),
    "decimal-trailing-zero": value("decimal.Decimal('1.10')", "decimal.Decimal('1.1')"),
    "datetime-vs-str": value("dt.datetime(2026, 1, 1)", "'2026-01-01T00:00:00'"),
    "datetime-naive-vs-utc": value("dt.datetime(2026, 1, 1)", "dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc)"),
    "datetime-vs-date": value("dt.datetime(2026, 1, 1)", "dt.date(2026, 1, 1)"),
    "timedelta-vs-seconds": value("dt.timedelta(seconds=5)", "5.0"),
    "uuid-vs-str": value("uuid.UUID(int=1)", "str(uuid.UUID(int=1))"),
    "path-vs-str": value("pathlib.PurePosixPath('/a')", "'/a'"),
    "enum-vs-value": value("Colour.RED", "1"),
    "enum-member": value("Colour.RED", "Colour.BLUE"),
    "int-vs-float": value("1", "1.0"),
    "int-vs-bool": value("1", "True"),
    "int-vs-str": value("1", "'1'"),
    "zero-vs-minus-zero": value("0.0", "-0.0"),
    "none-vs-str": value("None", "'None'"),
    "int-key-vs-str-key": value("{1: 'a'}", "{'1': 'a'}"),
    "both-keys-kept": value("{1: 'a', '1': 'b'}", "{'1': 'b'}"),
    "both-keys-kept-their-values": value("{1: 'a', '1': 'b'}", "{1: 'b', '1': 'a'}"),
    "none-key-vs-str-key": value("{None: 1}", "{'None': 1}"),
    "bool-key-vs-int-key": value("{True: 1}", "{1: 1}"),
    "tag-of-a-user": value("{'$': 'tuple', 'items': [1]}", "(1,)"),
    "object-state": value("Plain(1)", "Plain(2)"),
    "dataclass-state": value("Window(1)", "Window(2)"),
    "partial-argument": value("functools.partial(one, 1)", "functools.partial(one, 2)"),
    "partial-keyword": value("functools.partial(one, a=1)", "functools.partial(one, a=2)"),
    "partial-function": value("functools.partial(one, 1)", "functools.partial(two, 1)"),
    "lambda-body": value("lambda x: x", "lambda x: -x"),
    "lambda-default": value("lambda x=1: x", "lambda x=2: x"),
}
"""Values that Airflow writes alike."""

DAG_LEVEL = {
    "user_defined_macros": dag("user_defined_macros={'f': one}", "user_defined_macros={'f': two}"),
    "user_defined_macros-lambda": dag("user_defined_macros={'f': lambda: 1}", "user_defined_macros={'f': lambda: 2}"),
    "user_defined_filters": dag("user_defined_filters={'f': one}", "user_defined_filters={'f': two}"),
    "template_searchpath": dag("template_searchpath=['/a', '/b']", "template_searchpath=['/b', '/a']"),
    "jinja_environment_kwargs": dag(
        "jinja_environment_kwargs={'trim_blocks': True}", "jinja_environment_kwargs={'trim_blocks': False}"
    ),
    "on_failure_callback": dag("on_failure_callback=one", "on_failure_callback=two"),
    "on_success_callback": dag("on_success_callback=one", "on_success_callback=[one, two]"),
    "auto_register": dag("auto_register=True", "auto_register=False"),
    "template_undefined": dag("template_undefined=jinja2.StrictUndefined", "template_undefined=Lenient"),
    "render_template_as_native_obj": dag("render_template_as_native_obj=True", "render_template_as_native_obj=False"),
    "schedule": dag("schedule='@daily'", "schedule='@hourly'"),
    "schedule-none-or-not-said": dag("schedule=None", ""),
    "catchup": dag("catchup=True", "catchup=False"),
    "max_active_runs": dag("max_active_runs=1", "max_active_runs=2"),
    "tags": dag("tags=['a']", "tags=['b']"),
    "params": dag("params={'a': 1}", "params={'a': 2}"),
    "params-order": dag("params={'a': 1, 'b': 2}", "params={'b': 2, 'a': 1}"),
    "default_args": dag("default_args={'retries': 1}", "default_args={'retries': 2}"),
    "doc_md": dag("doc_md='a'", "doc_md='b'"),
    "owner_links": dag("owner_links={'a': 'https://a'}", "owner_links={'a': 'https://b'}"),
}
"""Arguments of the DAG itself; Airflow's hash misses seven of these."""

CASES = ORDER | ARGUMENTS | TYPES | DAG_LEVEL
"""Every pair by its name."""


def side(name: str, at: int, head: str = HEAD) -> str:
    """Return the DAG file of one side of a case; both sides have one dag_id."""
    arguments, below = CASES[name][2 * at : 2 * at + 2]
    return f"{head}\nwith DAG({name!r}{', ' * bool(arguments)}{arguments}) as dag:\n    {below}\n"


def stem(name: str) -> str:
    """Return the module name of a case: that of both sides, since callables are written with it."""
    return "case_" + name.replace("-", "_")
