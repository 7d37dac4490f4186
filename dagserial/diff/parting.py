"""Show two long texts from where they part."""

from dagserial.model.display import ELLIPSIS

_CONTEXT = 12
"""Characters that two long values have in common and that are shown before they part."""


def from_parting(old: str, new: str) -> tuple[str, str]:
    """Return two long texts from a little before the place where they part."""
    parting = next((at for at, (left, right) in enumerate(zip(old, new, strict=False)) if left != right), None)
    start = (min(len(old), len(new)) if parting is None else parting) - _CONTEXT
    return (old, new) if start <= len(ELLIPSIS) else (ELLIPSIS + old[start:], ELLIPSIS + new[start:])
