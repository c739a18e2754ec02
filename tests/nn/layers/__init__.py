"""The table of modules, a row each. `test_module_table.py` runs every row.

A new layer is one more row of `ROWS` in its family's file; a new file is found by itself. What
PyTorch does with a row is kept in `recorded/`: run ``python tools/torch_modules.py record`` after
adding or changing one.
"""

import importlib
import pkgutil

FAMILIES = {
    m.name: importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)
}
TABLE = [(name, row) for name, family in FAMILIES.items() for row in getattr(family, "ROWS", ())]
