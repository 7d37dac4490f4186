"""The DAG files of fixtures/dags: every Airflow's own words, none installed."""

from __future__ import annotations

import pytest
from standin_trees import Found, shown
from support import ROOT

from dagserial.sources import files
from dagserial.sources.reading import ReadOptions

FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="module")
def found() -> Found:
    return Found(files.read(FIXTURES, ReadOptions(dags=("dags",))))


def test_every_fixture_is_read(found: Found) -> None:
    assert found.errors == {}
    expected = {f"dags/{path.name}" for path in (FIXTURES / "dags").glob("*.py")}
    assert {parsed.provenance.file for parsed in found.parsed.values()} == expected


def test_every_fixture_is_listed_in_the_readme() -> None:
    listed = (FIXTURES / "dags" / "README.md").read_text()
    names = [path.name for path in (FIXTURES / "dags").glob("*.py")]
    assert [name for name in names if f"| `{name}` |" not in listed] == []


class TestAirflow1:
    def test_operators_stand_under_the_newest_paths_they_have(self, found: Found) -> None:
        assert found.operators("airflow_1_10") == {
            "wait": "airflow.providers.google.cloud.sensors.gcs.GCSObjectExistenceSensor",
            "load": "airflow.providers.google.cloud.operators.bigquery.BigQueryExecuteQueryOperator",
            "query": "airflow_1_10.QueryOperator",
            "check": "airflow.providers.standard.operators.python.PythonOperator",
            "parts": "airflow.operators.subdag.SubDagOperator",
        }

    def test_positional_and_renamed_arguments_of_the_dag_are_named(self, found: Found) -> None:
        fields = found.fields("airflow_1_10")
        assert {
            name: fields[name] for name in ("description", "schedule", "max_active_tasks", "catchup", "doc_md")
        } == {
            "description": "An old one",
            "schedule": {"$": "timedelta", "value": "P1D"},
            "max_active_tasks": 4,
            "catchup": False,
            "doc_md": "A DAG as Airflow 1.10 wrote it.",
        }

    def test_a_task_holds_the_default_args_and_its_own(self, found: Found) -> None:
        assert shown(found.args("airflow_1_10", "query")) == shown(
            {
                "owner": "data",
                "depends_on_past": False,
                "start_date": {"$": "call", "function": "airflow.utils.dates.days_ago", "args": [2]},
                "retries": 1,
                "retry_delay": {"$": "timedelta", "value": "PT300S"},
                "sql": "select 1",
                "trigger_rule": "all_done",
            }
        )
        assert found.args("airflow_1_10", "check")["doc_md"] == "Looks *once*."

    def test_edges_are_drawn_by_helpers_and_lists(self, found: Found) -> None:
        assert found.upstream("airflow_1_10") == {
            "load": ("wait",),
            "query": ("load",),
            "check": ("query",),
            "parts": ("query",),
        }

    def test_a_sub_dag_is_a_dag_of_its_own(self, found: Found) -> None:
        assert found.args("airflow_1_10", "parts")["subdag"] == {"$": "dag", "dag_id": "airflow_1_10.parts"}
        assert found.operators("airflow_1_10.parts") == {
            "clean": "airflow.providers.standard.operators.empty.EmptyOperator"
        }


class TestAirflow2:
    def test_operators_of_any_provider_are_known_by_their_import(self, found: Found) -> None:
        assert found.operators("airflow_2") == {
            "ready": "airflow.providers.http.sensors.http.HttpSensor",
            "branch": "airflow.providers.standard.operators.python.BranchPythonOperator",
            "load.copy": "airflow.providers.amazon.aws.transfers.s3_to_redshift.S3ToRedshiftOperator",
            "load.query": "airflow.providers.snowflake.operators.snowflake.SnowflakeOperator",
            "skip": "airflow.providers.standard.operators.empty.EmptyOperator",
            "pod": "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator",
            "later": "airflow.providers.standard.sensors.time_delta.TimeDeltaSensorAsync",
            "again": "airflow.providers.standard.operators.trigger_dagrun.TriggerDagRunOperator",
        }

    def test_groups_labels_and_chains_hold(self, found: Found) -> None:
        assert found.upstream("airflow_2") == {
            "branch": ("ready",),
            "load.copy": ("branch",),
            "load.query": ("load.copy",),
            "skip": ("branch",),
            "pod": ("load.query",),
            "later": ("skip",),
            "again": ("later", "pod"),
        }
        tasks = found.parsed["airflow_2"].dag.tasks
        assert (tasks["load.copy"].labels, tasks["skip"].labels) == ({"branch": "new"}, {"branch": "old"})
        assert found.parsed["airflow_2"].dag.groups["load"].tooltip == "Load it"

    def test_functions_stand_by_name_and_digest(self, found: Found) -> None:
        callback = found.args("airflow_2", "skip")["on_failure_callback"]
        assert (callback["$"], callback["name"], callback["code"][:7]) == ("callable", "airflow_2.alert", "sha256:")
        assert found.args("airflow_2", "branch")["retries"] == 0

    def test_a_schedule_interval_is_a_schedule(self, found: Found) -> None:
        assert found.fields("airflow_2")["schedule"] == "0 6 * * *"


class TestAirflow3:
    def test_the_schedule_is_a_condition_over_assets(self, found: Found) -> None:
        assert found.fields("airflow_3")["schedule"] == {
            "$": "asset_any",
            "objects": [
                {
                    "$": "asset_all",
                    "objects": [
                        {"$": "asset", "uri": "s3://bucket/orders"},
                        {
                            "$": "asset",
                            "name": "users",
                            "uri": "s3://bucket/users",
                            "group": "crm",
                            "extra": {"owner": "me"},
                        },
                    ],
                },
                {"$": "asset_alias", "name": "any"},
            ],
        }

    def test_inlets_outlets_params_and_tags_are_kept(self, found: Found) -> None:
        assert found.args("airflow_3", "extract") == {
            "bash_command": "extract",
            "outlets": [{"$": "asset", "uri": "s3://bucket/orders"}],
            "inlets": [{"$": "asset_ref", "name": "users"}],
        }
        assert found.fields("airflow_3")["tags"] == {"$": "set", "items": ["a", "b"]}
        assert [name for name, _ in found.fields("airflow_3")["params"]] == ["region", "limit"]
        assert found.fields("airflow_3")["start_date"]["zone"] == "Europe/Paris"

    def test_operators_of_the_standard_provider_are_known(self, found: Found) -> None:
        assert set(found.operators("airflow_3").values()) == {"airflow.providers.standard.operators.bash.BashOperator"}
        assert found.args("airflow_3", "checks.check")["trigger_rule"] == "all_done"
        assert found.parsed["airflow_3"].dag.tasks["checks.check"].labels == {"extract": "then"}

    def test_a_decorated_dag_is_read(self, found: Found) -> None:
        assert found.operators("airflow_3_taskflow") == {"count": "@task", "any_at_all": "@task.short_circuit"}
        assert found.fields("airflow_3_taskflow")["doc_md"] == "Count what was extracted."
        assert found.args("airflow_3_taskflow", "count")["op_args"] == [{"$": "dag_param", "name": "region"}]
        assert found.fields("airflow_3_taskflow")["schedule"] == {
            "$": "object",
            "class": "airflow.sdk.CronTriggerTimetable",
            "args": ["0 0 * * *"],
            "kwargs": {"timezone": "UTC"},
        }


class TestAssets:
    def test_an_asset_function_is_a_dag_with_one_task(self, found: Found) -> None:
        assert found.fields("raw") == {"schedule": "@daily", "tags": ["lake"]}
        task = found.args("raw", "raw")
        assert task["outlets"] == [{"$": "asset", "name": "raw", "uri": "s3://raw", "group": "lake"}]
        assert task["inlets"] == [{"$": "asset_ref", "name": "source"}]
        assert found.operators("raw") == {"raw": "@task.asset"}

    def test_its_name_is_the_dag_id_and_it_schedules_others(self, found: Found) -> None:
        assert found.fields("cleaned")["schedule"] == {"$": "asset", "name": "raw", "uri": "s3://raw", "group": "lake"}
        assert list(found.operators("cleaned")) == ["clean"]

    def test_several_assets_are_one_dag_and_schedule_others_together(self, found: Found) -> None:
        both = [{"$": "asset", "uri": "s3://one"}, {"$": "asset", "uri": "s3://two"}]
        assert found.args("several", "several")["outlets"] == both
        assert found.fields("assets_several")["schedule"] == {"$": "asset_all", "objects": both}

    def test_an_asset_of_a_task_keeps_the_tasks_kind(self, found: Found) -> None:
        assert found.operators("by_bash") == {"by_bash": "@task.bash"}
        assert found.args("by_bash", "by_bash")["outlets"] == [{"$": "asset", "uri": "by_bash"}]

    def test_conditions_nest_and_stand_in_timetables(self, found: Found) -> None:
        one = {"$": "asset", "uri": "s3://one"}
        assert found.fields("assets_conditions")["schedule"] == {
            "$": "asset_any",
            "objects": [
                one,
                {
                    "$": "asset_all",
                    "objects": [{"$": "asset", "uri": "s3://two"}, {"$": "asset_alias", "name": "alias"}],
                },
            ],
        }
        timetable = found.fields("assets_or_time")["schedule"]
        assert timetable["class"] == "airflow.timetables.datasets.DatasetOrTimeSchedule"
        assert timetable["kwargs"]["datasets"] == [one]


def test_objects_of_kubernetes_are_written_by_class_and_arguments(found: Found) -> None:
    pod = found.args("kubernetes_pods", "pod")
    assert pod["volumes"] == [
        {
            "$": "object",
            "class": "kubernetes.client.V1Volume",
            "kwargs": {
                "name": "scratch",
                "empty_dir": {"$": "object", "class": "kubernetes.client.V1EmptyDirVolumeSource"},
            },
        }
    ]
    assert pod["volume_mounts"][0]["args"] == ["/scratch", "scratch"]
    assert pod["secrets"][0] == {
        "$": "object",
        "class": "airflow.providers.cncf.kubernetes.secret.Secret",
        "args": ["env", "TOKEN", "tokens", "api"],
    }
    override = found.args("kubernetes_pods", "override")["executor_config"]["pod_override"]
    assert override["kwargs"]["spec"]["kwargs"]["containers"][0]["kwargs"] == {"name": "base"}


class TestSubclasses:
    def test_they_stand_under_the_file_that_holds_them(self, found: Found) -> None:
        assert found.operators("subclasses") == {
            "mixed": "subclasses.MixedOperator",
            "audited": "subclasses.AuditedOperator",
            "twice": "subclasses.TwiceAbsent",
            "vendor": "subclasses.VendorQuery",
            "sensor": "subclasses.LoggingSensor",
            "defaulting": "subclasses.DefaultingOperator",
            "seen": "airflow.providers.standard.operators.bash.BashOperator",
        }

    @pytest.mark.parametrize(
        ("task_id", "own"),
        [
            ("mixed", {"label": "x", "bash_command": "a"}),
            ("audited", {"query": "q"}),
            ("twice", {"z": 1}),
            ("vendor", {"query": "q"}),
            ("sensor", {}),
            ("defaulting", {}),
        ],
    )
    def test_they_declare_what_their_caller_passed(self, found: Found, task_id: str, own: dict[str, object]) -> None:
        assert shown(found.args("subclasses", task_id)) == shown({"bucket": "shared", "retries": 2, **own})

    def test_default_args_reach_their_constructors(self, found: Found) -> None:
        seen = found.args("subclasses", "seen")
        assert (seen["target"], seen["retries_seen"]) == ("s3://shared", 2)

    def test_their_template_fields_add_to_unknown_ones(self, found: Found) -> None:
        assert found.args("subclasses", "seen")["fields"] == [
            {"$": "tuple", "items": ["query"]},
            {"$": "tuple", "items": [".sql"]},
        ]

    def test_they_are_instances_of_their_bases(self, found: Found) -> None:
        assert found.args("subclasses", "seen")["known"] == [True, False, True, True, True, True]

    def test_objects_and_attributes_of_absent_bases_are_kept(self, found: Found) -> None:
        seen = found.args("subclasses", "seen")
        code = seen["hook"]["code"]
        assert seen["hook"] == {"$": "object", "class": "subclasses.OwnHook", "code": code, "args": ["h"]}
        assert seen["unknown"] == {"$": "get", "of": {"$": "task", "task": "defaulting"}, "name": "something"}


def test_a_factory_in_another_module_makes_dags_of_the_file_that_calls_it(found: Found) -> None:
    assert found.fields("factory_orders") == {"schedule": "@daily"}
    assert found.args("factory_users", "load") == {"bash_command": "load users"}
    assert {
        (p.provenance.file, p.provenance.line) for name, p in found.parsed.items() if name.startswith("factory")
    } == {("dags/factory.py", 6)}


def test_a_block_registers_its_dag_unless_told_otherwise(found: Found) -> None:
    assert {"registered_by_block", "registered_by_name"} <= found.parsed.keys()
    assert not {"not_registered", "not_registered_either"} & found.parsed.keys()


def test_the_first_rung_of_an_import_ladder_holds_for_absent_packages_alone(found: Found) -> None:
    assert found.operators("import_ladder") == {
        "pod": "airflow.providers.cncf.kubernetes.operators.pod.KubernetesPodOperator"
    }
    assert found.args("import_ladder", "pod")["json"] == {"$": "call", "function": "ujson.loads", "args": ["1"]}
    assert found.args("import_ladder", "pod")["missing"] == [
        "not in a module of the repository",
        "not in a package of the repository",
    ]


def test_arguments_that_name_the_repositorys_place_are_rooted(found: Found) -> None:
    assert shown(found.args("rooted")) == shown(
        {
            "bash_command": {"$": "rooted", "parts": ["cat ", "/dags/a.sql ", "/dags/b.sql"]},
            "cwd": {"$": "rooted", "parts": ["", ""]},
            "path": {"$": "path", "value": {"$": "rooted", "parts": ["", "/dags/sql"]}},
            "by_path": {"$": "dict", "items": [[{"$": "rooted", "parts": ["", "/dags"]}, 1]]},
            "frame": {"$": "rooted", "parts": ["", "/dags/rooted.py"]},
            "fileloc": {"$": "rooted", "parts": ["", "/dags/rooted.py"]},
            "relative": "dags/rooted.py",
        }
    )
    assert found.fields("rooted")["doc_md"] == {"$": "rooted", "parts": ["Made by ", "/dags/rooted.py"]}


def test_nothing_needs_a_warning_but_the_clock(found: Found) -> None:
    noted = {dag_id: found.warnings(dag_id) for dag_id in found.parsed if found.warnings(dag_id)}
    clock = "dags/airflow_1_10.py:45: airflow.utils.dates.days_ago() depends on when the file is read: kept as an expression"
    assert noted == {"airflow_1_10": [clock], "airflow_1_10.parts": [clock]}
