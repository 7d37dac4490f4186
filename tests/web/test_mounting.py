"""The app within other apps, and behind proxies: every link leads back to it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import zstandard
from fastapi import FastAPI
from filled import mapped_dag
from running import running
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp
from support import ROOT, airflow_python

from dagserial.record import Record
from dagserial.web import create_app

ETL = Record.of_dag(mapped_dag("x.A"))


def in_starlette(app: Starlette) -> ASGIApp:
    return Starlette(routes=[Mount("/tools", routes=[Mount("/dag serial", app=app)])])


def in_fastapi(app: Starlette) -> ASGIApp:
    host = FastAPI()
    host.mount("/dagserial", app)
    return host


def behind_parameters(app: Starlette) -> ASGIApp:
    return Starlette(routes=[Mount("/teams/{dag_id}", app=app)])


@pytest.mark.parametrize(
    ("mount", "prefix"),
    [
        (lambda app: app, ""),
        (in_starlette, "/tools/dag%20serial"),
        (in_fastapi, "/dagserial"),
        (behind_parameters, "/teams/a"),
    ],
    ids=["alone", "starlette", "fastapi", "parameters"],
)
def test_links_lead_back_wherever_it_is_mounted(
    store_url: str, mount: Callable[[Starlette], ASGIApp], prefix: str
) -> None:
    app = create_app(store_url)
    with running(mount(app)) as client:
        _check_links(client, prefix)
    app.state.site.database.close()


AIRFLOW_PLUGIN = """\
from airflow.plugins_manager import AirflowPlugin
from dagserial.web import create_app

class DagserialPlugin(AirflowPlugin):
    name = "dagserial"
    fastapi_apps = [{{"app": create_app({url!r}), "url_prefix": "/dagserial", "name": "dagserial"}}]
"""
AIRFLOW_SERVER = """\
import socket, sys

sys.path += sys.argv[1:]
import uvicorn
from airflow.api_fastapi.app import create_app

app = create_app()
with socket.socket() as bound:
    bound.bind(("127.0.0.1", 0))
    bound.listen()
    print("port", bound.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="critical")).run(sockets=[bound])
"""


@pytest.fixture
def airflow(store_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of the API server of a real Airflow 3 that has the app as a plugin."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "dagserial_plugin.py").write_text(AIRFLOW_PLUGIN.format(url=store_url))
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"}
    # Behind what Airflow has: dagserial, and what it alone needs.
    paths = [str(ROOT), str(Path(str(zstandard.__file__)).parent.parent)]
    command = [airflow_python("3.3.2"), "-c", AIRFLOW_SERVER, *paths]
    log = tmp_path / "log"
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=env, cwd=tmp_path, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        try:
            assert server.stdout
            said = next((line for line in server.stdout if line.startswith("port ")), None)
            assert said, log.read_text()
            with httpx.Client(base_url=f"http://127.0.0.1:{said.split()[1]}", timeout=60, trust_env=False) as client:
                yield client
        finally:
            server.terminate()


def test_links_lead_back_from_a_plugin_of_airflow(airflow: httpx.Client) -> None:
    assert airflow.get("/api/v2/version").json()["version"] == "3.3.2"
    _check_links(airflow, "/dagserial")


def test_links_are_right_behind_a_proxy_that_takes_a_prefix_off(store_url: str) -> None:
    with running(create_app(store_url), root_path="/x") as client:
        # uvicorn puts in front what the proxy took off.
        assert client.get("/api/v1/dags/etl.json").json()["newest"]["url"] == "/x/api/v1/dags/etl/versions/5.json"
        assert 'href="/x/static/style.css"' in client.get("/dags.html").text


def _check_links(client: httpx.Client, prefix: str) -> None:
    api = f"{prefix}/api/v1"
    answer = client.get(f"{api}/dags/etl.json").json()
    for url in [*answer["links"].values(), answer["newest"]["record_url"], answer["newest"]["url"]]:
        assert url.startswith(prefix + "/")
        assert client.get(url).status_code == 200, url
    page = client.get(f"{api}/dags.json?limit=2").json()
    assert client.get(page["next_url"]).json()["dags"][0]["dag_id"] > page["dags"][-1]["dag_id"]
    for link in re.findall(r'href="(/[^"]*)"', client.get(f"{prefix}/dags.html").text):
        if "%0A" in link:
            continue  # no mounted app is ever asked for a path that holds a newline (Starlette 1.0, `compile_path`)
        assert client.get(link).status_code == 200, link
    problem = client.get(f"{api}/dags/none.json").json()
    assert client.get(problem["type"]).status_code == 200
    assert client.get(f"{prefix}/dags?q=etl").headers["content-location"] == f"{prefix}/dags.html?q=etl"
    lead = client.get(f"{api}/objects/{ETL.digest.short}").headers["location"]
    assert client.get(lead).content == ETL.body
    server = client.get(f"{api}/openapi.json").json()["servers"][0]["url"]
    assert client.get(f"{server}/index.json").status_code == 200
    refused = client.post(f"{api}/dags.json")
    assert refused.status_code == 405
    assert client.get(refused.json()["type"]).status_code == 200
