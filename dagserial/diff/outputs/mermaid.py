"""Draw what changed in a DAG as a Mermaid flowchart."""

from collections.abc import Iterator

from dagserial.diff.outputs.neighbourhood import Fate, Neighbourhood
from dagserial.model.display import cut, printable

_ARROWS: dict[Fate, str] = {"same": "-->", "added": "==>", "removed": "-.->"}
_CLASSES: dict[Fate, str] = {
    "added": "fill:#dafbe1,stroke:#1a7f37,color:#1f2328",
    "removed": "fill:#ffebe9,stroke:#cf222e,color:#1f2328,stroke-dasharray:4",
    "changed": "fill:#fff8c5,stroke:#9a6700,color:#1f2328",
    "moved": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
    "renamed": "fill:#ddf4ff,stroke:#0969da,color:#1f2328",
}
_WIDEST = 60


def draw_changes(part: Neighbourhood) -> str:
    """Return a flowchart without a newline at its end; tasks are numbered, as ids may hold any character.

    The class of a task says what became of it, `added`, `removed`, `changed` or `renamed`; a thick arrow is an edge
    that was added, a dotted one an edge that was removed.
    """
    names = {task_id: f"t{number}" for number, task_id in enumerate(part.tasks)}
    return "\n".join(["flowchart LR", *_tasks(part, names), *_edges(part, names), *_classes(part)])


def _tasks(part: Neighbourhood, names: dict[str, str]) -> Iterator[str]:
    for task_id, fate in part.tasks.items():
        yield f'  {names[task_id]}["{label(task_id)}"]' + ("" if fate == "same" else f":::{fate}")


def _edges(part: Neighbourhood, names: dict[str, str]) -> Iterator[str]:
    for (upstream, downstream), fate in part.edges.items():
        yield f"  {names[upstream]} {_ARROWS[fate]} {names[downstream]}"


def _classes(part: Neighbourhood) -> Iterator[str]:
    met = set(part.tasks.values())
    return (f"  classDef {fate} {style}" for fate, style in _CLASSES.items() if fate in met)


def label(text: str) -> str:
    """Return a text as it stands within the quotes of a label: what Mermaid or Markdown could act on as a code.

    >>> label('a"b`c')
    'a#34;b#96;c'
    """
    shown = cut(printable(text), _WIDEST) or " "
    return "".join(letter if _is_plain(letter) else f"#{ord(letter)};" for letter in shown)


def _is_plain(letter: str) -> bool:
    return letter.isalnum() or letter in " _-." or ord(letter) > 0x7F
