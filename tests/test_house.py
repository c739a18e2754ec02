"""The house keeps its rules: imports point down, kernels pair up, public names are documented."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import minigrad as mg
from minigrad import ir

ROOT = Path(mg.__file__).parent

# The rooms from the ground up. A module may import from its own room and those above it here.
ROOMS = [
    ("context", "version"),
    ("errors",),
    ("ir", "dtypes", "limits", "layout", "memory"),
    ("expr", "device"),
    ("random",),
    ("storage",),
    ("graph",),
    ("kernels",),
    ("tensor",),
    ("ops",),
    ("autograd", "function", "hooks", "grad_mode"),
    ("interop", "printing", "serialization"),
    ("methods",),
    ("nn", "optim", "data", "testing", "cuda", "plot", "fft", "func", "linalg", "special", "utils"),
    ("datasets", "checkpoints"),
    ("demo", "numpy_functions", "warmup"),
    ("",),  # the package itself, minigrad/__init__.py
]
FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms}


def modules() -> list[str]:
    names = [m.name for m in pkgutil.walk_packages([str(ROOT)], "minigrad.")]
    return ["minigrad", *[n for n in names if not n.endswith("__main__")]]


def source_of(name: str) -> ast.Module:
    path = ROOT.joinpath(*name.split(".")[1:])
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return ast.parse(path.read_text())


def _without_type_imports(tree: ast.Module) -> ast.Module:
    """`if TYPE_CHECKING:` imports nothing when the program runs."""
    tree.body = [
        n
        for n in tree.body
        if not (
            isinstance(n, ast.If) and isinstance(n.test, ast.Name) and n.test.id == "TYPE_CHECKING"
        )
    ]
    return tree


def imported(name: str) -> set[str]:
    """Every minigrad module that `name` imports, wherever in the file."""
    package = (
        name.split(".") if ROOT.joinpath(*name.split(".")[1:]).is_dir() else name.split(".")[:-1]
    )
    found = set()
    for node in ast.walk(_without_type_imports(source_of(name))):
        if isinstance(node, ast.Import):
            found |= {a.name for a in node.names if a.name.split(".")[0] == "minigrad"}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = [*start, *([node.module] if node.module else [])]
            if base and base[0] == "minigrad":
                known = set(modules())
                for alias in node.names:
                    full = ".".join([*base, alias.name])
                    found.add(full if full in known else ".".join(base))
    return found


def room(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("name", modules())
def test_imports_point_down(name):
    for target in imported(name):
        if room(target) == "" and room(name) in ("demo", "numpy_functions"):
            continue  # a program on top of the house: `import minigrad as mg`
        assert FLOOR[room(target)] <= FLOOR[room(name)], (
            f"{name} imports {target}, which is above it"
        )


@pytest.mark.parametrize("name", [m for m in modules() if m.startswith("minigrad.kernels.")])
def test_kernels_do_not_know_tensors(name):
    assert not {t for t in imported(name) if room(t) in ("tensor", "ops")}


def kernel_functions(module: str) -> dict[str, inspect.Signature]:
    try:
        found = importlib.import_module(module)
    except ModuleNotFoundError:
        return {}
    return {
        n: inspect.signature(f)
        for n, f in vars(found).items()
        if inspect.isfunction(f) and f.__module__ == module
    }


@pytest.mark.parametrize("prim", ir.REGISTRY.values(), ids=lambda p: p.name)
def test_kernels_pair_up_by_name_and_signature(prim):
    if prim.kernel is None:
        return
    family, _, function = prim.kernel.partition(".")
    reference = kernel_functions(f"minigrad.kernels.reference.{family}")
    assert function in reference, f"{prim.kernel} has no reference"
    wanted = list(reference[function].parameters)
    for place in ("cpu", "cuda"):
        fast = kernel_functions(f"minigrad.kernels.{place}.{family}")
        if function in fast:
            assert list(fast[function].parameters) == wanted


def public_objects():
    for module in (mg, mg.nn, mg.nn.functional, mg.optim, mg.data, mg.datasets, mg.testing):
        for name in dir(module):  # with what is imported on first use
            value = getattr(module, name)
            if name.startswith("_") or not callable(value):
                continue
            yield f"{module.__name__}.{name}", value


def test_public_names_have_docstrings():
    bare = [name for name, value in public_objects() if not inspect.getdoc(value)]
    assert bare == []


def test_every_method_of_tensor_has_a_docstring_or_is_a_one_line_alias():
    from minigrad import methods

    bare = [
        name
        for name, function in methods.METHODS.items()
        if not inspect.getdoc(function) and function.__name__ not in ("<lambda>",)
    ]
    assert bare == []


HEAVY = {"numba", "tqdm", "cupy", "scipy", "sklearn", "onnx", "matplotlib", "mpi4py", "safetensors"}


def test_import_is_light():
    """Nothing heavy is imported by `import minigrad`."""
    command = [sys.executable, "-X", "importtime", "-c", "import minigrad"]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in report.splitlines()}
    assert loaded.isdisjoint(HEAVY), loaded.intersection(HEAVY)


def test_stub_of_tensor_is_up_to_date():
    root = ROOT.parent
    if not (root / "tools" / "stubs.py").exists():
        pytest.skip("an installed package without the repository's tools")
    sys.path.insert(0, str(root / "tools"))
    try:
        stubs = importlib.import_module("stubs")
    finally:
        sys.path.pop(0)
    assert stubs.render() == (ROOT / "tensor.pyi").read_text(), "run: python tools/stubs.py"


def test_the_table_of_families_has_every_file_of_ops():
    page = ROOT.parent / "docs" / "design.md"
    if not page.exists():
        pytest.skip("an installed package without the repository's pages")
    table = page.read_text().partition("## The families of ops")[2].partition("\n## ")[0]
    cells = " ".join([line.split("|")[2] for line in table.splitlines() if line.startswith("|")])
    named = re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", cells))
    assert set(named) == {path.stem for path in (ROOT / "ops").glob("[a-z]*.py")}


LARGE = {"testing/cupy_standin.py"}  # it stands for one module, and its parts know each other


def test_no_file_is_a_large_room():
    long = {
        str(path.relative_to(ROOT)): count
        for path in ROOT.rglob("*.py")
        if (count := path.read_text().count("\n")) > 420
    }
    assert set(long) <= LARGE, long


def test_test_files_have_names_of_their_own():
    """Folders of tests are no packages, so two files of one name would hide each other."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(names) == sorted(set(names))
