"""The command line, one verb a module; each is loaded when it is called."""

from dagserial.cli.group import main

__all__ = ["main"]
