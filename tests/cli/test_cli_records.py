"""What serialize, cat, verify and schema write."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT, Repo

from dagserial.record import Record

Run = Callable[..., "subprocess.CompletedProcess[str]"]

VERBS = ("cat", "schema", "serialize", "verify")
ETL = """
from airflow import DAG
from airflow.operators.bash import BashOperator
with DAG("etl", schedule="@daily") as dag:
    BashOperator(task_id="load", bash_command="load")
"""
BROKEN = "# airflow dag\n\nraise ValueError('no')\n"
BODY = b'{"dag":{"dag_id":"etl"},"format":2}'
OLD = b'{"dag":{"dag_id":"etl","schedule_interval":"@daily"},"format":1}'
HEX = hashlib.sha256(BODY).hexdigest()


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def one_line(done: subprocess.CompletedProcess[str], message: str) -> None:
    """Hold that a call ended in trouble, with one clear line and nothing else."""
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_has_examples_and_is_documented(dagserial: Run, verb: str) -> None:
    done = dagserial(verb, "--help")
    assert done.returncode == 0
    assert f"  dagserial {verb}" in done.stdout
    text = (ROOT / "docs/cli.md").read_text()
    flags = {word.strip(",.;[]") for word in done.stdout.split() if word.startswith("--")}
    assert f"## `dagserial {verb}" in text
    assert {flag for flag in flags - {"--help", "--"} if flag not in text} == set()


@pytest.mark.parametrize("arguments", [("serialize", "etl.py"), ("verify", "etl.json"), ("schema",)])
def test_verbs_that_need_no_repository_do_not_load_git(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    write(tmp_path, {"etl.py": ETL, "etl.json": BODY.decode()})
    code = (
        "import sys, contextlib\nfrom dagserial.cli import main\n"
        f"with contextlib.suppress(SystemExit):\n    main({list(arguments)!r})\n"
        "print('\\n', sorted({'sqlalchemy', 'deepdiff', 'git'} & set(sys.modules)))\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1].strip() == "[]"


def test_serialize_writes_the_bytes_of_the_one_dag(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL})
    done = dagserial("serialize", "etl.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = Record.of(done.stdout.encode())
    assert (record.dag_id, list(record.dag().tasks)) == ("etl", ["load"])


def test_serialize_gives_the_digest_that_list_gives(dagserial: Run, repo: Repo) -> None:
    repo.commit({"dags/etl.py": ETL.replace('"load")', "__file__)"), "lib/more.py": ETL.replace('"etl"', '"more"')})
    listed = json.loads(dagserial("list", "HEAD", "-f", "json", cwd=repo.folder).stdout)["dags"]
    digests = {dag["dag_id"]: dag["digest"] for dag in listed}
    assert digests.keys() == {"etl"}
    for target, folder in (("dags/etl.py", "."), ("dags", "."), ("etl.py", "dags"), (".", ".")):
        body = dagserial("serialize", target, cwd=repo.folder / folder).stdout.encode()
        assert "sha256:" + hashlib.sha256(body).hexdigest() == digests["etl"]


def test_serialize_to_a_folder_writes_a_file_a_dag_and_lists_them(dagserial: Run, tmp_path: Path) -> None:
    write(
        tmp_path,
        {"b.py": ETL.replace('"etl"', '"b"'), "a.py": ETL.replace('"etl"', '"a"') + ETL.replace('"etl"', '"c"')},
    )
    done = dagserial("serialize", ".", "-o", "out/records", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    bodies = {file.name: file.read_bytes() for file in (tmp_path / "out/records").iterdir()}
    assert bodies.keys() == {"a.json", "b.json", "c.json"}
    assert done.stdout.splitlines() == [f"{Record.of(bodies[f'{name}.json']).digest}  {name}" for name in "abc"]
    assert dagserial("verify", *(f"out/records/{name}" for name in bodies), cwd=tmp_path).returncode == 0


def test_serialize_leaves_equal_files_alone_and_replaces_others(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL})
    dagserial("serialize", "etl.py", "-o", "out", cwd=tmp_path)
    file = tmp_path / "out/etl.json"
    body = file.read_bytes()
    os.utime(file, ns=(1, 1))
    assert dagserial("serialize", "etl.py", "-o", "out", cwd=tmp_path).returncode == 0
    assert file.stat().st_mtime_ns == 1
    file.write_bytes(body[:-1])
    assert dagserial("serialize", "etl.py", "-o", "out", cwd=tmp_path).returncode == 0
    assert file.read_bytes() == body
    assert [found.name for found in (tmp_path / "out").iterdir()] == ["etl.json"]


def test_serialize_never_writes_outside_of_its_folder(dagserial: Run, tmp_path: Path) -> None:
    # Braces as in templates: of such an id a part is unknown, so that it may hold any character.
    ids = ["../../escaped}}", "/etc/escaped}}", "..", ".hidden", "a b}}", "ä", "con/..\\x}}"]
    code = "from airflow import DAG\n" + "".join(f"d{at} = DAG({dag_id!r})\n" for at, dag_id in enumerate(ids))
    write(tmp_path, {"work/odd.py": code})
    done = dagserial("serialize", "odd.py", "-o", "out", cwd=tmp_path / "work")
    assert done.returncode == 0, done.stderr
    written = {file.relative_to(tmp_path / "work/out") for file in tmp_path.rglob("*.json")}
    assert {str(name) for name in written} == {
        "%2E.%2F..%2Fescaped%7D%7D.json",
        "%2Fetc%2Fescaped%7D%7D.json",
        "%2E..json",
        "%2Ehidden.json",
        "a%20b%7D%7D.json",
        "%C3%A4.json",
        "con%2F..%5Cx%7D%7D.json",
    }


def test_serialize_replaces_a_link_instead_of_following_it(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL, "precious": "mine", "out/other": ""})
    (tmp_path / "out/etl.json").symlink_to(tmp_path / "precious")
    assert dagserial("serialize", "etl.py", "-o", "out", cwd=tmp_path).returncode == 0
    assert (tmp_path / "precious").read_text() == "mine"
    assert not (tmp_path / "out/etl.json").is_symlink()


def test_serialize_writes_nothing_if_a_file_cannot_be_read(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL, "broken.py": BROKEN})
    done = dagserial("serialize", ".", "-o", "out", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == ["broken.py:3: ValueError: no"]
    assert not (tmp_path / "out").exists()


def test_serialize_takes_the_flags_that_say_how_files_are_read(dagserial: Run, tmp_path: Path) -> None:
    code = ETL.replace('"load")', 'Variable.get("source"))').replace(
        "import DAG", "import DAG\nfrom airflow.models import Variable"
    )
    write(
        tmp_path,
        {"etl.py": code, "variables.json": '{"source": "s3"}', "dagserial.toml": '[variables]\nsource = "gcs"\n'},
    )
    assert '"bash_command":"gcs"' in dagserial("serialize", "etl.py", cwd=tmp_path).stdout
    done = dagserial("serialize", "etl.py", "--variables", "variables.json", cwd=tmp_path)
    assert '"bash_command":"s3"' in done.stdout


def test_code_is_left_out_by_flag_setting_or_variable(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL.replace('bash_command="load"', "do=lambda: 1")})

    def is_coded(*flags: str, env: dict[str, str] | None = None) -> bool:
        done = dagserial("serialize", "etl.py", *flags, cwd=tmp_path, env=env)
        assert '"$":"callable"' in done.stdout
        return '"code":"sha256:' in done.stdout

    assert is_coded()
    assert not is_coded("--no-code")
    assert not is_coded(env={"DAGSERIAL_NO_CODE": "1"})
    write(tmp_path, {"dagserial.toml": "code = false\n"})
    assert not is_coded()


def test_serialize_says_what_a_value_lacks(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"etl.py": ETL.replace('"load")', "object())")})
    done = dagserial("serialize", "etl.py", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stderr.startswith("etl: /tasks/load/args/bash_command: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "TARGET"),
        (("nosuch.py",), "no file or folder 'nosuch.py'"),
        (("record.json",), "no DAG file"),
        (("empty",), "holds no DAG"),
        (("two.py",), "holds 2 DAGs: etl, other; only one goes to stdout, -o DIR takes any number"),
        (("etl.py", "-o", "record.json"), "record.json cannot be written"),
        (("long.py", "-o", "out"), "File name too long"),
        (("etl.py", "elsewhere", "-o", "out"), "two trees declare the DAG 'etl', and not alike"),
    ],
)
def test_serialize_trouble_is_one_clear_line(
    dagserial: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write(tmp_path, {"etl.py": ETL, "two.py": ETL + ETL.replace('"etl"', '"other"'), "record.json": BODY.decode()})
    write(tmp_path, {"empty/x.txt": "", "long.py": ETL.replace('"etl"', repr("ü" * 250))})
    write(tmp_path, {"elsewhere/dagserial.toml": "", "elsewhere/etl.py": ETL.replace("@daily", "@hourly")})
    done = dagserial("serialize", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.strip().splitlines()[-1]
    assert not list(tmp_path.rglob("*.part"))


def test_cat_writes_exactly_the_bytes_of_a_record(dagserial: Run, repo: Repo) -> None:
    repo.commit({"dags/etl.py": ETL})
    shown = dagserial("show", "HEAD:etl", "-f", "json", cwd=repo.folder).stdout
    assert dagserial("cat", "HEAD:etl", cwd=repo.folder).stdout == shown
    assert dagserial("cat", "@worktree:etl", cwd=repo.folder).stdout == shown


def test_cat_of_a_file_or_stdin_needs_no_repository_and_keeps_old_formats(dagserial: Run, tmp_path: Path) -> None:
    name = f"sha256:{hashlib.sha256(OLD).hexdigest()}.json"
    (tmp_path / name).write_bytes(OLD)
    assert dagserial("cat", name, cwd=tmp_path).stdout.encode() == OLD
    assert dagserial("cat", "-", cwd=tmp_path, input=OLD.decode()).stdout.encode() == OLD


@pytest.mark.parametrize(
    ("locator", "message"),
    [
        ("nosuch.json", "neither a record file nor REF:dag_id"),
        ("x" * 5000, "neither a record file nor REF:dag_id"),
        ("junk.json", "not a record of format 2: task 'load': Expected `object`, got `str`"),
        ("etl.py", "`dagserial serialize`"),
    ],
)
def test_cat_trouble_is_one_clear_line(dagserial: Run, tmp_path: Path, locator: str, message: str) -> None:
    write(tmp_path, {"etl.py": ETL, "junk.json": '{"dag":{"dag_id":"etl"},"format":2,"tasks":{"load":"junk"}}'})
    one_line(dagserial("cat", locator, cwd=tmp_path), message)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_clear_line(dagserial: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_bytes(BODY)
    (tmp_path / "x.json").chmod(0)
    one_line(dagserial("cat", "x.json", cwd=tmp_path), "Permission denied")


def test_verify_is_silent_on_stdout_when_all_is_well(dagserial: Run, tmp_path: Path) -> None:
    names = (f"{HEX}.json", f"sha256:{HEX}", f"sha256:{HEX}.json", "etl.json")
    write(tmp_path, dict.fromkeys(names, BODY.decode()) | {"old.json": OLD.decode()})
    done = dagserial("verify", *names, "old.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "5 files: 0 with problems, 0 not read\n"


def test_verify_finds_each_problem_and_says_it_in_a_line(dagserial: Run, tmp_path: Path) -> None:
    other = BODY.replace(b"etl", b"elt").decode()
    newline = BODY.decode() + "\n"
    write(tmp_path, {"a.json": newline, f"{HEX}.json": other, "sha256:12ab.json": other, "good.json": other})
    done = dagserial("verify", "a.json", f"{HEX}.json", "sha256:12ab.json", "good.json", cwd=tmp_path)
    assert done.returncode == 1
    found = hashlib.sha256(other.encode()).hexdigest()
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert lines[0] == "a.json: the record is not canonical: something follows its end, at byte 35"
    assert lines[1].startswith(f"{HEX}.json: the body of sha256:{HEX} has digest sha256:{found}")
    assert lines[2].startswith("sha256:12ab.json: its name is not a digest: 'sha256:12ab'")


def test_verify_that_could_not_check_a_file_is_trouble_and_checks_the_others(dagserial: Run, tmp_path: Path) -> None:
    write(tmp_path, {"bad.json": "{}", "folder/x": ""})
    done = dagserial("verify", "nosuch.json", "folder", "bad.json", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == "bad.json: not a record: Object missing required field `format`\n"
    assert "nosuch.json: cannot be read: No such file or directory" in done.stderr
    assert "folder: cannot be read: Is a directory" in done.stderr


def test_verify_reads_what_sha256sum_writes(dagserial: Run, tmp_path: Path) -> None:
    names = ["etl.json", "with space.json", "with\nbreak\\.json", "sub/old.json"]
    write(tmp_path, dict.fromkeys(names[:3], BODY.decode()) | {"sub/old.json": OLD.decode()})
    sums = subprocess.run(["sha256sum", *names], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    (tmp_path / "SHA256SUMS").write_text(sums)
    assert dagserial("verify", "--sums", "SHA256SUMS", cwd=tmp_path).returncode == 0
    assert dagserial("verify", "--sums", "SHA256SUMS", "./sub/../etl.json", cwd=tmp_path).returncode == 0
    (tmp_path / "etl.json").write_bytes(OLD)
    (tmp_path / "new.json").write_bytes(OLD)
    done = dagserial("verify", "--sums", "SHA256SUMS", "etl.json", "new.json", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"etl.json: the sums list it with sha256:{HEX}, but it has sha256:{hashlib.sha256(OLD).hexdigest()}",
        "new.json: it is not listed among the sums",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to verify"),
        (("--sums", "nosuch"), "nosuch cannot be read: No such file"),
        (("--sums", "etl.json"), "etl.json:1 is no line of sha256sum"),
        (("--sums", "half"), "half:2 is no line of sha256sum"),
    ],
)
def test_verify_trouble_is_one_clear_line(
    dagserial: Run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    write(tmp_path, {"etl.json": BODY.decode(), "half": f"{HEX}  etl.json\n{HEX[:-1]}  etl.json\n"})
    one_line(dagserial("verify", *arguments, cwd=tmp_path), message)


def test_schema_lists_what_there_is_and_writes_one_as_it_lies_there(dagserial: Run) -> None:
    names = {file.stem for file in (ROOT / "schema").iterdir()}
    lines = dagserial("schema").stdout.splitlines()
    assert {line.split()[0] for line in lines} == names
    assert all(f"urn:dagserial:schema:{line.split()[0]} " in line for line in lines)
    for name in names:
        assert dagserial("schema", name).stdout == (ROOT / f"schema/{name}.json").read_text()


def test_an_unknown_schema_is_one_clear_line(dagserial: Run) -> None:
    one_line(dagserial("schema", "record.v9"), "there is no schema 'record.v9'; there are diff.v1")


def test_the_fixtures_are_what_their_sums_say(dagserial: Run) -> None:
    sums = "fixtures/records/SHA256SUMS"
    done = dagserial("verify", "--sums", sums, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", sums], cwd=ROOT, check=True)
    listed = {line[66:] for line in (ROOT / sums).read_text().splitlines()}
    assert {f"fixtures/records/v1/{file.name}" for file in (ROOT / "fixtures/records/v1").iterdir()} <= listed


def test_every_fixture_is_in_the_readme() -> None:
    folder = ROOT / "fixtures/records"
    text = (folder / "README.md").read_text()
    files = [file.relative_to(folder) for part in ("v1", "refused") for file in sorted((folder / part).glob("*.json"))]
    assert [str(file) for file in files if f"`{file.as_posix()}`" not in text] == []
