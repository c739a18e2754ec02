"""All rows, by group and by name. To add one, add it to the table of its group's file."""

from __future__ import annotations

from . import calls, inference, layers, training

GROUPS = {
    "train": training.ROWS,
    "layers": layers.ROWS,
    "inference": inference.ROWS,
    "calls": calls.ROWS,
}
WORKLOADS = {name: row for rows in GROUPS.values() for name, row in rows.items()}


def chosen(names: list[str]) -> list[str]:
    """The rows that names of rows and groups mean, each once; all for none."""
    found = [row for name in names or GROUPS for row in GROUPS.get(name, [name])]
    return list(dict.fromkeys(found))
