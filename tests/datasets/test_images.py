"""The shipped sets are the published ones; Fashion-MNIST is found, or the error says how."""

import hashlib
import os

import numpy as np
import pytest

from minigrad import datasets
from minigrad.errors import ArgumentError

FASHION = "/usr/share/datasets/fashion-mnist"


def test_mnist5k_is_a_fixed_stratified_split_of_scaled_images():
    images, labels = datasets.mnist5k()
    test_images, test_labels = datasets.mnist5k(train=False)
    assert images.shape == (4000, 1, 28, 28) and images.dtype == np.float32
    assert labels.shape == (4000,) and labels.dtype == np.int64
    assert (images.min(), images.max()) == (0, 1)
    assert np.bincount(labels).tolist() == [400] * 10
    assert np.bincount(test_labels).tolist() == [100] * 10
    together = np.concatenate([images, test_images]).reshape(5000, -1)
    assert len(np.unique(together, axis=0)) == 5000, "an image is in both parts"


def test_mnist5k_has_the_published_bytes_in_the_published_order():
    images, labels = datasets.mnist5k(train=None, normalize=False)
    assert images.dtype == np.uint8
    digest = hashlib.sha256(images.tobytes() + labels.astype(np.uint8).tobytes()).hexdigest()
    assert digest == "4d8f068ededb6488c6fabf188c88f6979a708084e13db426496124927dcb2786"


def test_digits_are_scikit_learns_in_another_order():
    images, labels = datasets.digits(train=None, normalize=False)
    source = pytest.importorskip("sklearn.datasets").load_digits()
    ours = np.column_stack([images.reshape(1797, 64), labels])
    theirs = np.column_stack([source.data, source.target])
    assert np.array_equal(ours[np.lexsort(ours.T)], theirs[np.lexsort(theirs.T)])


def test_digits_split_keeps_every_class():
    images, labels = datasets.digits()
    test_images, test_labels = datasets.digits(train=False)
    assert images.shape == (1433, 1, 8, 8) and test_images.shape == (364, 1, 8, 8)
    assert images.dtype == np.float32 and images.max() == 1
    share = np.bincount(test_labels) / (np.bincount(labels) + np.bincount(test_labels))
    assert np.all(abs(share - 0.2) < 0.01)


def test_train_must_be_a_boolean_or_none():
    with pytest.raises(ArgumentError, match="None"):
        datasets.mnist5k(train="test")


@pytest.mark.skipif(not os.path.isdir(FASHION), reason="Debian's dataset-fashion-mnist is absent")
def test_fashion_mnist_is_complete():
    images, labels = datasets.fashion_mnist(train=False)
    assert images.shape == (10_000, 1, 28, 28) and images.dtype == np.float32
    assert np.bincount(labels).tolist() == [1000] * 10
    assert datasets.fashion_mnist(train=True, normalize=False)[0].shape == (60_000, 1, 28, 28)


def test_fashion_mnist_reads_uncompressed_files_and_says_where_to_get_missing_ones(tmp_path):
    with pytest.raises(FileNotFoundError, match="apt-get install dataset-fashion-mnist"):
        datasets.fashion_mnist(root=tmp_path)
    header = bytes([0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 28, 0, 0, 0, 28])
    (tmp_path / "train-images-idx3-ubyte").write_bytes(header + bytes(range(196)) * 4)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 1, 7]))
    images, labels = datasets.fashion_mnist(root=tmp_path)
    assert images.shape == (1, 1, 28, 28) and labels.tolist() == [7]
    assert images[0, 0, 6, 27] == np.float32(195) / np.float32(255)
