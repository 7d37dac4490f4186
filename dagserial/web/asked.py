"""Hold what a request asks for, and what it may see."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from sqlalchemy.orm import Session
from starlette.requests import Request

if TYPE_CHECKING:
    from dagserial.web.site import Site

API = "/api/v1"
_SAFE = ":@+~,="
"""What stands in a path as it is, beside letters, digits and `-._`."""


class Asked:
    """A request that is being answered, in a thread of its own.

    Attributes:
        place: what the path says, by name, decoded.
        query: the parameters, checked: the struct that the resource names.
    """

    def __init__(self, site: Site, request: Request, place: dict[str, str], query: Any) -> None:
        self.site = site
        self.request = request
        self.place = place
        self.query = query
        self._open = ExitStack()
        self._session: Session | None = None
        self._visible: dict[str, bool] = {}

    @property
    def session(self) -> Session:
        """The store, opened when it is first asked for; nothing can be written through it."""
        if self._session is None:
            self._session = self._open.enter_context(self.site.database.session())
        return self._session

    def close(self) -> None:
        """Give the connection back."""
        self._open.close()

    def may_see(self, dag_id: str) -> bool:
        """Tell whether the caller may see a DAG; each is asked about once."""
        if self.site.authorize is None:
            return True
        if dag_id not in self._visible:
            self._visible[dag_id] = bool(self.site.authorize(self.request, dag_id))
        return self._visible[dag_id]

    def url(self, name: str, /, **place: object) -> str:
        """Return the path of a resource of the API, right wherever the app is mounted."""
        return self._path(f"{name}.json", place)

    def page_url(self, name: str, /, **place: object) -> str:
        """Return the path of the page of a resource."""
        return self._path(f"{name}.html", place)

    def static_url(self, name: str) -> str:
        """Return the path of a file that pages need."""
        return self._path("static", {"file": name})

    def this_url(self, **changes: object) -> str:
        """Return the path of this request with other parameters; None takes one away."""
        return self._with_query(str(self.request.scope["path"]), changes)

    def twin_url(self, name: str, /, **place: object) -> str:
        """Return the path of a resource of the API with the parameters of this request, which asks for its page."""
        return self._with_query(self.url(name, **place), {})

    def here(self, **changes: object) -> str:
        """Return this request with other parameters, as a link on its own page; None takes one away."""
        return self._with_query("", changes) or "?"

    def _with_query(self, path: str, changes: dict[str, object]) -> str:
        """Return a path with the parameters of this request, some of them changed."""
        kept = dict(self.request.query_params) | changes
        query = urlencode({name: str(value) for name, value in kept.items() if value is not None})
        return f"{path}?{query}" if query else path

    def _path(self, route: str, place: dict[str, Any]) -> str:
        quoted = {name: quote(str(value), safe=_SAFE) for name, value in place.items()}
        return str(self.request.scope.get("root_path", "")) + str(self.site.router.url_path_for(route, **quoted))
