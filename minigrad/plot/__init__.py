"""Pictures: of a graph, without any library; of numbers, with matplotlib where it is installed."""

from .graph import Graph as Graph
from .graph import graph as graph

__all__ = ["Graph", "graph"]
