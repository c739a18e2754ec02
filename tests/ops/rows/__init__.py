"""The table: every operation, once. `test_table.py` runs each row on each device.

A new operation is one more row of `ROWS` in its family's file; a new file is found by itself.
"""

import importlib
import pkgutil

FAMILIES = {
    m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
}
TABLE = [row for family in FAMILIES.values() for row in getattr(family, "ROWS", ())]
