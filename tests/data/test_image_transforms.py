"""Transforms of images: against Pillow and PyTorch on photographs, and their randomness."""

import numpy as np
import pytest

import minigrad as mg
from minigrad.data import DataLoader, Dataset
from minigrad.data import transforms as T
from minigrad.data.transforms import functional as F
from minigrad.errors import ArgumentError, DTypeError, ShapeError

RAMP = np.arange(2 * 5 * 7, dtype=np.float32).reshape(2, 5, 7)  # (C, H, W)


@pytest.fixture(scope="module")
def photos():
    """Two photographs, (427, 640, 3) bytes."""
    datasets = pytest.importorskip("sklearn.datasets")
    return datasets.load_sample_images().images


@pytest.mark.parametrize("size", [256, (100, 333), (500, 700)], ids=str)
@pytest.mark.parametrize("mode", ["bilinear", "bicubic"])
def test_resize_is_pillow_s(photos, size, mode):
    image_module = pytest.importorskip("PIL.Image")
    for photo in photos:
        resize = T.Resize(size, mode)
        theirs = np.asarray(resize(image_module.fromarray(photo))).transpose(2, 0, 1)
        ours = resize(photo.transpose(2, 0, 1))
        assert ours.dtype == np.uint8 and ours.shape == theirs.shape
        difference = np.abs(ours.astype(int) - theirs)
        assert difference.max() <= 2 and (difference > 0).mean() < 0.01


@pytest.mark.parametrize("antialias", [True, False])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "bilinear", "bicubic"])
def test_resize_of_floats_is_pytorch_s(photos, mode, antialias):
    torch = pytest.importorskip("torch")
    pixels = np.ascontiguousarray(photos[0].transpose(2, 0, 1)[:, :60, :50] / np.float32(255))
    smooth = antialias and mode.startswith("bi")
    theirs = torch.nn.functional.interpolate(
        torch.from_numpy(pixels)[None], (33, 71), mode=mode, antialias=smooth
    )[0]
    ours = T.Resize((33, 71), T.InterpolationMode(mode), antialias=antialias)(mg.tensor(pixels))
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=2e-6)


def test_the_preparation_of_imagenet_s_models_is_alike_for_both_kinds_of_image(photos):
    image_module = pytest.importorskip("PIL.Image")
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    shared = [T.Resize(256), T.CenterCrop(224)]
    pillow = T.Compose([*shared, T.ToTensor(), T.Normalize(mean, std)])
    arrays = T.Compose([*shared, T.ConvertImageDtype(mg.float32), T.Normalize(mean, std)])
    ours = pillow(image_module.fromarray(photos[0]))
    assert ours.shape == (3, 224, 224) and ours.dtype == mg.float32
    theirs = arrays(photos[0].transpose(2, 0, 1))
    assert isinstance(theirs, np.ndarray)
    assert np.abs(ours.numpy() - theirs).max() < 2 / 255 / 0.22
    by_hand = (F.to_tensor(np.ascontiguousarray(photos[0])).numpy()[0] - 0.485) / 0.229
    np.testing.assert_allclose(T.Normalize(mean, std)(F.to_tensor(photos[0]))[0], by_hand, 1e-5)


@pytest.mark.parametrize(
    ("size", "max_size", "expected"),
    [(10, None, (10, 14)), ([3], None, (3, 4)), (10, 12, (8, 12)), ((4, 9), None, (4, 9))],
)
def test_sizes_of_resize(size, max_size, expected):
    assert T.Resize(size, max_size=max_size)(RAMP).shape == (2, *expected)
    assert T.Resize(size, max_size=max_size)(RAMP.transpose(0, 2, 1)).shape == (
        (2, *expected[::-1]) if isinstance(size, int) or len(size) == 1 else (2, *expected)
    )


def test_pads_and_crops_are_numpy_s(device):
    x = mg.tensor(RAMP, device=device)
    for mode in ["constant", "edge", "reflect", "symmetric"]:
        expected = np.pad(RAMP, [(0, 0), (2, 4), (1, 3)], mode)
        assert np.array_equal(F.pad(x, [1, 2, 3, 4], padding_mode=mode).cpu().numpy(), expected)
        assert np.array_equal(F.pad(RAMP, [1, 2, 3, 4], padding_mode=mode), expected)
    assert np.array_equal(T.Pad((1, 2), fill=9)(RAMP)[:, 2:7, 0], np.full((2, 5), 9.0))
    assert np.array_equal(T.Pad(-1)(RAMP), RAMP[:, 1:-1, 1:-1])
    assert np.array_equal(T.CenterCrop((2, 4))(RAMP), RAMP[:, 2:4, 2:6])  # half to even: row 1.5
    assert np.array_equal(T.CenterCrop((8, 3))(RAMP)[:, 1:6], RAMP[:, :, 2:5])
    wide = np.pad(RAMP, [(0, 0), (9, 9), (9, 9)])
    for top, left, h, w in [
        (-2, 3, 4, 9),
        (1, -1, 2, 2),
        (4, 6, 3, 3),
        (6, 8, 2, 1),
        (-5, 0, 3, 2),
    ]:
        expected = wide[:, top + 9 : top + 9 + h, left + 9 : left + 9 + w]
        assert np.array_equal(F.crop(RAMP, top, left, h, w), expected)
        assert np.array_equal(F.crop(x, top, left, h, w).cpu().numpy(), expected)
    assert np.array_equal(F.hflip(x).cpu().numpy(), RAMP[..., ::-1])
    assert np.array_equal(F.vflip(RAMP), RAMP[:, ::-1])
    half = T.Normalize([1, 2], [2, 4])(x)
    assert np.array_equal(half.cpu().numpy(), (RAMP - [[[1]], [[2]]]) / [[[2]], [[4]]])


def test_pillow_s_geometry_is_that_of_arrays(photos):
    image_module = pytest.importorskip("PIL.Image")
    pixels = np.ascontiguousarray(photos[1][:40, :30])
    image, array = image_module.fromarray(pixels), pixels.transpose(2, 0, 1)
    transforms = [
        T.CenterCrop(20), T.CenterCrop((50, 10)), T.Pad(3, 7), T.Pad((1, 2, 3, 4), 0, "edge"),
        T.Pad(2, padding_mode="reflect"), F.hflip, F.vflip, T.RandomCrop(36, 4),
        T.RandomResizedCrop((9, 8)), T.RandomCrop((60, 32), pad_if_needed=True),
    ]  # fmt: skip
    for transform in transforms:
        mg.manual_seed(0)
        theirs = np.asarray(transform(image)).transpose(2, 0, 1)
        mg.manual_seed(0)
        difference = np.abs(transform(array).astype(int) - theirs)
        assert difference.max() <= isinstance(transform, T.RandomResizedCrop), transform
    assert np.array_equal(F.pil_to_tensor(image).numpy(), array)
    assert np.array_equal(np.asarray(F.to_pil_image(F.to_tensor(image))), pixels)
    assert F.get_dimensions(image) == F.get_dimensions(array) == [3, 40, 30]
    assert F.to_tensor(image.convert("1")).numpy().max() == 1


DTYPES = ["uint8", "int16", "int32", "float32", "float64"]


@pytest.mark.parametrize("source", DTYPES)
def test_conversions_fill_the_range(source):
    most = np.iinfo(source).max if source[0] in "ui" else 1
    image = np.array([[[0, most]]], source)
    for target in DTYPES:
        if source.startswith("float") and target == "int32" and source == "float32":
            with pytest.raises(DTypeError, match="more digits"):
                F.convert_image_dtype(image, target)
            continue
        out = F.convert_image_dtype(image, target)
        full = np.iinfo(target).max if target[0] in "ui" else 1
        assert out.dtype == target and out[0, 0, 0] == 0
        assert out[0, 0, 1] == pytest.approx(full, rel=0.01)


class Augmented(Dataset):
    """Two flips and a crop of a ramp."""

    transform = T.Compose([T.RandomHorizontalFlip(), T.RandomVerticalFlip(), T.RandomCrop((4, 4))])

    def __len__(self):
        return 64

    def __getitem__(self, index):
        return self.transform(RAMP)


def test_augmentations_are_keyed_by_seed_epoch_and_index():
    def epoch(number, **options):
        loader = DataLoader(Augmented(), 16, seed=1, **options)
        loader.set_epoch(number)
        return np.concatenate([batch.numpy() for batch in loader])

    first = epoch(0)
    assert np.array_equal(epoch(0, num_workers=3), first)
    assert not np.array_equal(epoch(1), first)
    # Two flips of one item are independent: all four corners come first, about equally often.
    corner = {(a < b, c < d) for a, b, c, d in first[:, 0][:, [0, 0, 0, -1], [0, -1, 0, 0]]}
    assert len(corner) == 4


def test_choices_have_their_probabilities():
    mg.manual_seed(0)
    ones = T.RandomChoice([T.Lambda(lambda x: x), T.Lambda(lambda x: x + 1)], p=[1, 3])
    assert np.mean([ones(0) for _ in range(400)]) == pytest.approx(0.75, abs=0.07)
    both = T.RandomApply([T.Lambda(lambda x: x + 1)] * 2, p=0.25)
    assert np.mean([both(0) for _ in range(400)]) == pytest.approx(0.5, abs=0.15)
    order = T.RandomOrder([T.Lambda(lambda x: x * 2), T.Lambda(lambda x: x + 1)])
    assert {order(1) for _ in range(20)} == {3, 4}
    for _ in range(50):
        top, left, h, w = T.RandomResizedCrop.get_params(RAMP, (0.3, 1), (0.5, 2))
        assert 0 <= top <= 5 - h and 0 <= left <= 7 - w and 0.4 <= w / h <= 2.5
    assert T.RandomResizedCrop.get_params(RAMP, (50, 50), (0.5, 0.5)) == (0, 2, 5, 2)
    assert T.RandomResizedCrop((3, 2))(RAMP).shape == (2, 3, 2)
    mg.manual_seed(3)
    first = T.RandomCrop(2)(RAMP)
    mg.manual_seed(3)
    assert np.array_equal(T.RandomCrop(2)(RAMP), first)


def test_transforms_print_their_settings():
    assert repr(T.Compose([T.ToTensor(), T.RandomApply([T.RandomCrop(3, 1)], 0.2)])) == (
        "Compose(\n    ToTensor()\n    RandomApply(\n    p=0.2\n"
        "    RandomCrop(size=(3, 3), padding=1)\n)\n)"
    )
    assert repr(T.Resize(3)) == (
        "Resize(size=3, interpolation=bilinear, max_size=None, antialias=True)"
    )


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: T.Normalize([0], [1])(RAMP.astype(np.uint8)),
            DTypeError,
            "needs.*ToTensor",
        ),
        (lambda: T.Normalize([0] * 3, [1] * 3)(RAMP), ShapeError, "image of 2 channels"),
        (lambda: T.Normalize([0], [0])(RAMP), ArgumentError, "std has a 0"),
        (lambda: T.Normalize([0], [1])(RAMP[0]), ShapeError, r"got shape \(5, 7\)"),
        (lambda: T.RandomCrop(6)(RAMP), ArgumentError, r"\(6, 6\) from an image of \(5, 7\)"),
        (lambda: T.Resize((1, 2, 3)), ArgumentError, "one number or"),
        (lambda: T.Resize(2, "cubic"), ArgumentError, "interpolation must be one of nearest"),
        (lambda: T.Resize(2, "lanczos")(RAMP), ArgumentError, "Pillow images"),
        (lambda: T.Resize((2, 2), max_size=3)(RAMP), ArgumentError, "max_size=3"),
        (lambda: T.Pad((1, 2, 3)), ArgumentError, "1, 2 or 4"),
        (lambda: T.Pad(5, padding_mode="reflect")(RAMP), ArgumentError, "cannot reflect"),
        (lambda: T.Pad(1, padding_mode="wrap")(RAMP), ArgumentError, "padding_mode"),
        (lambda: T.ToTensor()([1]), DTypeError, "got a list"),
        (lambda: F.hflip([1]), DTypeError, "not a list"),
        (lambda: F.hflip(RAMP[0, 0]), ShapeError, r"not \(7,\)"),
        (lambda: T.RandomChoice([F.hflip], p=[1, 2]), ArgumentError, "each of 1"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
