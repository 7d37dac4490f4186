"""Hide the machine: DAG files see the same user, host, folders and interpreter wherever they are read."""

from __future__ import annotations

import getpass
import multiprocessing
import os
import socket
import sys
import tempfile
import threading

from dagserial.standin.notes import NOTES
from dagserial.standin.strings import Text
from dagserial.standin.symbol import Provide, Symbol

TEMPORARY = "/tmp"
"""What DAG files are told is the folder for temporary files; files made there lie in the sandbox's own."""


def hide_machine(provide: Provide) -> None:
    """Replace what names this machine, in this interpreter."""
    getpass.getuser = os.getlogin = lambda: _told("the user's name", "airflow")
    socket.gethostname = socket.getfqdn = lambda *_args: _told("the host's name", "localhost")
    sys.argv = ["airflow"]
    sys.executable = Text(Symbol(("name", "sys.executable"), provide))
    _hide_temporary_folder()
    _share_nothing()


def _share_nothing() -> None:
    """Make locks between processes locks between threads: those need shared memory, which the sandbox has not."""
    for name in ("Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "RLock", "Semaphore"):
        setattr(multiprocessing, name, getattr(threading, name))


def _hide_temporary_folder() -> None:
    folder = os.environ.get("TMPDIR", "")
    if os.path.isdir(folder) and os.path.samefile(folder, os.getcwd()):  # the sandbox's own, not one that the user set
        tempfile.tempdir = os.environ.pop("TMPDIR")
    known = tempfile.gettempdir
    tempfile.gettempdir = lambda: TEMPORARY if NOTES.is_asked_by_tree(1) else known()


def _told(what: str, value: str) -> str:
    if NOTES.is_asked_by_tree(2):
        NOTES.add(f"{what} differs between machines: taken as {value}")
    return value
