"""The machine: environment, user, host, folders and interpreter as DAG files see them."""

from __future__ import annotations

import pytest
from standin_trees import Found, read_expressions, shown

PREAMBLE = """import getpass, os, pathlib, socket, subprocess, sys, tempfile
"""
ROOT = {"$": "rooted", "parts": ["", ""]}
DAGS = {"$": "rooted", "parts": ["", "/dags"]}
CASES: dict[str, tuple[str, object]] = {
    "a supplied variable": ("os.environ['GIVEN']", "yes"),
    "a supplied variable by getenv": ("os.getenv('GIVEN', 'default')", "yes"),
    "a missing variable that is required": ("os.environ['NONE']", {"$": "environment", "name": "NONE"}),
    "a missing variable that is asked for": ("[os.environ.get('NONE'), os.environ.get('NONE', 'd')]", [None, "d"]),
    "a missing variable by getenv": ("[os.getenv('NONE'), os.getenv('NONE', 'd')]", [None, "d"]),
    "whether a variable is there": ("['GIVEN' in os.environ, 'NONE' in os.environ]", [True, False]),
    "a missing variable in a helper of Python": ("os.path.expandvars('$NONE $GIVEN')", "$NONE yes"),
    "the parent's variables": ("'DAGSERIAL_TEST_SECRET' in os.environ", False),
    "the parent's variables in a process": (
        "'DAGSERIAL_TEST_SECRET' in subprocess.run(['env'], capture_output=True, text=True).stdout",
        False,
    ),
    "every variable": (
        "dict(os.environ)",
        {
            "AIRFLOW_HOME": ROOT,
            "AIRFLOW__CORE__DAGS_FOLDER": DAGS,
            "GIVEN": "yes",
            "HOME": "/home/airflow",
            "LANG": "C.UTF-8",
            "PATH": "/usr/bin:/bin",
            "PYTHONHASHSEED": "0",
            "TZ": "UTC",
        },
    ),
    "a copy": (
        "[os.environ.copy()['GIVEN'], {**os.environ}['GIVEN'], (os.environ | {'A': 'b'})['A']]",
        ["yes", "yes", "b"],
    ),
    "a copy without a variable": ("os.environ.copy().get('NONE')", None),
    "setdefault": ("[os.environ.setdefault('NEW', 'a'), os.environ.setdefault('GIVEN', 'b')]", ["a", "yes"]),
    "update": ("[os.environ.update(NEW='a'), os.environ['NEW']]", [None, "a"]),
    "pop": ("[os.environ.pop('NONE', 'd'), os.environ.pop('GIVEN'), 'GIVEN' in os.environ]", ["d", "yes", False]),
    "bytes": ("os.environb[b'GIVEN']", {"$": "bytes", "base64": "eWVz"}),
    "the home folder": ("[os.path.expanduser('~/a'), str(pathlib.Path.home())]", ["/home/airflow/a", "/home/airflow"]),
    "the folder for temporary files": ("[tempfile.gettempdir(), os.environ.get('TMPDIR')]", ["/tmp", None]),
    "a temporary file": ("tempfile.TemporaryFile().write(b'abc')", 3),
    "the interpreter": (
        "[sys.executable, f'{sys.executable} -m x']",
        [{"$": "symbol", "name": "sys.executable"}, "${sys.executable} -m x"],
    ),
    "the command line": ("sys.argv", ["airflow"]),
    "the current folder": ("os.getcwd()", ROOT),
    "the order of a folder": ("os.listdir('many') == sorted(os.listdir('many'))", True),
    "the order of a folder by keyword": ("os.listdir(path='many')", ["a", "b", "c", "d"]),
    "the order of scandir": ("[entry.name for entry in os.scandir('many')]", ["a", "b", "c", "d"]),
    "the order of a glob": ("[path.name for path in pathlib.Path('many').glob('*')]", ["a", "b", "c", "d"]),
    "the order of a walk": ("[files for _, _, files in os.walk(top='many')]", [["a", "b", "c", "d"]]),
    "Python 2's built-ins": (
        "[isinstance('a', basestring), list({'a': 1}.iteritems())[0][0], xrange(2)[1]]",
        [True, "a", 1],
    ),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Found:
    folder = tmp_path_factory.mktemp("machine")
    (folder / "many").mkdir()
    for name in "cadb":
        (folder / "many" / name).write_text(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSERIAL_TEST_SECRET", "secret")
        expressions = {name: expression for name, (expression, _) in CASES.items()}
        return read_expressions(folder, PREAMBLE, expressions, env={"GIVEN": "yes"})


@pytest.mark.parametrize("name", CASES)
def test_every_machine_looks_alike(found: Found, name: str) -> None:
    assert shown(found.args(name)["value"]) == shown(CASES[name][1])
    assert found.warnings(name) == []


NOTED = {
    "the user": ("getpass.getuser()", "airflow", "the user's name differs between machines: taken as airflow"),
    "the login": ("os.getlogin()", "airflow", "the user's name differs between machines: taken as airflow"),
    "the host": ("socket.gethostname()", "localhost", "the host's name differs between machines: taken as localhost"),
    "the full host": ("socket.getfqdn()", "localhost", "the host's name differs between machines: taken as localhost"),
}


def test_what_differs_between_machines_is_one_and_noted(tmp_path_factory: pytest.TempPathFactory) -> None:
    expressions = {name: expression for name, (expression, _, _) in NOTED.items()}
    found = read_expressions(tmp_path_factory.mktemp("noted"), PREAMBLE, expressions)
    answers = {name: (found.args(name)["value"], found.warnings(name)[0].partition(": ")[2]) for name in NOTED}
    assert answers == {name: (answer, message) for name, (_, answer, message) in NOTED.items()}


def test_the_users_own_environment_wins(tmp_path_factory: pytest.TempPathFactory) -> None:
    expressions = {"d": "[os.environ['HOME'], os.environ['TMPDIR'], os.environ['AIRFLOW_HOME']]"}
    env = {"HOME": "/mine", "TMPDIR": "/mine/tmp", "AIRFLOW_HOME": "/mine/airflow"}
    found = read_expressions(tmp_path_factory.mktemp("own"), PREAMBLE, expressions, env=env)
    assert found.args("d")["value"] == ["/mine", "/mine/tmp", "/mine/airflow"]
