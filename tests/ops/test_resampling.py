"""Borders, blocks, resizing, reading at coordinates: what they refuse, and traps of numbers."""

import numpy as np
import pytest

import minigrad as mg
import minigrad.nn.functional as F

nan, inf = float("nan"), float("inf")
ERRORS = {
    "pad odd": (lambda: F.pad(mg.ones(3), (1,)), ValueError, "a pair for each"),
    "pad no sequence": (lambda: F.pad(mg.ones(3), 1), TypeError, "sequence of integers"),
    "pad floats": (lambda: F.pad(mg.ones(3), (1.5, 1)), TypeError, "sequence of integers"),
    "pad too many": (lambda: F.pad(mg.ones(3), (1, 1, 1, 1)), ValueError, "1 dimensions"),
    "pad cuts": (lambda: F.pad(mg.ones(3), (-2, -2)), ValueError, "cuts more"),
    "pad mode": (lambda: F.pad(mg.ones(3), (1, 1), "mirror"), ValueError, "mode must be one of"),
    "pad value": (lambda: F.pad(mg.ones(1, 3), (1, 1), "reflect", 1.0), ValueError, "no value"),
    "pad big value": (lambda: F.pad(mg.ones(3).int(), (1, 1), value=inf), ValueError, "range"),
    "reflect": (lambda: F.pad(mg.ones(1, 3), (3, 0), "reflect"), ValueError, "narrower than 3"),
    "circular": (lambda: F.pad(mg.ones(1, 3), (4, 0), "circular"), ValueError, "wide as the 3"),
    "wrapped cut": (lambda: F.pad(mg.ones(1, 3), (-2, 2), "circular"), ValueError, "the 1 entries"),
    "pad rank": (lambda: F.pad(mg.ones(3), (1, 1), "reflect"), ValueError, "not for shape"),
    "pad empty": (lambda: F.pad(mg.ones(2, 0), (1, 1), "replicate"), ValueError, "may be empty"),
    "unfold rank": (lambda: F.unfold(mg.ones(4, 4), 2), IndexError, "got shape"),
    "unfold large": (lambda: F.unfold(mg.ones(1, 4, 4), 5), ValueError, "no block"),
    "unfold zero": (lambda: F.unfold(mg.ones(1, 4, 4), 0), ValueError, "at least 1"),
    "unfold padding": (lambda: F.unfold(mg.ones(1, 4, 4), 2, 1, -1), ValueError, "negative"),
    "unfold integers": (lambda: F.unfold(mg.ones(1, 4, 4).long(), 2), TypeError, "int64"),
    "fold blocks": (lambda: F.fold(mg.ones(8, 9), (4, 5), 2), ValueError, "has 12 blocks"),
    "fold rows": (lambda: F.fold(mg.ones(7, 9), (4, 4), 2), ValueError, "multiple of 4 rows"),
    "shuffle": (lambda: F.pixel_shuffle(mg.ones(7, 2, 2), 2), ValueError, "7 channels"),
    "unshuffle": (lambda: F.pixel_unshuffle(mg.ones(1, 4, 3), 2), ValueError, "divide height"),
    "groups": (lambda: F.channel_shuffle(mg.ones(1, 4, 2), 3), ValueError, "groups=3"),
    "size": (lambda: F.interpolate(mg.ones(1, 1, 3)), ValueError, "one of size"),
    "sizes": (lambda: F.interpolate(mg.ones(1, 1, 3), 2, 2), ValueError, "one of size"),
    "size count": (lambda: F.interpolate(mg.ones(1, 1, 3), (2, 2)), ValueError, "one number or 1"),
    "size float": (lambda: F.interpolate(mg.ones(1, 1, 3), 2.5), TypeError, "integers"),
    "mode": (lambda: F.interpolate(mg.ones(1, 1, 3), 5, mode="lanczos"), ValueError, "there are"),
    "rank": (lambda: F.interpolate(mg.ones(1, 1, 3), 5, mode="bilinear"), ValueError, "4 dim"),
    "align": (lambda: F.interpolate(mg.ones(1, 1, 3), 5, align_corners=True), ValueError, "align"),
    "antialias": (lambda: F.interpolate(mg.ones(1, 1, 3), 5, antialias=True), ValueError, "anti"),
    "empty": (lambda: F.interpolate(mg.ones(1, 1, 3), 0), ValueError, r"output size \(0,\)"),
    "integers": (lambda: F.interpolate(mg.ones(1, 1, 3).long(), 5), TypeError, "int64"),
    "bytes": (
        lambda: F.interpolate(mg.ones(1, 1, 3).type(mg.uint8), 5, mode="linear"),
        TypeError, "uint8",
    ),
    "grid mode": (lambda: sampled(mode="cubic"), ValueError, "mode must be"),
    "grid padding": (lambda: sampled(padding_mode="wrap"), ValueError, "padding_mode must be"),
    "grid dtype": (lambda: sampled(mg.zeros(1, 1, 1, 2).double()), TypeError, "float64"),
    "grid last": (lambda: sampled(mg.zeros(1, 1, 1, 3)), ValueError, "expected input"),
    "grid batch": (lambda: sampled(mg.zeros(2, 1, 1, 2)), ValueError, "one batch size"),
    "theta": (lambda: F.affine_grid(mg.ones(1, 3, 4), (1, 1, 2, 2)), ValueError, "theta"),
    "theta batch": (lambda: F.affine_grid(mg.ones(1, 2, 3), (2, 1, 2, 2)), ValueError, "of 2"),
}  # fmt: skip


def sampled(grid=None, **options):
    return F.grid_sample(
        mg.ones(1, 1, 2, 2), mg.zeros(1, 1, 1, 2) if grid is None else grid, **options
    )


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, RuntimeError)


def test_the_nearest_neighbour_is_float32s():
    """19 from 10: in float64 place 19 · (10 / 19) would be another for some sizes."""
    for n in range(1, 40):
        for count in range(1, 40):
            x = mg.arange(float(n)).reshape(1, 1, n)
            step = np.float32(n) / np.float32(count)
            expected = np.floor(np.arange(count, dtype=np.float32) * step).clip(max=n - 1)
            assert F.interpolate(x, count).numpy()[0, 0].tolist() == expected.tolist()


def test_a_shrunk_image_of_ones_is_ones_where_antialiased():
    for mode in ("bilinear", "bicubic"):
        out = F.interpolate(mg.ones(1, 1, 31, 17), (7, 5), mode=mode, antialias=True)
        np.testing.assert_allclose(out.numpy(), 1, rtol=1e-6)


def test_grid_sample_at_nan_and_far_away():
    """As PyTorch: weights of NaN, a border keeps what is far away and takes NaN for 0."""
    x = mg.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    grid = mg.tensor([[[[nan, -1.0], [1e30, -1.0], [-1e30, 1.0]]]])
    out = F.grid_sample(x, grid, align_corners=True).numpy()[0, 0, 0]
    assert np.isnan(out[0]) and out[1:].tolist() == [0, 0]
    border = F.grid_sample(x, grid, padding_mode="border", align_corners=True)
    assert border.tolist() == [[[[1, 2, 3]]]]
    assert F.grid_sample(x, grid, "nearest").tolist() == [[[[0, 0, 0]]]]


def test_a_clipped_coordinate_has_no_gradient():
    x = mg.arange(4.0).reshape(1, 1, 2, 2)
    grid = mg.tensor([[[[2.0, 0.0], [0.0, 0.0]]]], requires_grad=True)
    F.grid_sample(x, grid, padding_mode="border", align_corners=True).sum().backward()
    assert grid.grad.tolist() == [[[[0, 1], [0.5, 1]]]]


def test_constant_padding_keeps_the_dtype():
    assert F.pad(mg.tensor([1, 2]), (1, 0), value=7.9).tolist() == [7, 1, 2]
    assert F.pad(mg.tensor([True]), (1, 1), value=True).tolist() == [True] * 3
    x = mg.ones(2)
    assert F.pad(x, []) is not x


def test_coordinates_of_16_bits_are_worked_out_in_float32():
    x, grid = mg.arange(100.0).reshape(1, 1, 1, 100), mg.zeros(1, 1, 64, 2)
    grid[..., 0] = mg.linspace(-1, 1, 64)
    half = F.grid_sample(x.half(), grid.half(), mode="nearest")
    assert half.tolist() == F.grid_sample(x, grid.half().float(), mode="nearest").tolist()
