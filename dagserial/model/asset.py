"""Find the assets that a value names."""

from collections.abc import Iterator

from dagserial.model.value import Value

AssetKey = tuple[str, str]
"""What an asset is known by: ("uri", …), ("name", …), or ("alias", …)."""

_KEYS = {
    "asset": ("uri", "name"),
    "asset_alias": ("name",),
    "asset_ref": ("uri", "name"),
}
"""The fields by which each tagged value names assets."""


def assets(value: Value) -> Iterator[AssetKey]:
    """Yield the keys of all assets in a value: in a schedule, however they are combined, in inlets and outlets.

    An asset that has a uri and a name is known by both.

    >>> list(assets([{"$": "asset", "uri": "s3://a"}, {"$": "asset_alias", "name": "b"}]))
    [('uri', 's3://a'), ('alias', 'b')]
    """
    rest = [value]
    while rest:
        one = rest.pop()
        if isinstance(one, list):
            rest += reversed(one)
        elif isinstance(one, dict):
            tag = one.get("$")
            if tag not in _KEYS:
                rest += reversed(one.values())
                continue
            kind = "alias" if tag == "asset_alias" else None
            yield from ((kind or field, one[field]) for field in _KEYS[tag] if isinstance(one.get(field), str))
