"""Take the flags that say where a version comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from dagserial.cli.reading import pairs
from dagserial.history import Entry, Event, History, Snapshot
from dagserial.store import Origin

_NO_LABELS: Mapping[str, str] = {}

_FLAGS = (
    click.option("--bundle", metavar="NAME", envvar="DAGSERIAL_BUNDLE", help="Name of the DAG bundle."),
    click.option("--image", metavar="IMAGE", envvar="DAGSERIAL_IMAGE", help="repo@sha256:<64 hex> that runs it."),
    click.option("--note", metavar="TEXT", help="What is to be remembered of it."),
    click.option("--label", "labels", multiple=True, metavar="NAME=TEXT", help="The same by name; repeatable."),
)


def origin_flags(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the flags that say where a version comes from; the command gets them as keyword arguments."""
    for flag in reversed(_FLAGS):
        command = flag(command)
    return command


def origin_of(history: History, side: Snapshot, entry: Entry, flags: dict[str, Any]) -> Origin:
    """Return where the record of an entry comes from; of a work tree, the commit that is checked out."""
    commit, is_dirty = (side.commit, False) if side.commit else history.checked_out()
    place = entry.provenance
    return _origin(flags, bundle_version=commit, ref=side.ref, is_dirty=is_dirty, file=place.file, line=place.line)


def origin_of_event(event: Event, ref: str, flags: dict[str, Any]) -> Origin:
    """Return where the record that a commit made comes from, with who wrote the commit and when."""
    commit = event.commit
    told = {"author": commit.author, "authored_at": commit.authored_at, "subject": commit.subject}
    labels = {name: "".join(filter(str.isprintable, text)) for name, text in told.items()}
    place = {"ref": ref, "file": event.file, "line": event.line}
    return _origin(flags, labels, bundle_version=commit.id, is_dirty=False, **place)


def _origin(flags: dict[str, Any], labels: Mapping[str, str] = _NO_LABELS, **place: Any) -> Origin:
    return Origin(
        bundle_name=flags["bundle"],
        image=flags["image"],
        note=flags["note"],
        labels={**labels, **pairs("--label NAME=TEXT", flags["labels"])} or None,
        **place,
    )
