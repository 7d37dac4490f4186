"""Note what of a tree this process looks at, from the start of the trace to its own end.

Opened files and listed folders come from Python's audit events (PEP 578), lookups of modules from the import system's
finder of files, and questions about files, which raise no event, from functions put in the place of those of `os`.
Nothing can be told of what another process or C code reads: after a fork, a program started, or a call through
`ctypes`, the answer is that the whole tree may have been read. Code that goes out of its way to look at the tree
unseen is not held off; it spoils what is remembered of itself.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import types
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import FileFinder, ModuleSpec
from typing import Any

import msgspec

from dagserial.sources.links import Links
from dagserial.sources.outside import Outside
from dagserial.sources.questions import Look, Note, losing, replace, watch_questions
from dagserial.sources.reading import Reads
from dagserial.standin import finder

_LOSING = (
    *("ctypes.call_function", "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "os.exec", "os.fork"),
    *("os.forkpty", "os.getxattr", "os.link", "os.listxattr", "os.posix_spawn", "os.spawn", "os.symlink", "os.system"),
    *("pty.spawn", "cpython.PyInterpreterState_New", "sqlite3.connect", "subprocess.Popen"),
)
"""Events after which files may be read that raise none, or under other paths."""
_BY_PATH = ("chmod", "chown", "chflags", "lchmod", "lchflags", "removexattr", "setxattr", "truncate", "utime", "chdir")
"""Functions of `os` with events whose first argument is a path; that they fail says something of it."""
_UNSEEN = frozenset({"_curses", "_dbm", "_gdbm", "_interpreters", "_tkinter", "_xxsubinterpreters", "nis"})
"""Modules of the standard library in C that open files by themselves."""
_CERTIFICATES = ("load_cert_chain", "load_dh_params", "load_verify_locations")

_Seen = set[tuple[Look, str]]


@dataclass(frozen=True, slots=True)
class Trace:
    """What is looked at, from the start of the trace.

    Attributes:
        clear: forgets what was looked at, as a fork does that starts with something else.
        reads: returns what was looked at; None if that cannot be told, so that it may be the whole tree.
    """

    clear: Callable[[], None]
    reads: Callable[[], Reads | None]


def start(root: str, asked: Iterable[str] = (), in_tree: Callable[[Any], Any] = lambda path: path) -> Trace:
    """Note from now on what is looked at; there is no way to end it but to end the process, and its forks.

    Args:
        root: top of the tree, absolute, without links.
        asked: paths that were looked at before, and count as if they were always looked at again; absolute.
        in_tree: returns the path that the functions of `os`, as they are now, take for a path.
    """
    seen: _Seen = set()
    links, outside = Links(root), Outside(root)
    before = {links.end(path) for path in asked}
    for folder in filter(links.holds, before):
        links.named(folder, "")  # once for all forks
    note = _noting(seen)
    _watch_imports(note)
    watch_questions(note, in_tree)
    sys.addaudithook(_hook(note))
    return Trace(seen.clear, lambda: _reads(links, outside, before, seen))


def _noting(seen: _Seen) -> Note:
    getcwd, readlink, fsdecode = os.getcwd, os.readlink, os.fsdecode

    def absolute(path: Any, folder: Any) -> str:
        text = str.__str__(path if isinstance(path, str) else fsdecode(path))
        if text.startswith("/"):
            return text
        return f"{getcwd() if folder in (None, -1) else readlink(f'/proc/self/fd/{folder}')}/{text}"

    def note(what: Look, path: Any = None, folder: Any = None) -> None:
        try:
            if isinstance(path, int):
                if what not in (Look.NAMES, Look.ENTRIES):
                    return  # it was opened by its path
                path = readlink(f"/proc/self/fd/{path}")
            place = absolute("." if path is None else path, folder)
            seen.add((what, place))
            if "/proc/" in place or "/dev/fd/" in place:  # links that lead elsewhere at another time
                seen.add((what, Links("/").end(place)))
        except TypeError:
            return  # it is no path; so says who is asked, too
        except Exception:
            seen.add((Look.LOST, ""))

    return note


def _hook(note: Note) -> Callable[[str, tuple[Any, ...]], None]:
    """Return what is told of every event; it is called often, so it looks at the name alone."""
    importing = vars(sys.modules["_frozen_importlib_external"]), vars(finder)

    def listed(what: Look, path: Any) -> None:
        around = sys._getframe(3).f_globals
        if not any(around is own for own in importing):  # which say themselves what they look for
            note(what, path)

    def imported(args: Sequence[Any]) -> None:
        if args[0] in _UNSEEN:
            note(Look.LOST)
        if args[1] is not None:
            note(Look.NATIVE, args[1])

    def renamed(args: Sequence[Any]) -> None:
        note(Look.ITSELF, args[0], args[2])
        note(Look.ITSELF, args[1], args[3])

    actions: dict[str, Callable[[Sequence[Any]], None]] = {
        **dict.fromkeys(_LOSING, lambda args: note(Look.LOST)),
        **{f"os.{name}": lambda args: note(Look.CONTENTS, args[0]) for name in _BY_PATH},
        "import": imported,
        "open": lambda args: note(Look.CONTENTS, args[0]),
        "os.listdir": lambda args: listed(Look.NAMES, args[0]),
        "os.mkdir": lambda args: note(Look.ITSELF, args[0], args[2]),
        "os.remove": lambda args: note(Look.ITSELF, args[0], args[1]),
        "os.rename": renamed,
        "os.rmdir": lambda args: note(Look.ITSELF, args[0], args[1]),
        "os.scandir": lambda args: listed(Look.ENTRIES, args[0]),
    }
    find = actions.get

    def hook(event: str, args: tuple[Any, ...]) -> None:
        action = find(event)
        if action is not None:
            action(args)

    return hook


def _watch_imports(note: Note) -> None:
    find = FileFinder.find_spec

    @functools.wraps(find)
    def found(self: FileFinder, fullname: str, target: types.ModuleType | None = None) -> ModuleSpec | None:
        note(Look.MODULE, f"{self.path}/{fullname.rpartition('.')[2]}")
        return find(self, fullname, target)

    def unfit(path: str) -> Any:
        """Be asked last what finder fits an entry of `sys.path`: it is no folder."""
        note(Look.CONTENTS, path)
        raise ImportError(path)

    FileFinder.find_spec = found  # type: ignore[assignment,method-assign]
    sys.path_hooks.append(unfit)
    sys.meta_path.insert(0, _Certificates(note))


class _Certificates(MetaPathFinder):
    """Find `ssl` as others do, and have it tell of the files that OpenSSL opens."""

    def __init__(self, note: Note) -> None:
        self._note = note

    def find_spec(self, fullname: str, path: Any, target: types.ModuleType | None = None) -> ModuleSpec | None:
        if fullname != "ssl" or self not in sys.meta_path:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute, loader = spec.loader.exec_module, spec.loader

            def executed(module: types.ModuleType) -> None:
                execute(module)
                for name in _CERTIFICATES:
                    replace(getattr(module, "SSLContext", None), name, self._losing)

            loader.exec_module = executed  # type: ignore[method-assign]
        return spec

    def _losing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return losing(function, self._note)


def _reads(links: Links, outside: Outside, before: set[str], seen: _Seen) -> Reads | None:
    looks = [(what, path) for what, path in list(seen) if "\0" not in path]  # which nothing can have
    try:
        found = _found(links, before, looks)
        if found is None:
            return None
        contents, names, entries, modules = (tuple(sorted(map(links.from_top, paths))) for paths in found)
        reads = Reads(contents, names, entries, modules, tuple(sorted(_around(links, outside, looks))))
        msgspec.msgpack.encode(reads)
    except (OSError, RecursionError, ValueError):  # a name that is no text, or folders nested by the thousand
        return None
    return reads


def _found(links: Links, before: set[str], seen: Sequence[tuple[Look, str]]) -> tuple[set[str], ...] | None:
    """Return what Reads says, by absolute paths without links; None if more may have been looked at."""
    contents, names, entries, modules = found = (set(before), set[str](), set[str](), set[str]())
    listed = {Look.NAMES: names, Look.ENTRIES: entries}
    for what, path in seen:
        if what is Look.LOST:
            return None
        if what is Look.MODULE:
            _look_up(links, path, contents, modules)
            continue
        end = links.itself(path) if what is Look.ITSELF else links.end(path)
        if what is Look.NATIVE and links.holds(end):
            return None
        (listed.get(what, contents) if links.is_folder(end) else contents).add(end)
    contents |= links.passed
    return None if links.is_left else tuple(set(filter(links.holds, paths)) for paths in found)


def _around(links: Links, outside: Outside, seen: Sequence[tuple[Look, str]]) -> set[str]:
    """Return what was looked at outside of the tree."""
    found = set()
    for what, path in seen:
        end = links.end(path)
        if links.holds(links.end(os.path.dirname(path)) if what is Look.MODULE else end):
            continue
        is_listed = what in (Look.NAMES, Look.ENTRIES) and links.is_folder(end)
        endings = ("", ".py") if what is Look.MODULE else ("/" if is_listed else "",)
        found |= {name + ending for name in outside.names(path, end) for ending in endings}
    return found


def _look_up(links: Links, path: str, contents: set[str], modules: set[str]) -> None:
    """Add what decides whether a folder has a module: entries of its name, links among them with where they end."""
    above, name = os.path.split(path)
    folder = links.end(above)
    contents.add(folder)
    if not links.holds(folder) or not links.is_folder(folder):
        return
    place = f"{folder}/{name}"
    modules.add(place)
    contents.update(links.end(f"{folder}/{link}") for link in links.named(folder, name))
    package = links.end(place)
    if links.is_folder(package):
        if package != place:
            modules.add(f"{package}/__init__")
        contents.update(links.end(f"{package}/{link}") for link in links.named(package, "__init__"))
