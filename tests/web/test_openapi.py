"""The description of the API is valid, and true."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
from openapi_spec_validator import validate

from dagserial.web.resources import RESOURCES

_CONFIG = """
[checks.positive_data_acceptance]
# No schema says which cursor, locator or digest there is.
expected-statuses = ["2xx", "3xx", 400, 404]

[checks.negative_data_rejection]
expected-statuses = [400, 404, 405, 406, 414]
"""


def test_it_is_valid_openapi(client: httpx.Client) -> None:
    found = client.get("/api/v1/openapi.json").json()
    validate(found)
    assert found["openapi"].startswith("3.1")
    assert {operation["get"]["operationId"] for operation in found["paths"].values()} == {one.name for one in RESOURCES}


def test_every_answer_is_as_described(client: httpx.Client, tmp_path: Path) -> None:
    """Every status, header and body, over generated requests, right and wrong ones."""
    (tmp_path / "schemathesis.toml").write_text(_CONFIG)
    command = [str(Path(sys.executable).with_name("schemathesis")), "run", f"{client.base_url}/api/v1/openapi.json"]
    command += [
        "--checks",
        "all",
        "--max-examples",
        "10",
        "--seed",
        "1",
        "--no-color",
        "--suppress-health-check",
        "all",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, "\n".join(line[:500] for line in done.stdout.splitlines())[-6000:]
