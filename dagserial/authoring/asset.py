"""Declare assets (datasets before Airflow 3), aliases, and conditions over them."""

from __future__ import annotations

from typing import Any


class AssetExpression:
    """What can stand in a schedule over assets: `a & b`, `a | b`."""

    def __and__(self, other: Any) -> AssetAll:
        return AssetAll(self, other)

    def __or__(self, other: Any) -> AssetAny:
        return AssetAny(self, other)


class Asset(AssetExpression):
    """An asset, by name, by URI, or both."""

    def __init__(
        self, name: str | None = None, uri: str | None = None, *, group: str = "", extra: Any = None, **more: Any
    ) -> None:
        """Declare the asset: as in Airflow, the only positional argument is its URI and its name at once."""
        if name is None and uri is None:
            raise TypeError("Asset() needs a name or a uri")
        self.name = name if name is not None else uri
        self.uri = uri if uri is not None else name
        self.group = group
        self.extra = extra or {}
        self.more = more

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asset) and (self.name, self.uri) == (other.name, other.uri)

    def __hash__(self) -> int:
        return hash((self.name, self.uri))


class AssetAlias(AssetExpression):
    """A name that stands for the assets which runs attach to it."""

    def __init__(self, name: str, *, group: str = "") -> None:
        self.name = name
        self.group = group


class AssetRef(AssetExpression):
    """An asset known by name or URI alone: `Asset.ref(name=...)`."""

    def __init__(self, *, name: str | None = None, uri: str | None = None) -> None:
        self.name = name
        self.uri = uri


class _AssetCondition(AssetExpression):
    def __init__(self, *objects: Any) -> None:
        self.objects: list[Any] = []
        for item in objects:
            self.objects += item.objects if isinstance(item, type(self)) else [item]


class AssetAll(_AssetCondition):
    """All of several assets."""


class AssetAny(_AssetCondition):
    """Any of several assets."""
