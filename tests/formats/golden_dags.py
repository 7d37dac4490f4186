"""The DAG files that the golden records of format 2 are of: name, what it shows, text; the dag_id is the name."""

from __future__ import annotations

HEAD = """
import collections, dataclasses, datetime as dt, decimal, enum, functools, math, pathlib, uuid, zoneinfo
from dateutil.relativedelta import relativedelta
from airflow import DAG
from airflow.decorators import setup, task, task_group, teardown
from airflow.models.param import Param
from airflow.operators.bash import BashOperator
from airflow.operators.python import PythonOperator
from airflow.utils.edgemodifier import Label
from airflow.utils.task_group import TaskGroup
"""

GOLDENS: dict[str, tuple[str, str]] = {
    "minimal": ("a DAG with an id and nothing else", "dag = DAG('minimal')"),
    "plain_tasks": (
        "tasks, their arguments, edges, default_args",
        """
with DAG("plain_tasks", schedule="@daily", start_date=dt.datetime(2026, 1, 1), catchup=False, tags=["a", "b"], default_args={"owner": "data", "retries": 2}):
    extract = BashOperator(task_id="extract", bash_command="extract {{ ds }}", retries=3)
    load = BashOperator(task_id="load", bash_command="load", env={"A": "1"}, trigger_rule="all_done")
    extract >> load
""",
    ),
    "numbers": (
        "1, 1.0, true, and the numbers that JSON lacks",
        """
with DAG("numbers"):
    BashOperator(task_id="t", exact=[0, 1, -1, 2**53 - 1, 0.5, 1e-7, -2.5, True, None], tagged=[1.0, -0.0, 1e21, 5e-6, math.nan, math.inf, -math.inf, 2**53, -(2**70)], others=[1 + 2j, decimal.Decimal("1.10"), range(1, 9, 2)])
""",
    ),
    "texts": (
        "characters that are escaped, and those that are not; keys that sort by UTF-16 unit; a user's own `$`",
        r"""
with DAG("texts", description="é € 😀 \u2028 \x00\x1f\x7f\"\\/"):
    BashOperator(task_id="t", env={"😀": 1, "דּ": 2, "é": 3, "Z": 4, "a": 5, "": 6}, escaped={"$": "tuple", "items": [1]})
""",
    ),
    "containers": (
        "lists keep their order, sets are sorted; tuples, dicts with other keys",
        """
with DAG("containers"):
    BashOperator(task_id="t", lists=[["b", "a"], ("b", "a"), (), []], sets=[{"b", "a", 1, None}, frozenset({(2, 1), "x"}), set()], dicts=[{1: "a", "1": "b", None: "c"}, {}, {"b": {"a": 1}}])
""",
    ),
    "times": (
        "dates and times with their zone and fold, durations",
        """
with DAG("times", start_date=dt.datetime(2026, 1, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))):
    night = dt.datetime(2026, 10, 25, 2, 30, tzinfo=zoneinfo.ZoneInfo("Europe/Paris"))
    BashOperator(task_id="t", naive=dt.datetime(2026, 1, 1, 1, 2, 3, 4), aware=[night, night.replace(fold=1), dt.datetime(2026, 1, 1, tzinfo=dt.timezone.utc), dt.datetime(2026, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))], day=dt.date(2026, 1, 1), at=[dt.time(1, 2), dt.time(1, 2, tzinfo=dt.timezone.utc)], lasts=[dt.timedelta(days=1, seconds=2, microseconds=3), -dt.timedelta(seconds=30)], zone=zoneinfo.ZoneInfo("Asia/Tokyo"), calendar=[relativedelta(months=1), relativedelta(day=31)])
""",
    ),
    "objects": (
        "bytes, UUIDs, paths, members of enumerations, objects that declare their fields, and one that does not",
        """
class Colour(enum.Enum):
    RED = 1
class Count(enum.IntEnum):
    ONE = 1
@dataclasses.dataclass
class Window:
    hours: int
    names: frozenset = frozenset({"a"})
Point = collections.namedtuple("Point", "x y")
class Plain: pass
with DAG("objects"):
    BashOperator(task_id="t", bytes=b"ab\\x00", uuid=uuid.UUID(int=1), path=pathlib.PurePosixPath("/a/b"), enums=[Colour.RED, Count.ONE], declared=[Window(1), Point(1, {2})], named=[Colour, decimal], plain=Plain(), opaque=object())
""",
    ),
    "callables": (
        "functions by name and digest of their source, closures, partials, methods",
        """
def work(x, y=1):
    return x + y
def outer(limit):
    def inner(x):
        return x < limit
    return inner
class Client:
    @classmethod
    def run(cls): return 1
with DAG("callables", on_failure_callback=work, user_defined_macros={"double": lambda x: 2 * x}):
    PythonOperator(task_id="t", python_callable=work, op_kwargs={"functions": [outer(3), functools.partial(work, 1, y=2), Client.run, len, str.upper, "-".join]})
""",
    ),
    "taskflow": (
        "decorated functions, and XComs as arguments",
        """
with DAG("taskflow"):
    @task
    def extract(): return [1]
    @task(multiple_outputs=True)
    def split(items): return {"a": items}
    @task.branch
    def choose(a): return "load"
    @task
    def load(a): return None
    parts = split(extract())
    choose(parts["a"]) >> load(parts)
""",
    ),
    "mapped_tasks": (
        "`expand` in declared order, dicts, `expand_kwargs`, XComs put through functions, zipped and concatenated",
        """
with DAG("mapped_tasks"):
    @task
    def make(): return [1]
    @task
    def add(x, y=0): return x
    made = make()
    BashOperator.partial(task_id="literal", retries=2).expand(bash_command=["b", "a"], env=[{"A": "1"}, {"A": "2"}])
    BashOperator.partial(task_id="kwargs").expand_kwargs([{"bash_command": "a"}, {"bash_command": "b"}])
    add.partial(y=1).expand(x={"b": 1, "a": 2})
    add.expand(y=[1], x=made.map(lambda item: item + 1))
    add.expand(x=made.zip(make(), fillvalue=0))
    add.expand_kwargs(made.map(lambda item: {"x": item}))
    add.expand(x=made.concat(make()))
    add.expand(x=made.filter(lambda item: item))
""",
    ),
    "groups": (
        "groups in each other, labels, an edge drawn to a group, an argument that is a task",
        """
with DAG("groups"):
    first = BashOperator(task_id="first")
    with TaskGroup("outer", tooltip="all of it", default_args={"retries": 1}) as outer:
        with TaskGroup("inner", prefix_group_id=False) as inner:
            BashOperator(task_id="a") >> Label("then") >> BashOperator(task_id="b")
    first >> Label("go") >> outer
    BashOperator(task_id="told", about=[first, inner, first.dag])
""",
    ),
    "mapped_groups": (
        "a mapped group with a mapped task in it",
        """
with DAG("mapped_groups"):
    @task
    def add(x, y=0): return x
    @task_group
    def each(item, fixed):
        add.partial(y=fixed).expand(x=[1, 2])
        add(item)
    each.partial(fixed=1).expand(item=["a", "b"])
""",
    ),
    "setup_teardown": (
        "setup and teardown, and whether its failure fails the run",
        """
with DAG("setup_teardown"):
    @setup
    def create(): pass
    @teardown(on_failure_fail_dagrun=True)
    def drop(): pass
    create() >> BashOperator(task_id="work") >> drop()
""",
    ),
    "params": (
        "params in declared order, with a JSON Schema, and as arguments",
        """
with DAG("params", params={"z": 1, "a": Param("eu", type="string", enum=["eu", "us"], description="where")}) as dag:
    BashOperator(task_id="t", region=dag.param("a"), params={"own": 2})
""",
    ),
    **{
        f"schedule_{name}": (f"a schedule: {shows}", f"{before}\ndag = DAG('schedule_{name}', schedule={schedule})")
        for name, shows, before, schedule in [
            ("none", "None", "", "None"),
            ("cron", "cron", "", "'0 3 * * *'"),
            ("timedelta", "timedelta", "", "dt.timedelta(hours=6)"),
            ("relativedelta", "relativedelta", "", "relativedelta(months=1)"),
            (
                "timetable",
                "a timetable",
                "from airflow.timetables.trigger import CronTriggerTimetable",
                "CronTriggerTimetable('0 3 * * *', timezone='UTC')",
            ),
            (
                "assets",
                "assets, with and, or, alias",
                "from airflow.sdk import Asset, AssetAlias",
                "(Asset('s3://a') & Asset(name='b', uri='s3://b', group='g', extra={'k': 1})) | AssetAlias('c')",
            ),
            ("asset_list", "a list of assets", "from airflow.sdk import Asset", "[Asset('s3://b'), Asset('s3://a')]"),
        ]
    },
    "asset_arguments": (
        "assets as outlets, and a reference to one",
        """
from airflow.sdk import Asset
with DAG("asset_arguments"):
    BashOperator(task_id="t", outlets=[Asset("s3://a")], inlets=[Asset.ref(name="a"), Asset.ref(uri="s3://b")])
""",
    ),
    "unknown": (
        "what only the deployment or an absent package knows",
        """
import os
import acme
from acme.things import Thing, LIMIT
from airflow.models import Variable
from airflow.hooks.base import BaseHook
with DAG("unknown"):
    BashOperator(task_id="t", variable=[Variable.get("key"), Variable.get("key", deserialize_json=True)], connection=BaseHook.get_connection("db").host, environment=os.environ["REGION"], symbols=[LIMIT, acme.things.limits["a"], acme.things.make(1, k=2), LIMIT + 1], built=Thing("a", size=acme.size))
""",
    ),
    "own_folder": (
        "a text in which the folder of the tree stands",
        """
with DAG("own_folder"):
    BashOperator(task_id="t", bash_command="run " + str(pathlib.Path(__file__).parent / "sql") + " now")
""",
    ),
    "code": (
        "a custom operator and a function with what they use by name, and a file of the tree",
        """
LIMIT = 3
def helper(x):
    return x < LIMIT
def work(x):
    return helper(x)
class Load(BashOperator):
    def execute(self, context):
        return work(1)
with DAG("code"):
    Load(task_id="load", bash_command="minimal.py")
    PythonOperator(task_id="run", python_callable=work)
""",
    ),
    "every_dag_argument": (
        "arguments of the DAG, old names under their new ones, and one that no version knows",
        """
dag = DAG("every_dag_argument", access_control={"role": {"can_read"}}, auto_register=False, catchup=True, concurrency=3, dag_display_name="Every", dagrun_timeout=dt.timedelta(hours=1), description="d", doc_md="# d", end_date=dt.date(2026, 2, 1), fail_stop=True, is_paused_upon_creation=False, jinja_environment_kwargs={"trim_blocks": True}, max_active_runs=1, max_consecutive_failed_dag_runs=2, orientation="TB", owner_links={"data": "https://example.invalid"}, render_template_as_native_obj=True, schedule_interval="@once", sla_miss_callback=None, template_searchpath=["/b", "/a"], unheard_of=1)
""",
    ),
}
"""Each golden by its name, with what it shows and the DAG file below `HEAD`."""

BLOBS: dict[str, tuple[str, str]] = {
    "of_a_blob": (
        "a DAG as Airflow 3.3 serialized it: what is unknown, and what absence says",
        """
{"__version": 3, "dag": {"dag_id": "of_a_blob", "timezone": "UTC", "fileloc": "/dags/etl.py", "catchup": true,
  "timetable": {"__type": "airflow.timetables.trigger.CronTriggerTimetable", "__var": {"expression": "0 3 * * *", "timezone": "UTC", "interval": 0.0, "run_immediately": false}},
  "task_group": {"_group_id": null, "prefix_group_id": true, "children": {"load": ["operator", "load"], "send": ["operator", "send"]}},
  "edge_info": {}, "params": [], "tasks": [
    {"__type": "operator", "__var": {"task_id": "load", "task_type": "_PythonDecoratedOperator", "_operator_name": "@task", "template_fields": ["op_args", "op_kwargs"], "op_args": ["<callable unusual_prefix_0123456789012345678901234567890123456789_etl.clean>"], "op_kwargs": {}, "python_callable_name": "load", "retry_delay": 300.0, "retries": 2, "has_on_failure_callback": true, "downstream_task_ids": ["send"]}},
    {"__type": "operator", "__var": {"task_id": "send", "task_type": "BashOperator", "_task_module": "airflow.providers.standard.operators.bash", "template_fields": ["bash_command"], "bash_command": "Truncated. You can change this behaviour in [core]max_templated_field_length. select 1...", "retry_delay": 300.0}}]},
 "client_defaults": {"tasks": {"queue": "special"}}}
""",
    ),
}
"""Each golden of a blob by its name, with what it shows and the blob."""
