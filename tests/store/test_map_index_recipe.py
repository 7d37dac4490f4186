"""The migration that the documentation shows is the one that is measured."""

import ast
import textwrap

from support import ROOT


def test_the_recipe_of_the_page_is_the_one_that_is_measured() -> None:
    source = (ROOT / "benchmarks/migrate_map_index.py").read_text()
    page = (ROOT / "docs/mapping-in-the-store.md").read_text()
    found = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    for name in ("upgrade", "downgrade"):
        first, last = found[name].body[1], found[name].body[-1]  # behind the docstring
        lines = source.splitlines()[first.lineno - 1 : last.end_lineno]
        assert f"    def {name}():\n" + textwrap.indent("\n".join(lines), "    ") in page
