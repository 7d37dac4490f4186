"""Make the environment in which pages are rendered: everything is escaped, and a missing name is an error."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagserial.model.display import display, printable

_TEMPLATES = Path(__file__).with_name("templates")


def environment() -> Environment:
    """Return the environment of the templates that come with this package."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["printable"] = printable
    made.filters["tojson_text"] = display
    return made
