"""Pictures of DAGs: one deterministic layout, drawn as SVG; no I/O."""

from dagserial.drawing.dag_graph import asset_nodes, graph_of, group_box, short_id, task_node
from dagserial.drawing.folding import fold, outermost
from dagserial.drawing.graph import Box, Edge, Graph, Node, graph
from dagserial.drawing.layout import Layout, Rect, Route, lay_out
from dagserial.drawing.overview import draw_overview, within
from dagserial.drawing.svg import STYLE, draw

__all__ = [
    "STYLE",
    "Box",
    "Edge",
    "Graph",
    "Layout",
    "Node",
    "Rect",
    "Route",
    "asset_nodes",
    "draw",
    "draw_overview",
    "fold",
    "graph",
    "graph_of",
    "group_box",
    "lay_out",
    "outermost",
    "short_id",
    "task_node",
    "within",
]
