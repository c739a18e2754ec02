"""A computation graph as a picture: SVG, drawn here, and DOT and Mermaid text.

Boxes are tensors, rounded boxes operations; time runs from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from ..errors import GradientError
from ..tensor import Leaf, Tensor, current_edge

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 170, 84, 130, 48, 46


class Graph:
    """The nodes below a tensor. A notebook draws it; `svg`, `dot` and `mermaid` give text."""

    def __init__(self, root: Tensor, names: Mapping[str, Tensor]) -> None:
        edge = current_edge(root)
        if edge is None:
            raise GradientError(
                "graph: the tensor requires no grad, so no graph was recorded for it"
            )
        self._named = {current_edge(x): (name, x) for name, x in names.items()}
        self._named.setdefault(edge, ("", root))
        self.nodes = _below(edge[0])
        self.arrows = [
            (source[0], node) for node in self.nodes for source in node.edges if source is not None
        ]

    def label(self, node: Any) -> list[str]:
        """What is written in a node's box, line by line."""
        leaf = type(node) is Leaf
        lines = [] if leaf else [node.prim.name]
        found = next((pair for edge, pair in self._named.items() if edge and edge[0] is node), None)
        name, x = found or ("", node.tensor() if leaf else None)
        if x is None:
            return lines or ["(freed)"]
        shown = _number(x) if x.array.size == 1 else f"{x.dtype}{x.shape}"
        lines.append(
            f"{name} = {shown}" if name and x.array.size == 1 else f"{name} {shown}".strip()
        )
        if x.grad is not None and x.array.size == 1:
            lines.append(f"grad {_number(x.grad)}")
        return lines

    def _places(self) -> dict[Any, tuple[int, int]]:
        """Column (the longest way from a leaf) and row of each node."""
        column: dict[Any, int] = {}
        for node in self.nodes:  # oldest first: inputs are placed before what uses them
            inputs = [column[e[0]] for e in node.edges if e is not None]
            column[node] = 1 + max(inputs, default=-1)
        filled: dict[int, int] = {}
        places = {}
        for node in self.nodes:
            row = filled.get(column[node], 0)
            filled[column[node]] = row + 1
            places[node] = (column[node], row)
        return places

    def svg(self) -> str:
        """The picture as an SVG document."""
        places = self._places()
        width = _COLUMN * (1 + max([c for c, _ in places.values()]))
        height = _ROW * (1 + max([r for _, r in places.values()])) + _MARGIN
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            'font-family="sans-serif" font-size="12" text-anchor="middle">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0L8 4L0 8z" fill="#777"/></marker></defs>',
        ]
        for source, target in self.arrows:
            (c0, r0), (c1, r1) = places[source], places[target]
            x0, y0 = c0 * _COLUMN + 10 + _WIDTH, r0 * _ROW + _MARGIN + _HEIGHT / 2
            x1, y1 = c1 * _COLUMN + 10, r1 * _ROW + _MARGIN + _HEIGHT / 2
            reach = (x1 - x0) / 2
            lift = 0 if c1 == c0 + 1 else 1.5 * _HEIGHT  # over the boxes it passes
            parts.append(
                f'<path d="M{x0} {y0}C{x0 + reach} {y0 - lift} {x1 - reach} {y1 - lift} {x1} {y1}" '
                'fill="none" stroke="#777" marker-end="url(#tip)"/>'
            )
        parts += [self._box(node, *place) for node, place in places.items()]
        return "\n".join([*parts, "</svg>"])

    def _box(self, node: Any, column: int, row: int) -> str:
        x, y, leaf = column * _COLUMN + 10, row * _ROW + _MARGIN, type(node) is Leaf
        lines = self.label(node)
        top = y + _HEIGHT / 2 - 7 * (len(lines) - 1) + 4
        text = "".join(
            [
                f'<text x="{x + _WIDTH / 2}" y="{top + 14 * i}">{escape(line)}</text>'
                for i, line in enumerate(lines)
            ]
        )
        return (
            f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{3 if leaf else 18}" '
            f'fill="{"#fff3d6" if leaf else "#dce9ff"}" stroke="#777"/>{text}'
        )

    _repr_svg_ = svg

    def dot(self) -> str:
        """The graph in Graphviz's language."""
        lines = ["digraph {", "  rankdir=LR"]
        for node in self.nodes:
            label = "\\n".join(self.label(node)).replace('"', '\\"')
            shape = "box" if type(node) is Leaf else "ellipse"
            lines.append(f'  n{node.number} [label="{label}", shape={shape}]')
        lines += [f"  n{a.number} -> n{b.number}" for a, b in self.arrows]
        return "\n".join([*lines, "}"])

    def mermaid(self) -> str:
        """The graph in Mermaid's language, which Markdown viewers draw."""
        lines = ["graph LR"]
        for node in self.nodes:
            label = "<br/>".join(self.label(node)).replace('"', "'")
            text = f'["{label}"]' if type(node) is Leaf else f'(["{label}"])'
            lines.append(f"  n{node.number}{text}")
        return "\n".join([*lines, *[f"  n{a.number} --> n{b.number}" for a, b in self.arrows]])


def graph(root: Tensor, names: Mapping[str, Tensor] | None = None, **more: Tensor) -> Graph:
    """The graph that `root` was computed by. ``graph(loss, w=w, b=b)`` names tensors in it.

    Raises: GradientError if nothing was recorded for `root`.
    """
    return Graph(root, {**(names or {}), **more})


def _below(root: Any) -> list[Any]:
    """Every node from `root` down, oldest first."""
    seen, stack = {root}, [root]
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge[0] not in seen:
                seen.add(edge[0])
                stack.append(edge[0])
    return sorted(seen, key=lambda node: node.number)


def _number(x: Tensor) -> str:
    return f"{x.item():.4g}"
