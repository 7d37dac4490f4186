"""`dagserial serve`: a store as an API and as pages."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

import click

from dagserial.cli.database import database_flag
from dagserial.errors import SettingsError


@click.command("serve")
@database_flag
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A Git repository whose refs are served, too.",
)
@click.option("--parse", is_flag=True, help="Read DAG files at refs, in the sandbox; else refs come without records.")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to serve on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8420, show_default=True, help="The port; 0: any that is free."
)
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Let in only who sends a token of this file, a line each.",
)
@click.option(
    "--proxy-user-header",
    metavar="NAME",
    help="Let in only whom a proxy on this machine names in this header.",
)
@click.option("--root-path", default="", metavar="PATH", help="What a proxy takes off the front of paths, /dagserial.")
def command(
    url: str,
    repo: Path | None,
    parse: bool,
    host: str,
    port: int,
    token_file: Path | None,
    proxy_user_header: str | None,
    root_path: str,
) -> None:
    """Serve a store over HTTP: a JSON API and pages. It is read and never written to.

    \b
    dagserial serve --db sqlite:///dags.db
    dagserial serve --db postgresql://host/dags --repo . --port 8000
    dagserial serve --db sqlite:///dags.db --host 0.0.0.0 --token-file tokens
    """
    web, server = _web("dagserial.web"), _web("dagserial.web.server")
    if token_file and proxy_user_header:
        raise SettingsError("--token-file and --proxy-user-header are two ways of one thing; give one")
    authorize = None
    if token_file:
        authorize = web.BearerTokens(token_file)
    elif proxy_user_header:
        authorize = web.ProxyUser(proxy_user_header)
    server.check_address(host, is_guarded=authorize is not None)
    app = web.create_app(url, repo=repo, parse=parse, authorize=authorize)
    app.state.site.database.engine()
    listener = server.listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    click.echo(f"serving http://{shown}:{listener.getsockname()[1]}{root_path}/ (ends with Ctrl-C)", err=True)
    server.serve(app, listener, root_path=root_path)


def _web(name: str) -> ModuleType:
    """Import what only the extra `web` installs: at its one door, as all else works without."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise SettingsError(f"serving needs {error.name!r}: pip install 'dagserial[web]'") from error
