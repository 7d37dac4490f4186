"""What code uses by name: what moves the digest of a function that was not edited itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sources_trees import write
from support import ROOT, skip_or_fail

from dagserial.sources.references import References, Unit

MAIN = "main.py"


def text_of(folder: Path, name: str = "f") -> bytes:
    """Return the text of the function `name` of `main.py`, the last one of that name."""
    references = References(lambda path: path.startswith(f"{folder}{os.sep}"))
    module = references.module(str(folder / MAIN))
    assert module is not None
    functions = [node for nodes in module.functions.values() for node in nodes if getattr(node, "name", "") == name]
    node = max(functions, key=lambda node: node.lineno)
    return references.text(Unit(module, module.around[node], (node,)))


def is_moved(folder: Path, files: dict[str, str], edit: tuple[str, str, str]) -> bool:
    """Tell whether an edit (file, old, new) moves the function `f` of `main.py`."""
    before = text_of(write(folder, files))
    file, old, new = edit
    assert old in files[file]
    write(folder, {file: files[file].replace(old, new)})
    return text_of(folder) != before


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is an import root."""
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


HELPER = "def helper():\n    return 1\n"
CONSTANT = "LIMIT = 1\n"
EDITED = (MAIN, "1", "2")

FOLDED: dict[str, str] = {
    "a function": HELPER + "def f():\n    return helper()\n",
    "a function, further down": "def f():\n    return helper()\n" + HELPER,
    "a function of a function": HELPER + "def g():\n    return helper()\ndef f():\n    return g()\n",
    "a class": "class A:\n    def g(self):\n        return 1\ndef f():\n    return A()\n",
    "an attribute of a class": "class A:\n    x = 1\ndef f():\n    return A.x\n",
    "the base of a class": "class B:\n    x = 1\nclass A(B): pass\ndef f():\n    return A()\n",
    "a constant": CONSTANT + "def f():\n    return LIMIT\n",
    "a constant of a constant": CONSTANT + "ALL = [LIMIT]\ndef f():\n    return ALL\n",
    "what a constant calls": HELPER + "ALL = helper()\ndef f():\n    return ALL\n",
    "an annotated constant": "LIMIT: int = 1\ndef f():\n    return LIMIT\n",
    "an augmented constant": "LIMIT = 0\nLIMIT += 1\ndef f():\n    return LIMIT\n",
    "a constant of a tuple": "A, (B, *C) = 0, (1, 3)\ndef f():\n    return C\n",
    "a constant under if": "import os\nif os.name:\n    LIMIT = 1\nelse:\n    LIMIT = 0\ndef f():\n    return LIMIT\n",
    "a constant under try": "try:\n    LIMIT = 1\nexcept ValueError:\n    LIMIT = 0\ndef f():\n    return LIMIT\n",
    "an item of a constant": "ALL = {}\nALL['a'] = 1\ndef f():\n    return ALL\n",
    "a constant of a loop": "for x in (1, 3):\n    pass\ndef f():\n    return x\n",
    "a constant of a with": "with open('1') as x:\n    pass\ndef f():\n    return x\n",
    "a walrus": "if (n := 1):\n    pass\ndef f():\n    return n\n",
    "a lambda with a name": "helper = lambda: 1\ndef f():\n    return helper()\n",
    "a default": CONSTANT + "def f(a=LIMIT):\n    return a\n",
    "a decorator": "def louder(function):\n    return 1\n@louder\ndef f():\n    return 0\n",
    "a name inside a lambda": CONSTANT + "def f():\n    return lambda x: LIMIT\n",
    "a name inside an f-string": CONSTANT + "def f():\n    return f'{LIMIT:>{LIMIT}}'\n",
    "a global": CONSTANT + "def f():\n    global LIMIT\n    LIMIT += 0\n",
    "the source of a comprehension": "x = [1]\ndef f():\n    return [x for x in x]\n",
    "a class variable is not seen by methods": CONSTANT
    + "class A:\n    LIMIT = 0\n    def f(self):\n        return LIMIT\n",
    "a function beside it": "def outer():\n    def helper():\n        return 1\n    def f():\n        return helper()\n",
    "a value beside it": "def outer():\n    n = 1\n    def f():\n        return n\n",
    "a function in a function that shadows": "def helper(): pass\ndef outer():\n    def helper():\n        return 1\n    def f():\n        return helper()\n",
    "its class": "class A:\n    def g(self):\n        return 1\n    def f(self):\n        return self.g()\n",
    "the class around a method around it": "class A:\n    def g(self):\n        return 1\n    def h(self):\n        def f():\n            return self.g()\n        return f\n",
    "a cycle": "def g():\n    f()\n    return 1\ndef f():\n    return g()\n",
    "a local of a nested function only": CONSTANT + "def f():\n    def g():\n        LIMIT = 0\n    return LIMIT\n",
}
"""Modules in which f uses something by name that holds the only 1."""


@pytest.mark.parametrize("name", FOLDED)
def test_an_edit_shows_in(folder: Path, name: str) -> None:
    assert is_moved(folder, {MAIN: FOLDED[name]}, EDITED)


@pytest.mark.parametrize("name", FOLDED)
def test_a_comment_shows_nowhere(folder: Path, name: str) -> None:
    assert not is_moved(folder, {MAIN: "# first\n" + FOLDED[name]}, (MAIN, "# first\n", "\n# second\n\n"))


LEFT_OUT: dict[str, str] = {
    "what is not used": HELPER + CONSTANT + "def f():\n    return 0\n",
    "what something else uses": HELPER + "def g():\n    return helper()\ndef f():\n    return 0\n",
    "an argument": CONSTANT + "def f(LIMIT):\n    return LIMIT\n",
    "a keyword argument": CONSTANT + "def f(*, LIMIT=0):\n    return LIMIT\n",
    "further arguments": "a = 1\nk = 1\ndef f(*a, **k):\n    return a, k\n",
    "an assigned local": CONSTANT + "def f():\n    LIMIT = 0\n    return LIMIT\n",
    "a local assigned further down": CONSTANT + "def f():\n    print(LIMIT)\n    LIMIT = 0\n",
    "a local of a loop": CONSTANT + "def f():\n    for LIMIT in []:\n        print(LIMIT)\n",
    "a local of a with": CONSTANT + "def f():\n    with open('x') as (LIMIT, x):\n        print(LIMIT)\n",
    "a caught exception": "e = 1\ndef f():\n    try:\n        pass\n    except ValueError as e:\n        print(e)\n",
    "a nested function": HELPER + "def f():\n    def helper(): return 0\n    return helper()\n",
    "a nested class": "class A:\n    x = 1\ndef f():\n    class A: pass\n    return A\n",
    "a local walrus": CONSTANT + "def f():\n    if (LIMIT := 0):\n        return LIMIT\n",
    "a walrus in a comprehension": CONSTANT + "def f():\n    return [LIMIT := x for x in []], LIMIT\n",
    "a comprehension's target": "x = 1\ndef f():\n    return [x for x in []], {x: 0 for x in []}, {x for x in []}, list(x for x in [])\n",
    "a lambda's argument": "x = 1\ndef f():\n    return lambda x: x\n",
    "what a match captures": "a = b = c = d = 1\ndef f(v):\n    match v:\n        case [a, *b]: return a, b\n        case {'k': 0, **c}: return c\n        case str() as d: return d\n",
    "a local of the function around": CONSTANT + "def outer(LIMIT):\n    def f():\n        return LIMIT\n",
    "a nonlocal": CONSTANT + "def outer(LIMIT):\n    def f():\n        nonlocal LIMIT\n        LIMIT = 0\n",
    "an annotation": "class A:\n    x = 1\ndef f(a: A) -> A:\n    b: A = a\n    return b\n",
    "an attribute of that name": HELPER + "def f(x):\n    return x.helper()\n",
    "a keyword of that name": HELPER + "def f(x):\n    return x(helper=0)\n",
    "a method's other class": "class A:\n    def g(self):\n        return 1\nclass B:\n    def g(self):\n        return self\n    def f(self):\n        return self.g()\n",
}
"""Modules in which f uses nothing that holds a 1."""


@pytest.mark.parametrize("name", LEFT_OUT)
def test_an_edit_does_not_show_in(folder: Path, name: str) -> None:
    assert not is_moved(folder, {MAIN: LEFT_OUT[name]}, EDITED)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
def test_type_parameters_are_locals(folder: Path) -> None:
    text = "T = 1\ndef f[T](a: T) -> T:\n    return T\ndef g(): pass\n"
    assert not is_moved(folder, {MAIN: text}, EDITED)


DECLARED = {
    "dag = DAG('d', description='1')\n": "dag.dag_id",
    "with DAG('1') as dag:\n    pass\n": "dag.dag_id",
    "t = BashOperator(task_id='1')\n": "t.task_id",
    "t = Sensor.partial(task_id='1').expand(x=[])\n": "t.task_id",
    "class MyOperator(Op): pass\nt = MyOperator(task_id='1')\n": "t.task_id",
    "@task\ndef g():\n    return 1\n": "g()",
    "@task.bash(retries=1)\ndef g():\n    return 1\n": "g()",
    "@task\ndef g(n):\n    return n\nt = g(1)\n": "t",
    "@task_group\ndef g():\n    return 1\n": "g()",
    "@dag(schedule='1')\ndef g(): pass\n": "g()",
}
"""Declarations that hold a 1, and how a function may name them."""


@pytest.mark.parametrize("declaration", DECLARED)
@pytest.mark.parametrize(
    "imports",
    [
        "from airflow.decorators import dag, task, task_group\nfrom airflow import DAG\nfrom x import BashOperator, Op, Sensor\n",
        "from airflow.sdk import *\nfrom airflow.sdk import DAG, dag, task, task_group\nfrom x import BashOperator, Op, Sensor\n",
        "from lib import *\nfrom lib import DAG\n",
    ],
    ids=["airflow 2", "airflow 3", "re-exported"],
)
def test_dags_and_tasks_fold_nothing(folder: Path, declaration: str, imports: str) -> None:
    lib = "from airflow import DAG\nfrom airflow.decorators import dag, task, task_group\nfrom x import BashOperator, Op, Sensor\n"
    text = f"{imports}{declaration}def f():\n    return {DECLARED[declaration]}\n"
    assert not is_moved(folder, {MAIN: text, "lib.py": lib}, EDITED)


IMPORTED: dict[str, tuple[str, str]] = {
    "import a.b": ("import pkg.mod\ndef f():\n    return pkg.mod.helper()\n", "pkg/mod.py"),
    "import a.b as c": ("import pkg.mod as m\ndef f():\n    return m.helper()\n", "pkg/mod.py"),
    "import a": ("import mod\ndef f():\n    return mod.helper.x\n", "mod.py"),
    "from a import f": ("from mod import helper\ndef f():\n    return helper()\n", "mod.py"),
    "from a import f as g": ("from pkg.mod import helper as g\ndef f():\n    return g()\n", "pkg/mod.py"),
    "from a import module": ("from pkg import mod\ndef f():\n    return mod.helper()\n", "pkg/mod.py"),
    "from a import *": ("from mod import *\ndef f():\n    return helper()\n", "mod.py"),
    "inside the function": ("def f():\n    from pkg.mod import helper\n    return helper()\n", "pkg/mod.py"),
    "inside the function, a.b": ("def f():\n    import pkg.mod\n    return pkg.mod.helper()\n", "pkg/mod.py"),
    "inside the function around": (
        "def outer():\n    from mod import helper\n    def f():\n        return helper()\n",
        "mod.py",
    ),
    "under try": (
        "try:\n    from mod import helper\nexcept ImportError:\n    helper = None\ndef f():\n    return helper()\n",
        "mod.py",
    ),
    "from one of two": (
        "try:\n    from gone import helper\nexcept ImportError:\n    from mod import helper\ndef f():\n    return helper()\n",
        "mod.py",
    ),
    "re-exported by a package": ("from reexport import g\ndef f():\n    return g()\n", "pkg/mod.py"),
    "through a folder without __init__": (
        "import loose.mod\ndef f():\n    return loose.mod.helper()\n",
        "loose/mod.py",
    ),
    "relative": ("from pkg.relative import g\ndef f():\n    return g()\n", "pkg/mod.py"),
    "relative, up": ("from pkg.sub.up import g\ndef f():\n    return g()\n", "pkg/mod.py"),
}
"""Modules in which f uses the helper of a file."""

LIBRARY = {
    "mod.py": HELPER,
    "pkg/__init__.py": "",
    "pkg/mod.py": HELPER,
    "pkg/relative.py": "from . import mod\nfrom .mod import helper\ndef g():\n    return helper(), mod.__name__\n",
    "pkg/sub/__init__.py": "",
    "pkg/sub/up.py": "from ..mod import helper as h\ndef g():\n    return h()\n",
    "reexport/__init__.py": "from pkg.mod import helper as g\n",
    "loose/mod.py": HELPER,
}


@pytest.mark.parametrize("name", IMPORTED)
def test_an_edit_shows_through_an_import(folder: Path, name: str) -> None:
    text, file = IMPORTED[name]
    assert is_moved(folder, {MAIN: text, **LIBRARY}, (file, "1", "2"))


@pytest.mark.parametrize("name", IMPORTED)
def test_another_function_of_the_imported_file_does_not_show(folder: Path, name: str) -> None:
    text, file = IMPORTED[name]
    files = {MAIN: text, **LIBRARY}
    assert not is_moved(folder, files | {file: files[file] + "def other():\n    return 3\n"}, (file, "3", "4"))


def test_all_says_what_a_star_takes(folder: Path) -> None:
    main = {MAIN: "from mod import *\ndef f():\n    return _one(), two()\n"}
    library = "__all__ = ['_one']\ndef _one():\n    return 1\ndef two():\n    return 2\n"
    assert is_moved(folder, main | {"mod.py": library}, ("mod.py", "1", "3"))
    assert not is_moved(folder, main | {"mod.py": library}, ("mod.py", "2", "3"))


def test_imports_that_go_round_end(folder: Path) -> None:
    files = {
        MAIN: "from a import x\ndef f():\n    return x()\n",
        "a.py": "from b import x\n",
        "b.py": "from a import x\n",
    }
    assert b"a.x" in text_of(write(folder, files))


OUTSIDE = {
    "from numpy import array\ndef f():\n    return array(1)\n": b'["array","numpy.array"]',
    "import numpy as np\ndef f():\n    return np.array(1)\n": b'["np","numpy"]',
    "import numpy.linalg\ndef f():\n    return numpy.linalg.norm(1)\n": b'["numpy","numpy"]',
    "from json import loads\ndef f():\n    return loads\n": b'["loads","json.loads"]',
    "import mod\ndef f():\n    return g(mod)\n": b'["mod","mod"]',
    "from mod import absent\ndef f():\n    return absent\n": b'["absent","mod.absent"]',
    "from .. import absent\ndef f():\n    return absent\n": b'["absent","..absent"]',
}


@pytest.mark.parametrize("text", OUTSIDE)
def test_what_lies_outside_folds_its_dotted_name(folder: Path, text: str) -> None:
    assert OUTSIDE[text] in text_of(write(folder, {MAIN: text, "mod.py": HELPER}))


def test_a_loaded_package_of_several_folders_outside_folds_its_dotted_name(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = write(tmp_path_factory.mktemp("installed"), {"spread_out/part.py": HELPER})
    monkeypatch.syspath_prepend(installed)
    __import__("spread_out.part")
    try:
        text = text_of(write(folder, {MAIN: "import spread_out.part\ndef f():\n    return spread_out.part.helper()\n"}))
    finally:
        del sys.modules["spread_out"], sys.modules["spread_out.part"]
    assert b'["spread_out","spread_out"]' in text


def test_where_a_definition_lies_does_not_count(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    beside = text_of(write(folder, {MAIN: HELPER + "def f():\n    return helper()\n"}))
    write(folder, {MAIN: "from mod import helper\ndef f():\n    return helper()\n", "mod.py": HELPER})
    assert text_of(folder) == beside
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "deep" / "down"
    shutil.copytree(folder, elsewhere)
    sys.path.insert(0, str(elsewhere))
    try:
        assert text_of(elsewhere) == beside
    finally:
        sys.path.remove(str(elsewhere))


def test_what_a_definition_is_called_does_not_count_but_what_it_uses_is_called_does(folder: Path) -> None:
    texts = [
        text_of(write(folder, {MAIN: f"def {helper}():\n    return 1\ndef {name}():\n    return {helper}()\n"}), name)
        for name, helper in (("f", "h"), ("g", "h"), ("f", "i"))
    ]
    assert texts[0] == texts[1] != texts[2]


def test_a_module_that_is_loaded_is_where_it_was_loaded_from(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {MAIN: "import elsewhere as e\ndef f():\n    return e.helper()\n", "hidden/elsewhere.py": HELPER}
    write(folder, files)
    monkeypatch.syspath_prepend(folder / "hidden")
    __import__("elsewhere")
    monkeypatch.syspath_prepend(folder / "other")
    try:
        assert is_moved(
            folder, files | {"other/elsewhere.py": "def helper(): pass\n"}, ("hidden/elsewhere.py", "1", "2")
        )
    finally:
        del sys.modules["elsewhere"]


def test_long_chains_are_no_deeper_than_short_ones(folder: Path) -> None:
    links = "".join(f"def g{number}():\n    return g{number + 1}()\n" for number in range(3000))
    long = " + ".join(["1"] * 1500)
    assert is_moved(
        folder,
        {MAIN: f"{links}def g3000():\n    return 7\nX = {long}\ndef f():\n    return g0(), X\n"},
        (MAIN, "7", "8"),
    )


def test_long_chains_of_values_end(folder: Path) -> None:
    links = "".join(f"x{number + 1} = x{number}.add()\n" for number in range(2000))
    text = "{}" + links + "def f():\n    return x2000\n"
    assert is_moved(folder, {MAIN: text.format("x0 = Made(7)\n")}, (MAIN, "7", "8"))
    declared = "from airflow import DAG\nx0 = DAG('7')\n"
    assert not is_moved(folder, {MAIN: text.format(declared)}, (MAIN, "7", "8"))


def test_values_that_make_each_other_end(folder: Path) -> None:
    assert is_moved(folder, {MAIN: "a = b()\nb = a(1)\ndef f():\n    return a\n"}, EDITED)


SYNTAX = '''
import functools, helpers
from helpers import *
LIMIT: int = 0x10 ** 2 + 1_000
NAMES = {"a": [*range(3)], **{"b": 1.0, "c": -0.0, "d": 1e400, "e": 2j, "f": b"\\x00", "g": "\\ud800", "h": ...}}
class A(helpers.B, metaclass=helpers.M):
    """Doc."""
    x: int = LIMIT
    @functools.cached_property
    def y(self): return f"{self.x!r:>{LIMIT}} {NAMES['a']=} " "and" f"{'':}"
async def g(a, /, b=1, *c, d, e=LIMIT, **k):
    async with a as (x, y), b: pass
    async for i in a: yield await i
def f(v):
    """Doc."""
    global LIMIT
    match v:
        case [1, A(x=2) as a, *rest] | {"k": None, **rest} if a: return rest
    try: return [z for w in v if (u := w) for z in w], lambda q, *, r=LIMIT: (q, r, helper())
    except* ValueError as e: raise RuntimeError from e
    finally: del v; assert (yield), f"{LIMIT}" f"x{A:%Y}"
    return g, u, f"nested {f'{NAMES}'} {{}}"
'''

PROGRAM = """
import sys
sys.path[:0] = sys.argv[1:]
from dagserial.sources.references import References, Unit
references = References(lambda path: path.startswith(sys.argv[1]))
module = references.module(sys.argv[1] + "/main.py")
for line, nodes in sorted(module.functions.items()):
    for node in nodes:
        print(line, references.text(Unit(module, module.around[node], (node,))).decode())
"""


def interpreters() -> list[str]:
    """Return the supported interpreters that this machine may have."""
    return [f"python3.{minor}" for minor in (11, 12, 13, 14)]


def found(name: str) -> str | None:
    """Return the path of an interpreter: on PATH, or one that pyenv installed."""
    version = name.removeprefix("python")
    installed = sorted(
        Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob(f"versions/{version}.*/bin/python")
    )
    paths = [shutil.which(name), *map(str, installed)]
    works = (path for path in paths if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0)
    return next(works, None)


@pytest.mark.parametrize("name", interpreters())
def test_every_python_writes_the_same(folder: Path, name: str) -> None:
    interpreter = found(name)
    if interpreter is None:
        skip_or_fail("pythons", f"there is no {name}")
    write(folder, {MAIN: SYNTAX, "helpers.py": HELPER + "class B: pass\nclass M(type): pass\n"})
    outputs: list[Any] = [
        subprocess.run(
            [python, "-I", "-S", "-c", PROGRAM, str(folder), str(ROOT)], capture_output=True, text=True, check=True
        ).stdout
        for python in (sys.executable, interpreter)
    ]
    assert len(outputs[0].splitlines()) == 4
    assert outputs[0] == outputs[1]
