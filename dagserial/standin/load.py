"""Run a DAG file where Airflow is not installed, and collect the DAGs it makes."""

from __future__ import annotations

import ast
import functools
import glob
import hashlib
import importlib
import importlib.metadata
import importlib.util
import io
import json
import linecache
import os
import random
import re
import sys
import tokenize
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from dagserial.authoring import DAG
from dagserial.authoring.context import DECLARING
from dagserial.standin.clock import stop_clocks
from dagserial.standin.deployed import DeployedPaths
from dagserial.standin.finder import PARSE_LIBRARIES, Finder, Places
from dagserial.standin.installed import required_by
from dagserial.standin.machine import hide_machine
from dagserial.standin.names import Names
from dagserial.standin.notes import NOTES
from dagserial.standin.python2 import add_builtins, compiled
from dagserial.standin.strings import Text, TextSymbol
from dagserial.standin.symbol import Symbol


def install(
    root: str,
    roots: Sequence[str],
    dag_folders: Sequence[str],
    *,
    airflow_version: str,
    variables: Mapping[str, str],
    connections: Mapping[str, Any],
    settings: Mapping[tuple[str, str], str],
    deployed: Mapping[str, str] | None = None,
    packages: Mapping[str, str] | None = None,
    imports: Sequence[str] = (),
) -> None:
    """Make this interpreter one in which DAG files run without Airflow; there is no way back.

    Args:
        root: top of the tree that is read.
        roots: import roots of the repository, first one first.
        dag_folders: where the DAG files lie.
        settings: Airflow configuration by (section, key).
        deployed: folders of the tree by the path that each has where it is deployed; absolute both.
        packages: folders of the tree, absolute, by the name under which each is importable.
        imports: packages that are imported as they are installed.
    """
    NOTES.start(root)
    libraries = [name for name in (*PARSE_LIBRARIES, *imports) if importlib.util.find_spec(name)]
    for name in libraries:
        importlib.import_module(name)  # before the clocks stop: pendulum derives from datetime
    names = Names(airflow_version, variables, connections, settings)
    paths = DeployedPaths(deployed or {})
    libraries += required_by(imports)
    places = Places(root, roots, dag_folders, packages or {}, paths)
    absent = ("airflow.sdk",) if airflow_version.startswith(("1.", "2.")) else ()
    sys.meta_path.insert(0, Finder(names.provide, places, libraries, absent))
    sys.path[:0] = roots
    stop_clocks(names.provide)
    hide_machine(names.provide)
    add_builtins()
    _sort_listings()
    paths.install()
    _pass_symbols()
    os.environ = _environment(names)  # noqa: B003 - what code reads changes, not what the process has
    _say_version(airflow_version)


def load(root: str, file: str, content: bytes | None = None) -> list[DAG]:
    """Run a DAG file and return its DAGs, each once, in the order met.

    Those are the DAGs that its globals name, those whose `with` block or function ended while it ran, and the sub-DAGs
    of their tasks (Airflow 2.x, DagBag).

    Args:
        file: path from `root`, with `/`.
        content: runs in place of what lies at that path, where anything does.
    """
    random.seed()  # as stop_clocks replaced it: the same each time, where a fork was seeded anew (CPython, random.py)
    path = f"{root}/{file}"
    stem = file.rpartition("/")[2].removesuffix(".py")
    digest = hashlib.sha1(file.encode(errors="surrogateescape"), usedforsecurity=False).hexdigest()
    module = types.ModuleType(f"unusual_prefix_{digest}_{stem}")
    module.__file__ = path
    sys.modules[module.__name__] = module
    if content is None:
        with open(path, "rb") as source:
            code = compiled(source.read(), path)
    else:
        code = compiled(content, path)
        _show_source(path, content)
    exec(code, module.__dict__)
    made = [value for value in list(vars(module).values()) if isinstance(value, DAG) and not _is_part(value)]
    closed = [dag for dag in DECLARING.closed if dag.auto_register is not False]  # type: ignore[attr-defined]
    return _with_subdags([*made, *closed])


def _show_source(path: str, content: bytes) -> None:
    """Let whoever asks for the lines of a file, as `inspect` does, see other ones than lie there.

    An entry of `linecache` without a time of modification is never checked against the disk.
    """
    with io.TextIOWrapper(io.BytesIO(content), tokenize.detect_encoding(io.BytesIO(content).readline)[0]) as text:
        lines = text.readlines()
    linecache.cache[path] = (len(content), None, lines, path)


def _is_part(dag: DAG) -> bool:
    """Tell whether a DAG is another with fewer tasks (`dag.sub_dag`), under the same id."""
    whole = vars(dag).get("_dagserial_whole")
    return whole is not None and whole.dag_id == dag.dag_id


def _with_subdags(dags: Iterable[DAG]) -> list[DAG]:
    """Return DAGs and the DAGs that SubDagOperator tasks hold, each once."""
    found: dict[int, DAG] = {}
    waiting = list(dags)
    while waiting:
        dag = waiting.pop(0)
        if id(dag) not in found:
            found[id(dag)] = dag
            waiting += [task.subdag for task in dag.tasks if isinstance(vars(task).get("subdag"), DAG)]
    return list(found.values())


def _sort_listings() -> None:
    """List folders in the order of names: the file system's own order differs between machines."""
    listdir, scandir = os.listdir, os.scandir

    class _Sorted:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            with scandir(*args, **kwargs) as entries:
                self._entries = iter(sorted(entries, key=lambda entry: entry.name))

        def __iter__(self) -> Any:
            return self._entries

        def __next__(self) -> Any:
            return next(self._entries)

        def __enter__(self) -> _Sorted:
            return self

        def __exit__(self, *_exc: object) -> None:
            self.close()

        def close(self) -> None:
            self._entries = iter(())

    os.listdir = lambda *args, **kwargs: sorted(listdir(*args, **kwargs))  # type: ignore[assignment]
    os.scandir = _Sorted  # type: ignore[assignment]
    for kind in vars(glob).values():  # Python 3.13 binds the function in a class
        if isinstance(kind, type) and getattr(kind, "scandir", None) is scandir:
            kind.scandir = staticmethod(_Sorted)  # type: ignore[attr-defined]


def _pass_symbols() -> None:
    """Let parsers of the standard library and yaml pass a symbol on as the expression that it is parsed.

    A symbol in a value that becomes JSON text is its template, as in all other text.
    """
    parsers: list[tuple[Any, str]] = [(json, "loads"), (json, "load"), (ast, "literal_eval")]
    if (yaml := sys.modules.get("yaml")) is not None:
        parsers += [(yaml, "safe_load"), (yaml, "load")]
    for module, name in parsers:
        setattr(module, name, _passing(getattr(module, name), f"{module.__name__}.{name}"))
    for name in ("findall", "fullmatch", "match", "search", "split", "sub"):
        setattr(re, name, _matching(getattr(re, name)))
    refuse = json.JSONEncoder.default

    def default(self: json.JSONEncoder, value: Any) -> Any:
        return str(value) if isinstance(value, Symbol) else refuse(self, value)

    json.JSONEncoder.default = default  # type: ignore[assignment,method-assign]


def _passing(parse: Callable[..., Any], path: str) -> Callable[..., Any]:
    @functools.wraps(parse)  # a DAG file that passes the parser on names the real one
    def passing(value: Any, *args: Any, **kwargs: Any) -> Any:
        symbol = value._symbol if isinstance(value, Text) else value
        if isinstance(symbol, Symbol):
            return type(symbol)(("call", Symbol(("name", path), symbol._provide), (symbol,), {}), symbol._provide)
        return parse(value, *args, **kwargs)

    return passing


def _matching(match: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of `re` give an expression for a symbol that is no text, which it would refuse."""

    def matching(*args: Any, **kwargs: Any) -> Any:
        symbol = next((arg for arg in args if isinstance(arg, Symbol) and not isinstance(arg, str)), None)
        if symbol is None:
            return match(*args, **kwargs)
        of = Symbol(("name", f"re.{match.__name__}"), symbol._provide)
        return Symbol(("call", of, args, kwargs), symbol._provide)

    return matching


def _environment(names: Names) -> Any:
    """Return an environment whose missing variables are symbols for the code of the tree that requires them."""
    known: Any = os.environ

    class Environment(type(known)):  # type: ignore[misc]
        def __getitem__(self, name: str) -> str:
            try:
                return str(super().__getitem__(name))
            except KeyError:
                if not NOTES.is_asked_by_tree(1):
                    raise
            NOTES.lacking[("environment variable", name)] = None
            return Text(TextSymbol(("environment", name), names.provide))

        def __contains__(self, name: object) -> bool:
            return name in set(self)

        def get(self, name: str, default: Any = None) -> Any:
            try:
                return str(super().__getitem__(name))
            except KeyError:
                through_getenv = sys._getframe(1).f_code is os.getenv.__code__
                if default is None and NOTES.is_asked_by_tree(2 if through_getenv else 1):
                    NOTES.lacking[("environment variable", str(name))] = None
                return default

        def setdefault(self, name: str, value: str) -> str:
            if name not in self:
                self[name] = value
            return self[name]

        def pop(self, name: str, *default: Any) -> Any:
            return super().pop(name) if name in self or not default else default[0]

    return Environment(known._data, known.encodekey, known.decodekey, known.encodevalue, known.decodevalue)


def _say_version(airflow_version: str) -> None:
    """Answer `importlib.metadata.version("apache-airflow")` as Airflow's own distributions would."""
    version = importlib.metadata.version
    names = ("apache-airflow", "apache-airflow-core")

    def answer(distribution_name: str) -> str:
        return airflow_version if distribution_name in names else version(distribution_name)

    importlib.metadata.version = answer
