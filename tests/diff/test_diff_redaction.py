"""What looks like a secret is in no output."""

import time
from typing import Any

import msgspec
import pytest
from reports import bash, dag, report, varied

from dagserial.canonical import canonical_bytes
from dagserial.diff import Change, Ignore, Policy, UnreadFile
from dagserial.diff.outputs import RENDERERS, Report, redacted
from dagserial.diff.outputs.redaction import marker
from dagserial.digest import Digest
from dagserial.model import Dag, Mapping, Task

OLD, NEW = "0ld-hunter", "n3w-hunter"
"""Secrets; no output may hold them."""


def changed(old: Any, new: Any) -> Report:
    """Return the report of a task whose arguments changed."""
    return report({"etl": dag("etl", {"a": bash("x", args=old)})}, {"etl": dag("etl", {"a": bash("x", args=new)})})


def outputs(found: Report) -> dict[str, str]:
    written = {form: render(redacted(found)) for form, render in RENDERERS.items()}
    return {form: body.decode() if isinstance(body, bytes) else body for form, body in written.items()}


def is_silent(found: Report) -> bool:
    assert found.diff.changes
    return not [form for form, body in outputs(found).items() if OLD in body or NEW in body]


def around(shape: Any, secret: str) -> Any:
    """Return a shape with the secret in place of `*`."""
    if isinstance(shape, str):
        return shape.replace("*", secret)
    if isinstance(shape, list):
        return [around(item, secret) for item in shape]
    return (
        {around(key, secret): around(item, secret) for key, item in shape.items()} if isinstance(shape, dict) else shape
    )


SECRET = [
    {"password": "*"},
    {"db_passwd": "*"},
    {"apiToken": "*"},
    {"API_KEY": "*"},
    {"private_key": "*"},
    {"client-secret": "*"},
    {"awsSecretAccessKey": "*"},
    {"auth": {"$": "tuple", "items": ["me", "*"]}},
    {"headers": {"Authorization": "Basic *"}},
    {"secrets": [{"deep": {"deeper": ["*"]}}]},
    {"env": {"DB_PASSWORD": "*"}},
    {"env": {"$": "dict", "items": [["DB_PASSWORD", "*"], [1, 2]]}},
    {"env_vars": [{"name": "DB_PASSWORD", "value": "*"}]},
    {"env_vars": [{"$": "object", "class": "k.V1EnvVar", "args": {"name": "API_TOKEN", "value": "*"}}]},
    {"arguments": ["run", "--password", "*"]},
    {"arguments": ["--token", "*"]},
    {"conf": {"conn_type": "http", "login": "me", "extra": "*"}},
    {"conf": {"conn_type": "http", "login": "me", "of_another_sort": ["*"]}},
    {"connection": {"unheard_of": "*"}},
    {"db_conn": {"x": {"y": "*"}}},
    {"uri": "postgresql://me:*@db/sales"},
    {"uris": ["redis://:*@cache:6379/0"]},
    {"bash_command": "psql postgresql://me:*@db -c 'select 1'\nexit\n"},
    {"bash_command": "PGPASSWORD=* psql"},
    {"bash_command": "curl -H 'Authorization: Bearer *' http://x"},
    {"bash_command": "mysql --password * -e 1"},
    {"bash_command": "mysql --db-password=*"},
    {"config": '{"password": "*"}'},
    {"config": "password = '*'"},
    {"key": "-----BEGIN RSA PRIVATE KEY-----\n*\n"},
    {"url": "https://x.blob/y?sv=1&sig=*"},
    {"keys": {"postgresql://me:*@db/": 1}},
]


@pytest.mark.parametrize("shape", SECRET, ids=str)
def test_a_secret_is_in_no_output(shape: Any) -> None:
    assert is_silent(changed(around(shape, OLD), around(shape, NEW)))
    assert is_silent(changed({}, around(shape, NEW)))
    assert is_silent(changed(around(shape, OLD), {}))


@pytest.mark.parametrize("shape", SECRET, ids=str)
def test_a_secret_is_in_no_output_wherever_it_is_declared(shape: Any) -> None:
    tasks = [{"a": Task(operator="o", args=around(shape, secret))} for secret in (OLD, NEW)]
    assert is_silent(report({"etl": dag("etl", {})}, {"etl": dag("etl", tasks[1])}))
    assert is_silent(report({"etl": dag("etl", tasks[0])}, {"etl": dag("etl", {})}))
    sources: tuple[list[Any], ...] = tuple([around(shape, secret)] for secret in (OLD, NEW))
    mapped = [{"a": Task(operator="o", mapping=Mapping(expand=(("kwargs", source),)))} for source in sources]
    assert is_silent(report({"etl": dag("etl", mapped[0])}, {"etl": dag("etl", mapped[1])}))
    dags = [dag("etl", {}, default_args=around(shape, secret)) for secret in (OLD, NEW)]
    assert is_silent(report({"etl": dags[0]}, {"etl": dags[1]}))


def test_a_secret_param_is_in_no_output() -> None:
    def of(secret: str) -> Dag:
        return dag("etl", {}, params=(("api_key", {"$": "param", "default": secret}),))

    assert is_silent(report({"etl": of(OLD)}, {"etl": of(NEW)}))


@pytest.mark.parametrize(
    "shape",
    [
        {"sql": "select * from tokens t join * on t.token = b.token"},
        {"postgres_conn_id": "*"},
        {"s3_key": "*"},
        {"author": "*"},
        {"url": "https://host:8080/*"},
        {"url": "abfss://container@account.dfs.core.windows.net/*"},
        {"uri": "postgresql://{{ conn.db.login }}:{{ conn.db.password }}@db/*"},
        {"bash_command": "psql --password $PASSWORD *"},
        {"bash_command": "PGPASSWORD={{ var.value.pg }} psql *"},
        {"conf": {"conn_type": "*", "login": "me"}},
        {"env_vars": [{"name": "REGION", "value": "*"}]},
        {"arguments": ["--name", "*"]},
        {"arguments": ["a", "token", "*"]},
        {"basic": "a basic * design: assigned"},
    ],
    ids=str,
)
def test_what_is_no_secret_is_shown(shape: Any) -> None:
    body = outputs(changed(around(shape, OLD), around(shape, NEW)))["json"]
    assert OLD in body
    assert NEW in body


def test_the_digest_of_the_value_is_left() -> None:
    found = redacted(changed({"password": OLD}, {"password": NEW}))
    (change,) = found.diff.changes
    assert change.after == f"<redacted sha256:{Digest.of(canonical_bytes(NEW)).hex[:16]}>"
    assert change.before != change.after


def test_whether_a_secret_is_empty_is_shown() -> None:
    (change,) = redacted(changed({"password": None}, {"password": ""})).diff.changes
    assert (change.before, change.after) == (None, "")


def test_what_is_ignored_is_redacted_too() -> None:
    old, new = ({"etl": dag("etl", {"a": bash("x", args={"token": secret})})} for secret in (OLD, NEW))
    found = report(old, new, Policy(ignore=(Ignore("r", rule="task-argument-changed"),)))
    assert found.diff.ignored
    assert not [form for form, body in outputs(found).items() if OLD in body or NEW in body]


def test_an_exception_that_quotes_a_secret_is_redacted() -> None:
    found = varied()
    errors = (UnreadFile("dags/x.py", 1, f"ValueError: cannot reach postgresql://me:{NEW}@db"),)
    assert not [
        form
        for form, body in outputs(
            msgspec.structs.replace(found, head=msgspec.structs.replace(found.head, errors=errors))
        ).items()
        if NEW in body
    ]


def test_names_stay_whatever_they_are() -> None:
    old = {"etl": dag("etl", {"get_token": bash("1"), "b": bash("b"), "old_secret": bash("same")}, tags=["secret"])}
    new = {
        "etl": dag(
            "etl",
            {
                "get_token": bash("2"),
                "b": bash("b", "get_token"),
                "secret": bash("same"),
                "new": bash("", "b", "get_token"),
            },
            tags=["token"],
        )
    }
    found = report(old, new)

    def said(changes: tuple[Change, ...]) -> list[Any]:
        return [(change.path, change.before, change.after) for change in changes]

    assert said(redacted(found).diff.changes) == said(found.diff.changes)


def test_fingerprints_stay() -> None:
    found = changed({"password": OLD}, {"password": NEW})
    assert redacted(found).diff.changes[0].verdict == found.diff.changes[0].verdict


def test_without_records_what_cannot_be_known_counts_as_secret() -> None:
    found = changed({"env_vars": [{"name": "REGION", "value": OLD}]}, {"env_vars": [{"name": "REGION", "value": NEW}]})
    bare = [msgspec.structs.replace(side, records={}) for side in (found.base, found.head)]
    (change,) = redacted(msgspec.structs.replace(found, base=bare[0], head=bare[1])).diff.changes
    assert change.after == marker(NEW)


@pytest.mark.parametrize("text", ["a" * 10**6, "token" * 10**5, "a-" * 10**5, "http://a" * 10**5, "eyJ" * 10**5])
def test_long_texts_are_searched_in_time_in_proportion(text: str) -> None:
    started = time.monotonic()
    redacted(changed({"x": ""}, {"x": text}))
    assert time.monotonic() - started < 5
