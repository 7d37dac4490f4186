"""Import for DAG files: the standard library, the repository and a few libraries are real, all else stands in."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from typing import Any

from dagserial.standin.deployed import DeployedPaths
from dagserial.standin.instruction import names_used
from dagserial.standin.notes import NOTES
from dagserial.standin.python2 import RepositoryLoader
from dagserial.standin.symbol import Provide

PARSE_LIBRARIES = ("dateutil", "jinja2", "pendulum", "pytz", "yaml")
"""Pure libraries whose values DAG files compute with when they are read; real where they are installed."""

_HELPERS = ("_yaml", "dagserial", "markupsafe", "six", "tzdata")
"""What those libraries import in turn, and dagserial's own authoring API."""


_scandir = os.scandir  # as it is when this is imported: the one that is put in its place may be watched


class StandinModule(types.ModuleType):
    """A module that is not there: its attributes are what `provide` says."""

    def __init__(self, name: str, provide: Provide) -> None:
        super().__init__(name)
        self.__dict__["_dagserial_provide"] = provide
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return names_used(sys._getframe(1))
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        return self._dagserial_provide(f"{self.__name__}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._dagserial_provide(self.__name__)(*args, **kwargs)


class _StandinLoader(Loader):
    def __init__(self, provide: Provide) -> None:
        self._provide = provide

    def create_module(self, spec: ModuleSpec) -> types.ModuleType:
        return StandinModule(spec.name, self._provide)

    def exec_module(self, module: types.ModuleType) -> None:
        """There is nothing to run."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the repository's own modules lie; absolute paths.

    Attributes:
        root: top of the tree.
        roots: import roots of the repository, searched in this order.
        dag_folders: where the DAG files lie; a module of theirs is real even under the name `airflow`.
        packages: folders by the name under which each is importable.
        deployed: what absolute paths of a deployment mean.
    """

    root: str
    roots: Sequence[str]
    dag_folders: Sequence[str]
    packages: Mapping[str, str]
    deployed: DeployedPaths

    def searched(self) -> list[str]:
        """Return the import roots and those folders of the tree that its code put on `sys.path`, in their order."""
        paths = [os.path.abspath(self.deployed.in_tree(path)) for path in sys.path if isinstance(path, str) and path]
        added = [path for path in paths if f"{path}/".startswith(f"{self.root}/") and path not in self.roots]
        return [*self.roots, *dict.fromkeys(added)]


class Finder(MetaPathFinder):
    """Decide for each import where it comes from."""

    def __init__(self, provide: Provide, places: Places, libraries: Sequence[str], absent: Sequence[str] = ()) -> None:
        """Prepare.

        Args:
            libraries: packages that are imported as they are installed.
            absent: packages of `airflow` that the version asked for does not have.
        """
        self._provide = provide
        self._places = places
        self._dag_folders = tuple(f"{folder}/" for folder in places.dag_folders)
        helpers = (name for name in _HELPERS if PathFinder.find_spec(name))
        self._absent = frozenset(absent)
        self._real = {*sys.stdlib_module_names, *libraries, *helpers}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module comes from; None leaves it to Python's own finders."""
        top, dot, _ = fullname.partition(".")
        if fullname in self._absent:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        if top == "airflow":
            return self._dag_module(fullname) or self._standin(fullname)
        if fullname in self._places.packages:
            return _as_repository(package_spec(fullname, self._places.packages[fullname]))
        if top in self._real:
            return None
        if dot and not isinstance(sys.modules.get(fullname.rpartition(".")[0]), StandinModule):
            return _as_repository(PathFinder.find_spec(fullname, path, target))
        spec = None if dot else PathFinder.find_spec(fullname, self._places.searched(), target)
        if spec is not None and (spec.loader is not None or _holds_python(spec)):
            return _as_repository(spec)
        if top in PARSE_LIBRARIES:
            NOTES.add(f"{top} is not installed, so its values are symbols: pip install 'dagserial[parse]'")
        return self._standin(fullname)

    def _dag_module(self, fullname: str) -> ModuleSpec | None:
        """Find a module that lies in a DAG folder, as Airflow's own example DAGs do in `airflow/example_dags`."""
        tail = fullname.replace(".", "/")
        for path in (f"{root}/{tail}{end}" for root in self._places.roots for end in (".py", "/__init__.py")):
            if path.startswith(self._dag_folders) and os.path.isfile(path):
                folders = [os.path.dirname(path)] if path.endswith("__init__.py") else None
                spec = importlib.util.spec_from_file_location(fullname, path, submodule_search_locations=folders)
                return _as_repository(spec)
        return None

    def _standin(self, fullname: str) -> ModuleSpec:
        return importlib.machinery.ModuleSpec(fullname, _StandinLoader(self._provide), is_package=True)


def package_spec(name: str, folder: str) -> ModuleSpec:
    """Return a folder as the package of that name, whether or not it holds an `__init__.py`."""
    start = os.path.join(folder, "__init__.py")
    if os.path.isfile(start):
        spec = importlib.util.spec_from_file_location(name, start, submodule_search_locations=[folder])
    else:
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [folder]
    assert spec is not None  # a .py file has a loader
    return spec


def _as_repository(spec: ModuleSpec | None) -> ModuleSpec | None:
    """Load a module of the repository as its DAG files are loaded."""
    if spec is not None and type(spec.loader) is SourceFileLoader:
        spec.loader = RepositoryLoader(spec.loader.name, spec.loader.path)
    return spec


def _holds_python(spec: ModuleSpec) -> bool:
    """Tell whether a folder without `__init__.py` is a package of the repository, and not any folder of that name."""
    folders = list(spec.submodule_search_locations or ())
    found = next((place for folder in folders if (place := _python_in(folder))), None)
    if found is None:
        return any(name.endswith(".py") for folder in folders for _, _, names in os.walk(folder) for name in names)
    PathFinder.find_spec(found[1], [found[0]])  # whoever watches what is read sees that this one file decides
    return True


def _python_in(folder: str) -> tuple[str, str] | None:
    """Return the first Python file of a folder, or of those below it, as its folder and module; unwatched."""
    try:
        with _scandir(folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError:
        return None
    for entry in entries:
        if entry.name.endswith(".py") and not entry.is_dir():
            return folder, entry.name.removesuffix(".py")
    below = (_python_in(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    return next(filter(None, below), None)
