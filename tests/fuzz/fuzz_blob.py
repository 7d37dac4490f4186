"""Fuzz a reader of blobs, guided by coverage: records or DagserialError, and nothing else.

python tests/fuzz/fuzz_blob.py VERSION -max_total_time=60 -rss_limit_mb=2048

VERSION is a `__version`, 1 to 3. Needs atheris, which is no dependency; pytest does not run this.
"""

import json
import sys
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["dagserial"]):
    from dagserial.errors import DagserialError
    from dagserial.record import Record
    from dagserial.sources import airflow_blob

FIXTURES = Path(__file__).parents[2] / "fixtures/airflow_blobs"
KEYS = [
    "__type",
    "__var",
    "__class",
    "type",
    "value",
    "default",
    "task_id",
    "children",
    "_group_id",
    "$",
    "a",
    "params",
]
WORDS = [
    "dict",
    "tuple",
    "set",
    "operator",
    "asset",
    "asset_all",
    "xcomref",
    "datetime",
    "timedelta",
    "relativedelta",
    "map",
]


def seeds(version: int) -> list[str]:
    """Return the captured blobs of a `__version`, as JSON."""
    found = []
    for file in sorted(FIXTURES.glob("*.json")):
        blobs = [one["blob"] for one in json.loads(file.read_text())["dags"].values()]
        found += [json.dumps(blob) for blob in blobs if blob["__version"] == version]
    return found


def junk(data: Any, depth: int = 0) -> Any:
    """Return some JSON."""
    match data.ConsumeIntInRange(0, 9 if depth < 3 else 6):
        case 0:
            return None
        case 1:
            return data.ConsumeBool()
        case 2:
            return data.ConsumeInt(9)
        case 3:
            return data.ConsumeFloat()
        case 4:
            return data.ConsumeUnicode(8)
        case 5 | 6:
            return data.PickValueInList(WORDS)
        case 7:
            return [junk(data, depth + 1) for _ in range(data.ConsumeIntInRange(0, 3))]
    return {data.PickValueInList(KEYS): junk(data, depth + 1) for _ in range(data.ConsumeIntInRange(0, 3))}


def mutate(blob: Any, data: Any) -> None:
    """Put junk somewhere into a blob, take something out, or put a part of it elsewhere."""
    place = blob
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            return
        key = keys[data.ConsumeIntInRange(0, len(keys) - 1)]
        if isinstance(place[key], dict | list) and data.ConsumeIntInRange(0, 3):
            place = place[key]
            continue
        match data.ConsumeIntInRange(0, 2):
            case 0:
                del place[key]
            case 1:
                place[key] = junk(data)
            case _:
                place[key] = place[keys[data.ConsumeIntInRange(0, len(keys) - 1)]]
        return


def main() -> None:
    """Fuzz until the time is up, or something else is raised."""
    held = seeds(int(sys.argv.pop(1)))

    def one(raw: bytes) -> None:
        data = atheris.FuzzedDataProvider(raw)
        thing: Any = raw
        if data.ConsumeIntInRange(0, 9):
            thing = json.loads(held[data.ConsumeIntInRange(0, len(held) - 1)])
            for _ in range(data.ConsumeIntInRange(1, 8)):
                mutate(thing, data)
        try:
            for parsed in airflow_blob.read(thing):
                body = Record.of_dag(parsed.dag).body
                assert Record.of(body).body == body
            airflow_blob.airflow_hash(thing)
        except DagserialError:
            pass

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
