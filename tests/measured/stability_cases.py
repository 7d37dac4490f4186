"""Where a value may stand in a DAG, and values whose hash Airflow 3.4.0b2 takes from an address or the hash seed."""

from __future__ import annotations

HEAD = """
import collections, dataclasses, datetime as dt, decimal, enum, functools, os, pathlib, re, threading, types, uuid
import weakref, zoneinfo

# Objects in the way: addresses are others in each process.
HEAP = [[object(), bytes(index % 97)] for index in range(int(os.environ["HEAP"]))]
for index in range(0, len(HEAP), 3):
    HEAP[index] = None

class Plain:
    def run(self): return 1

class Shown:
    def __repr__(self): return f"<Shown at {hex(id(self))}>"
    __str__ = __repr__

class Held:
    def __init__(self): self.inner = Plain()
    def __call__(self, x): return x

class Ended(list): pass
class Colour(enum.Enum): RED = 1
class Flags(enum.Flag):
    A = 1
    B = 2

@dataclasses.dataclass(frozen=True)
class Window:
    names: frozenset
    inner: object

Point = collections.namedtuple("Point", "x y")
MISSING = object()

def work(*args, **kwargs): return 1
def with_default(x=MISSING, y=frozenset("abcd")): return x
def closed(value):
    def inner(): return value
    return inner
@functools.lru_cache
def cached(): return 1
"""
"""What every process declares first; `HEAP` objects are in the way."""

FILE_HEAD = """
from airflow import DAG
from airflow.decorators import task
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.utils.task_group import TaskGroup
"""

AUTHORING_HEAD = """
from dagserial.authoring import DAG, BaseOperator, TaskGroup, task

class BashOperator(BaseOperator): pass
class PythonOperator(BaseOperator): pass
"""

TASK_HEAD = """
@task
def add(x, y=0): return x
"""

VALUES = {
    "frozenset": "frozenset('abcdefgh')",
    "set-of-str": "set('abcdefgh')",
    "mixed-set": "{1, 'a', None, (1, 'b'), 2.5, b'x', frozenset('pq'), True}",
    "set-of-sets": "{frozenset('ab'), frozenset('cd'), frozenset()}",
    "set-in-dict-in-list": "[{'k': {'x', 'y', 'z'}}]",
    "mixed-key-dict": "{1: 'a', '1': 'b', None: 'c', 2.5: 'd', (1, 2): 'e', frozenset('xy'): 'f'}",
    "dict-of-a-set": "dict.fromkeys({'a', 'b', 'c', 'd'})",
    "plain-object": "Plain()",
    "object-in-list": "[Plain(), 1]",
    "object-in-tuple-in-dict": "{'k': (Plain(), Shown())}",
    "object-as-key": "{Plain(): 1, 'a': 2}",
    "objects-in-set": "{Plain(), Shown(), 'a'}",
    "object-in-object": "Held()",
    "object-with-an-address-in-its-repr": "Shown()",
    "object-itself": "object()",
    "sentinel": "MISSING",
    "generator": "(i for i in range(3))",
    "iterator": "iter([1, 2])",
    "map": "map(str, [1, 2])",
    "lambda": "lambda x: -x",
    "function": "work",
    "function-with-object-default": "with_default",
    "closure-over-a-set": "closed({'a', 'b', 'c'})",
    "closure-over-an-object": "closed(Plain())",
    "cached-function": "cached",
    "builtin": "len",
    "partial": "functools.partial(work, 1, k={'a', 'b'})",
    "partial-of-an-object": "functools.partial(work, Plain())",
    "bound-method": "Plain().run",
    "callable-object": "Held()",
    "class": "Plain",
    "module": "functools",
    "decimal": "decimal.Decimal('1.10')",
    "datetime": "dt.datetime(2026, 1, 1)",
    "aware-datetime": "dt.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo('Europe/Paris'))",
    "timedelta": "dt.timedelta(days=1, microseconds=1)",
    "uuid": "uuid.UUID(int=1)",
    "enum": "Colour.RED",
    "flags": "Flags.A | Flags.B",
    "dataclass-of-set-and-object": "Window(frozenset('abcd'), Plain())",
    "namedtuple-of-a-set": "Point({'a', 'b', 'c'}, 1)",
    "list-subclass": "Ended(['a'])",
    "counter": "collections.Counter('abca')",
    "defaultdict": "collections.defaultdict(list, a=[1])",
    "deque": "collections.deque([1, 2])",
    "mapping-proxy": "types.MappingProxyType({'a': {'x', 'y'}})",
    "pattern": "re.compile('a+')",
    "lock": "threading.Lock()",
    "weak-reference": "weakref.ref(Plain)",
    "exception": "ValueError(Plain())",
    "keys-view": "dict.fromkeys('abc').keys()",
    "memoryview": "memoryview(b'ab')",
    "path": "pathlib.PurePosixPath('/a')",
    "nan": "float('nan')",
}
"""Expressions; each is evaluated where it stands."""

SURFACES = {
    "template-field": ("", "BashOperator(task_id='t', bash_command={})"),
    "other-argument": ("", "BashOperator(task_id='t', bash_command='run', value={})"),
    "env-of-a-task": ("", "BashOperator(task_id='t', bash_command='run', env={{'A': {}}})"),
    "op_args": ("", "PythonOperator(task_id='t', python_callable=work, op_args=[{}])"),
    "op_kwargs": ("", "PythonOperator(task_id='t', python_callable=work, op_kwargs={{'x': {}}})"),
    "executor_config": ("", "BashOperator(task_id='t', executor_config={{'KubernetesExecutor': {}}})"),
    "task-params": ("", "BashOperator(task_id='t', params={{'p': {}}})"),
    "partial": ("", "BashOperator.partial(task_id='t', value={}).expand(bash_command=['a', 'b'])"),
    "expand": ("", "BashOperator.partial(task_id='t').expand(value=[{}, 1])"),
    "expand_kwargs": ("", "BashOperator.partial(task_id='t').expand_kwargs([{{'value': {}}}, {{'value': 1}}])"),
    "taskflow-call": ("", "add({})"),
    "taskflow-partial": ("", "add.partial(y={}).expand(x=[1, 2])"),
    "taskflow-expand": ("", "add.expand(x=[{}, 2])"),
    "set-later": ("", "BashOperator(task_id='t', bash_command='run').value = {}"),
    "default_args": ("default_args={{'value': {}}}", "BashOperator(task_id='t', bash_command='run')"),
    "group-default_args": ("", "TaskGroup('g', default_args={{'value': {}}})"),
    "dag-params": ("params={{'p': {}}}", "pass"),
    "user_defined_macros": ("user_defined_macros={{'m': {}}}", "pass"),
    "user_defined_filters": ("user_defined_filters={{'m': {}}}", "pass"),
    "jinja_environment_kwargs": ("jinja_environment_kwargs={{'k': {}}}", "pass"),
    "on_failure_callback": ("on_failure_callback=[{}]", "pass"),
    "access_control": ("access_control={{'role': {}}}", "pass"),
    "unknown-argument": ("unheard_of={}", "pass"),
}
"""Arguments of the DAG, and the block below it, with a gap for the value; TaskFlow's partial and expand are surfaces too."""

COMBINATIONS = [f"{surface}.{value}" for surface in SURFACES for value in VALUES]
"""Every combination by the dag_id of its DAG."""


def blocks(surface: str) -> str:
    """Return the DAGs of one surface, one for each value."""
    arguments, below = SURFACES[surface]
    texts = []
    for name, value in VALUES.items():
        passed = f", {arguments.format(value)}" if arguments else ""
        texts.append(
            f"with DAG({f'{surface}.{name}'!r}{passed}) as dag:\n    {below.format(value)}\nDAGS.append(dag)\n"
        )
    return "DAGS = []\n" + "".join(texts)
