"""minigrad.nn is called as torch.nn is; and the page of its modules is true.

`torch_nn.json` holds what torch.nn offers: run ``python tools/torch_modules.py surface`` to
renew it.
"""

import inspect
import json
import re
from pathlib import Path

import pytest
from layers.making import arguments

from minigrad import nn

THEIRS = json.loads((Path(__file__).parent / "torch_nn.json").read_text())
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "layers.md"
INIT = sorted(name for name in THEIRS if name.startswith("init."))
CLASSES = sorted(name for name in THEIRS if name not in INIT and hasattr(nn, name))

# Other devices, a retired hook, processes; and PyTorch's private checks that lack an underscore.
NO_METHODS = {
    "ipu", "mtia", "xpu", "share_memory", "register_backward_hook",
    "check_forward_args", "check_hidden_size", "check_input", "get_expected_cell_size",
    "get_expected_hidden_size", "merge_masks", "permute_hidden",
}  # fmt: skip


def alike(ours, theirs):
    """Equal, unless PyTorch takes anything: ``*args``."""
    return bool(re.search(r"\*\w", theirs)) or ours == theirs


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_has_pytorchs_arguments_and_methods(name):
    ours, theirs = getattr(nn, name), THEIRS[name]
    assert alike(arguments(ours.__init__), theirs["init"])
    if theirs["forward"] is not None:
        assert alike(arguments(ours.forward), theirs["forward"])
    assert {m for m in theirs["methods"] if not hasattr(ours, m)} <= NO_METHODS


@pytest.mark.parametrize("name", INIT)
def test_nn_init_has_pytorchs_functions(name):
    assert alike(arguments(getattr(nn.init, name.removeprefix("init."))), THEIRS[name])


def named_in(table, column):
    """The names in a column of a table."""
    return {name for row in table.splitlines() if row.startswith("|")
            for name in re.findall(r"`(\w+)`", row.split("|")[column])}  # fmt: skip


def test_the_page_of_modules_is_true():
    page = PAGE.read_text()
    here, absent = page.split("## Absent")
    modules = {n for n, m in vars(nn).items() if inspect.isclass(m) and issubclass(m, nn.Module)}
    assert named_in(here, 2) == modules - {"Module"}
    assert named_in(absent, 1) == set(THEIRS) - set(INIT) - set(CLASSES)
    for file in set(re.findall(r"`(\w+\.py)`", page)):
        assert (Path(nn.__file__).parent / file).exists(), file
