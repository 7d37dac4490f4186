"""What the API answers."""

from __future__ import annotations

import httpx
from filled import RUNS, mapped_dag

from dagserial.record import Record

FIRST = Record.of_dag(mapped_dag("x.A"))


def test_a_record_is_its_exact_bytes_for_ever(client: httpx.Client) -> None:
    for _ in range(2):  # from the store, then from memory
        got = client.get(f"/api/v1/objects/{FIRST.digest}")
        assert got.status_code == 200
        assert got.content == FIRST.body
        assert got.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert got.headers["etag"] == f'"{FIRST.digest}"'
        assert got.headers["content-type"] == "application/vnd.dagserial.record.v2+json"


def test_runs_come_newest_first(client: httpx.Client) -> None:
    runs = client.get("/api/v1/dags/etl/runs.json").json()["runs"]
    assert len(runs) > RUNS - 1
