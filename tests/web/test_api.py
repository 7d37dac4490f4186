"""What the API answers."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from filled import HOSTILE, RUNS, SECRET, hostile_dag, large_dag, mapped_dag, old_bodies
from store_cases import HOSTILE_IDS

from dagserial.digest import Digest
from dagserial.record import Record

FIRST, SECOND = (Record.of_dag(mapped_dag(operator)) for operator in ("x.A", "x.B"))
LARGE = Record.of_dag(large_dag())
UNKNOWN = "sha256:" + "0" * 64
API = "/api/v1"


def pages(client: httpx.Client, url: str, rows: str) -> Iterator[list[Any]]:
    """Yield the rows of all pages, following what each says."""
    following: str | None = url
    while following:
        got = client.get(following)
        assert got.status_code == 200, got.text
        answer = got.json()
        yield answer[rows]
        following = answer.get("next_url")
        assert got.links.get("next", {}).get("url") == following
        assert (following is None) == ("next" not in answer)


def everything(client: httpx.Client, url: str, rows: str) -> list[Any]:
    return [row for page in pages(client, url, rows) for row in page]


@pytest.mark.parametrize("record", [FIRST, LARGE, *(Record.of(file.read_bytes()) for file in old_bodies())])
def test_a_record_is_its_exact_bytes_for_ever(client: httpx.Client, record: Record) -> None:
    for _ in range(2):  # from the store, then from memory
        got = client.get(f"{API}/objects/{record.digest}")
        assert got.status_code == 200
        assert got.content == record.body
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["etag"] == f'"{record.digest}"'
        assert got.headers["content-type"] == f"application/vnd.dagserial.record.v{record.format}+json"
        algorithm, _, said = got.headers["repr-digest"].partition("=")
        assert (algorithm, b64decode(said.strip(":"))) == ("sha-256", hashlib.sha256(got.content).digest())


def test_the_start_of_a_digest_leads_to_the_whole(client: httpx.Client) -> None:
    got = client.get(f"{API}/objects/{FIRST.digest.short}")
    assert (got.status_code, got.headers["location"]) == (307, f"{API}/objects/{FIRST.digest}")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (f"/objects/{UNKNOWN}", 404, "object_unknown"),
        ("/objects/sha256:00000000", 404, "object_unknown"),
        ("/objects/sha256:0000000", 400, "digest_malformed"),
        ("/objects/md5:abc", 400, "digest_malformed"),
        (f"/objects/{FIRST.digest.upper()}", 400, "digest_malformed"),
        (f"/objects/{UNKNOWN}/view.json", 404, "object_unknown"),
        (f"/objects/{FIRST.digest}/view.json?as=v1", 400, "parameter"),
        ("/dags/none.json", 404, "dag_unknown"),
        ("/dags/none/versions.json", 404, "dag_unknown"),
        ("/dags/none/history.json", 404, "dag_unknown"),
        ("/dags/etl/versions/99.json", 404, "version_unknown"),
        ("/dags/etl/versions/x.json", 404, "version_unknown"),
        ("/dags/etl/versions/99999999999999999999.json", 404, "version_unknown"),
        ("/dags/etl/runs/none.json", 404, "run_unknown"),
        ("/dags/etl/runs/none/instances.json", 404, "run_unknown"),
        ("/dags/etl/runs/none/record.json", 404, "run_unknown"),
        ("/dags.json?limit=0", 400, "limit"),
        ("/dags.json?limit=501", 400, "limit"),
        ("/dags.json?limit=x", 400, "limit"),
        ("/dags.json?limit=1&limit=2", 400, "parameter"),
        ("/dags.json?nope=1", 400, "parameter"),
        ("/dags.json?q=%00", 400, "parameter"),
        ("/dags.json?q=%ff", 400, "parameter"),
        ("/dags.json?after=x", 400, "cursor"),
        ("/runs.json?digest=x", 400, "parameter"),
        (f"/diff/{FIRST.digest}.json", 400, "locator"),
        (f"/diff/{FIRST.digest}...{SECOND.digest}.json", 400, "locator"),
        (f"/diff/{FIRST.digest}..{UNKNOWN}.json", 404, "object_unknown"),
        ("/diff/etl@1..etl@99.json", 404, "version_unknown"),
        ("/diff/etl@1..run:etl%2Fnone.json", 404, "run_unknown"),
        ("/diff/etl@1..nothing.json", 400, "locator"),
        ("/diff/etl@1..HEAD:etl.json", 404, "no_repository"),
        ("/refs.json", 404, "no_repository"),
        ("/refs/main.json", 404, "no_repository"),
        ("/schemas/record/v9.json", 404, "schema_unknown"),
        ("/schemas/..%2Frecord/v1.json", 404, "schema_unknown"),
        ("/problems/none.json", 404, "not_found"),
        ("/nowhere", 404, "not_found"),
    ],
)
def test_what_goes_wrong_is_a_problem_with_a_code(client: httpx.Client, path: str, status: int, code: str) -> None:
    got = client.get(API + path)
    problem = got.json()
    assert (got.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert got.headers["content-type"] == "application/problem+json"
    assert got.headers["cache-control"] == "no-store"
    assert problem["detail"]
    told = client.get(problem["type"]).json()
    assert (told["code"], told["title"], told["status"]) == (code, problem["title"], status)


def test_dags_of_hostile_ids_are_found_by_the_links_of_the_list(client: httpx.Client) -> None:
    found = everything(client, f"{API}/dags.json?limit=7", "dags")
    ids = [row["dag_id"] for row in found]
    assert ids == sorted(ids)
    assert set(HOSTILE_IDS) < set(ids)
    for row in found:
        assert client.get(row["url"]).json()["dag_id"] == row["dag_id"]
        assert client.get(row["record_url"]).status_code == 200
    for dag_id in HOSTILE_IDS:
        quoted = quote(dag_id, safe="")
        assert client.get(f"{API}/dags/{quoted}.json").json()["newest"]["dag_id"] == dag_id
        assert client.get(f"{API}/dags/{quoted}/runs/{quoted}.json").json()["run_id"] == dag_id


def test_a_search_holds_for_what_it_says_and_no_pattern(client: httpx.Client) -> None:
    assert [row["dag_id"] for row in everything(client, f"{API}/dags.json?q=%25", "dags")] == [
        "%",
        "%s %(x)s {0}",
        "etl%",
    ]
    found = [row["dag_id"] for row in everything(client, f"{API}/dags.json?q=TL&limit=2", "dags")]
    assert found == [" etl", "ETL", "etl", "etl ", "etl%"]
    everyone = [row["dag_id"] for row in everything(client, f"{API}/dags.json", "dags")]
    total = client.get(f"{API}/dags.json?q=_&count=1&limit=1").json()["total"]
    assert total == len([dag_id for dag_id in everyone if "_" in dag_id]) < len(everyone)


def test_a_tag_picks_dags(client: httpx.Client) -> None:
    assert [row["dag_id"] for row in everything(client, f"{API}/dags.json?tag=team&limit=1", "dags")] == ["hostile"]
    assert everything(client, f"{API}/dags.json?tag=tea", "dags") == []


def test_versions_and_history_are_paged_newest_first(client: httpx.Client) -> None:
    listed = everything(client, f"{API}/dags/etl/versions.json?limit=2", "versions")
    assert [row["number"] for row in listed] == [5, 4, 3, 2, 1]
    assert client.get(f"{API}/dags/etl/versions.json?count=1&limit=1").json()["total"] == 5
    assert client.get(listed[0]["url"]).json() == listed[0]
    records = everything(client, f"{API}/dags/etl/history.json?limit=3", "records")
    assert (records[0]["last_number"], records[0]["first_number"], records[0]["numbers"]) == (5, 3, 2)
    assert len({row["digest"] for row in records}) == len(records) == 4
    [of_main] = everything(client, f"{API}/dags/etl/history.json?ref=main&limit=1", "records")
    assert (of_main["numbers"], of_main["first_number"], of_main["last_number"]) == (2, 3, 5)
    [of_tag] = everything(client, f"{API}/dags/etl/history.json?ref=v1/x", "records")
    assert (of_tag["numbers"], of_tag["last_number"]) == (1, 4)
    assert everything(client, f"{API}/dags/etl/history.json?ref=none", "records") == []


def test_runs_come_newest_first_whatever_the_page(client: httpx.Client) -> None:
    whole = everything(client, f"{API}/dags/etl/runs.json?limit=500", "runs")
    order = [(row["created_at"], row["dag_id"], row["run_id"]) for row in whole]
    assert order == sorted(order, reverse=True)
    for limit in (1, 7):
        assert everything(client, f"{API}/dags/etl/runs.json?limit={limit}", "runs") == whole
    assert client.get(f"{API}/dags/etl/runs.json?count=1").json()["total"] == len(whole)
    everywhere = everything(client, f"{API}/runs.json?limit=9", "runs")
    assert [row for row in everywhere if row["dag_id"] == "etl"] == whole
    assert everything(client, f"{API}/runs.json?dag_id=etl", "runs") == whole


def test_runs_are_filtered_by_state_and_record(client: httpx.Client) -> None:
    failed = everything(client, f"{API}/dags/etl/runs.json?state=failed&limit=5", "runs")
    assert {row["state"] for row in failed} == {"failed"}
    assert len(failed) == RUNS // 2
    # Those that were stamped with it, and the one in which one task ran it.
    assert len(everything(client, f"{API}/runs.json?digest={SECOND.digest}", "runs")) == RUNS // 2 + 1


def test_a_cursor_is_of_one_query(client: httpx.Client) -> None:
    cursor = client.get(f"{API}/dags/etl/runs.json?limit=1&state=failed").json()["next"]
    assert client.get(f"{API}/dags/etl/runs.json?limit=9&state=failed&after={cursor}").status_code == 200
    for other in ("dags/etl/runs.json?state=success", "dags/ETL/runs.json?state=failed", "runs.json?state=failed"):
        got = client.get(f"{API}/{other}&after={cursor}")
        assert (got.status_code, got.json()["code"]) == (400, "cursor"), other


def test_a_mixed_run_names_what_else_it_ran(client: httpx.Client) -> None:
    newest = client.get(f"{API}/dags/etl/runs.json?limit=1").json()["runs"][0]
    run = client.get(newest["url"]).json()
    assert run["digest"] == FIRST.digest
    [other] = run["others"]
    assert (other["digest"], other["instances"]) == (SECOND.digest, [{"task_id": "end", "map_index": -1}])
    counts = {(one["task_id"], one["state"]): (one["count"], one["is_mapped"]) for one in run["tasks"]}
    assert counts["square", "success"] == (10, True)
    lead = client.get(run["links"]["record"])
    assert (lead.status_code, lead.headers["location"]) == (307, f"{API}/objects/{FIRST.digest}")
    instances = everything(client, run["links"]["instances"] + "?limit=3", "instances")
    assert len(instances) == 12
    assert [one["map_index"] for one in instances if one["task_id"] == "square"] == list(range(10))
    only = everything(client, run["links"]["instances"] + "?task_id=square&state=success&limit=4", "instances")
    assert len(only) == 10
    for order, by_state in (("index", False), ("state", True)):
        wanted = sorted(instances, key=lambda one: ([one["state"] or ""] * by_state, one["task_id"], one["map_index"]))
        assert everything(client, run["links"]["instances"] + f"?limit=5&order={order}", "instances") == wanted
        back = everything(client, run["links"]["instances"] + f"?limit=5&order=-{order}", "instances")
        assert back == wanted[::-1]
    assert client.get(run["links"]["maps"]).json()["lengths"] == [{"task_id": "give", "map_index": -1, "length": 10}]


def test_the_grid_holds_what_each_run_ran(client: httpx.Client) -> None:
    grid = client.get(f"{API}/dags/etl/grid.json?limit=2").json()
    assert [run["digest"] for run in grid["runs"]] == [FIRST.digest, SECOND.digest]
    assert {one["run_id"] for one in grid["tallies"]} == {run["run_id"] for run in grid["runs"]}


def test_referrers_are_paged_and_none_at_what_is_not_there(client: httpx.Client) -> None:
    found = everything(client, f"{API}/objects/{SECOND.digest}/referrers.json?limit=5", "referrers")
    kinds = [one["kind"] for one in found]
    assert kinds == ["version"] + ["run"] * (RUNS // 2) + ["task_instance"]
    assert all(client.get(one["url"]).status_code == 200 for one in found)
    assert client.get(f"{API}/objects/{UNKNOWN}/referrers.json").json()["referrers"] == []


def test_a_diff_of_locators_leads_to_that_of_digests(client: httpx.Client) -> None:
    run = client.get(f"{API}/dags/etl/runs.json?limit=1").json()["runs"][0]["run_id"]
    whole = f"{API}/diff/{FIRST.digest}..{SECOND.digest}.json"
    for locators in (
        "etl@3..etl@4",
        "etl@latest..etl@4",
        f"{FIRST.digest.short}..etl@4",
        f"run:etl/{run}..etl@4",
    ):
        got = client.get(f"{API}/diff/{quote(locators, safe='')}.json")
        assert (got.status_code, got.headers["location"]) == (307, whole), locators
        assert got.headers["cache-control"] == "no-cache"
    document = client.get(whole).json()
    assert document["format"] == "dagserial.diff/1"
    assert [change["rule"] for change in document["changes"]] == ["task-operator-changed"]


def test_secrets_are_in_no_view_diff_run_or_version(client: httpx.Client) -> None:
    one, other = Record.of_dag(hostile_dag()), Record.of_dag(hostile_dag("another-secret-" + SECRET))
    paths = [
        f"/objects/{one.digest}/view.json",
        f"/diff/{one.digest}..{other.digest}.json",
        "/dags/hostile/runs.json",
        "/dags/hostile/versions.json",
        "/dags/hostile/versions/1.json",
        f"/dags/hostile/runs/{quote(HOSTILE, safe='')}.json",
    ]
    for path in paths:
        got = client.get(API + path)
        assert got.status_code == 200, path
        assert SECRET not in got.text, path
    changed = client.get(API + paths[1]).json()["changes"]
    assert len(changed) == 2
    # The exact bytes are what they are: that is what their digest is for.
    assert SECRET in client.get(f"{API}/objects/{one.digest}").text


def test_an_old_record_is_viewed_in_the_current_format(client: httpx.Client) -> None:
    for file in old_bodies():
        record = Record.of(file.read_bytes())
        got = client.get(f"{API}/objects/{record.digest}/view.json").json()
        assert (got["format"], got["record"]["format"], got["dag_id"]) == (1, 2, record.dag_id)


def test_rules_and_schemas_are_those_of_the_command_line(client: httpx.Client) -> None:
    assert len(client.get(f"{API}/rules.json").json()["rules"]) > 50
    for row in client.get(f"{API}/schemas.json").json()["schemas"]:
        got = client.get(row["url"])
        assert (got.json()["$id"], got.headers["content-type"]) == (row["id"], "application/schema+json")


def test_every_link_of_the_service_document_leads_somewhere(client: httpx.Client) -> None:
    for name, url in client.get(f"{API}/").json()["links"].items():
        assert client.get(url).status_code == (404 if name == "refs" else 200), name


def test_an_answer_is_of_what_was_asked(client: httpx.Client) -> None:
    assert Digest.of(client.get(f"{API}/objects/{SECOND.digest}").content) == SECOND.digest
