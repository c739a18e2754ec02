"""The picture of a graph says what was computed."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

import minigrad as mg
from minigrad.plot import graph


def scalar_graph():
    a, b = mg.tensor(2.0, requires_grad=True), mg.tensor(-3.0, requires_grad=True)
    d = a * b
    y = (d + a).tanh()
    y.backward()
    return graph(y, a=a, b=b, d=d, y=y)


def test_every_node_and_arrow_is_drawn():
    drawn = scalar_graph()
    assert len(drawn.nodes) == 5 and len(drawn.arrows) == 5
    root = ElementTree.fromstring(drawn.svg())
    space = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{space}rect")) == 5
    assert len(root.findall(f"{space}path")) == 5
    words = {t.text for t in root.iter(f"{space}text")}
    assert {"a = 2", "b = -3", "mul", "d = -6", "add", "tanh"} <= words
    assert any(w.startswith("grad ") for w in words)


def test_text_forms_name_the_same_nodes():
    drawn = scalar_graph()
    assert drawn.dot().count("->") == drawn.mermaid().count("-->") == 5
    assert "tanh" in drawn.dot() and "tanh" in drawn.mermaid()


def test_a_constant_has_no_graph():
    with pytest.raises(mg.GradientError, match="no graph"):
        graph(mg.ones(1))
