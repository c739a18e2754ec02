"""Every method that ends in an underscore, against the same written without one: values, gradients
of computed targets and of views, and what must raise and leave the target as it was."""

import numpy as np
import pytest

import minigrad as mg

# Rule 16 of docs/views.md is of these, which change shapes, or what the tensor is in the graph.
OTHERS = set(
    "as_strided_ squeeze_ swapaxes_ swapdims_ t_ transpose_ unsqueeze_ detach_ "
    "requires_grad_".split()
)
RANDOM = {
    "bernoulli_": (0.5,), "cauchy_": (), "exponential_": (), "geometric_": (0.5,),
    "log_normal_": (), "normal_": (), "random_": (), "uniform_": (),
}  # fmt: skip

SHAPE = (2, 3)
VALUES = np.array([[0.3, 0.55, 0.8], [0.45, 0.7, 0.25]])


def floats(*shape, low=0.2, high=0.9, seed=0, grad=True):
    values = np.random.default_rng(seed).uniform(low, high, shape)
    return mg.tensor(values, dtype=mg.float64).requires_grad_(grad)


def index(*values, shape=None):
    found = mg.tensor(values)
    return found if shape is None else found.reshape(shape)


# The arguments of those that take some; target values are shifted where the domain asks for it.
ONE = {
    name: lambda: (floats(3),)
    for name in (
        "add_ sub_ subtract_ mul_ multiply_ div_ divide_ true_divide_ pow_ float_power_ atan2_ "
        "arctan2_ copysign_ fmod_ remainder_ hypot_ xlogy_ lerp_ heaviside_ floor_divide_ "
        "nextafter_ eq_ ne_ not_equal_ ge_ greater_equal_ gt_ greater_ le_ less_equal_ lt_ less_ "
        "logical_and_ logical_or_ logical_xor_ igamma_ igammac_ copy_"
    ).split()
}
WHOLE = {
    name: lambda: (index(1, 2, 3),)
    for name in (
        "bitwise_and_ bitwise_or_ bitwise_xor_ bitwise_left_shift_ bitwise_right_shift_ gcd_ lcm_"
    ).split()
}
ARGUMENTS = (
    ONE
    | WHOLE
    | {
        "addbmm_": lambda: (floats(4, 2, 2), floats(4, 2, 3, seed=1)),
        "addcdiv_": lambda: (floats(3), floats(2, 1, seed=1)),
        "addcmul_": lambda: (floats(3), floats(2, 1, seed=1)),
        "addmm_": lambda: (floats(2, 4), floats(4, 3, seed=1)),
        "addr_": lambda: (floats(2), floats(3, seed=1)),
        "clamp_": lambda: (0.4, 0.75),
        "clip_": lambda: (floats(3, low=0.3, high=0.5), floats(3, low=0.5, high=0.7)),
        "clamp_min_": lambda: (floats(3),),
        "clamp_max_": lambda: (0.5,),
        "cumprod_": lambda: (1,),
        "cumsum_": lambda: (0,),
        "fill_": lambda: (0.5,),
        "fill_diagonal_": lambda: (0.5,),
        "heaviside_": lambda: (floats(3, grad=False),),
        "index_add_": lambda: (0, index(1, 1, 0), floats(3, 3)),
        "index_copy_": lambda: (0, index(1), floats(1, 3)),
        "index_fill_": lambda: (1, index(0, 2), 0.5),
        "index_put_": lambda: ((index(0, 1), index(2, 0)), floats(2)),
        "index_reduce_": lambda: (0, index(1, 1, 0), floats(3, 3), "mean"),
        "ldexp_": lambda: (index(1, 2, 3),),
        "lerp_": lambda: (floats(3), 0.3),
        "masked_fill_": lambda: (mg.tensor([True, False, True]), 0.5),
        "masked_scatter_": lambda: (mg.tensor([True, False, True]), floats(6)),
        "mvlgamma_": lambda: (2,),
        "nextafter_": lambda: (floats(3, grad=False),),
        "polygamma_": lambda: (1,),
        "put_": lambda: (index(0, 4), floats(2)),
        "renorm_": lambda: (2, 0, 0.5),
        "igamma_": lambda: (floats(3, grad=False),),
        "igammac_": lambda: (floats(3, grad=False),),
        "scatter_": lambda: (1, index(0, 2, 1, 0, shape=(2, 2)), floats(2, 2)),
        "scatter_add_": lambda: (1, index(0, 0, 1, 0, shape=(2, 2)), floats(2, 2)),
        "scatter_reduce_": lambda: (1, index(0, 0, 1, 0, shape=(2, 2)), floats(2, 2), "prod"),
    }
)
SHIFTED = {"acosh_": 1.5, "arccosh_": 1.5, "mvlgamma_": 2.0}  # to where it is defined
OF_VECTORS = {"addmv_": (lambda: (floats(3, 4), floats(4, seed=1)))}
OF_MATRICES = {"baddbmm_": (lambda: (floats(2, 1, 4), floats(2, 4, 3, seed=1)))}
MODELS = {
    "fill_": lambda x, value: x * 0 + value,
    "zero_": lambda x: x * 0,
    "copy_": lambda x, source: x * 0 + source,
    "fill_diagonal_": lambda x, value: mg.where(mg.eye(*x.shape[-2:], dtype=mg.bool), value, x),
}
CONSTANT_IN_TARGET = {"igamma_", "igammac_"}  # whose first argument has no gradient, as in PyTorch

NAMES = sorted(
    name
    for name in vars(mg.Tensor)
    if name[-1] == "_" and name[-2:] != "__" and name not in OTHERS | RANDOM.keys()
)


class Call:
    """One in-place method with arguments, and the same out of place."""

    def __init__(self, name):
        self.name, self.whole = name, name in WHOLE or name == "bitwise_not_"
        self.args = (OF_VECTORS | OF_MATRICES | ARGUMENTS).get(name, lambda: ())()
        shape = {"addmv_": (3,), "baddbmm_": (2, 1, 3)}.get(name, SHAPE)
        values = VALUES.reshape(-1)[: int(np.prod(shape))].reshape(shape) + SHIFTED.get(name, 0)
        self.values = (values * 10).astype(np.int64) if self.whole else values

    def target(self):
        return mg.tensor(self.values).requires_grad_(not self.whole and not self.constant)

    @property
    def constant(self):
        return self.name in CONSTANT_IN_TARGET

    def leaves(self):
        found = []
        for a in self.args:
            found += [x for x in (a if isinstance(a, tuple) else (a,)) if isinstance(x, mg.Tensor)]
        return [x for x in found if x.requires_grad]

    def in_place(self, x):
        assert getattr(x, self.name)(*self.args) is x

    def out_of_place(self, x):
        model = MODELS.get(self.name) or getattr(mg.Tensor, self.name[:-1])
        return model(x, *self.args)


def gradients(out, inputs):
    weights = mg.arange(1, out.numel() + 1).reshape(out.shape).double()
    if not out.requires_grad:
        return [0.0] * len(inputs)
    found = mg.grad((out * weights).sum(), inputs, retain_graph=True, allow_unused=True)
    return [0.0 if g is None else g.numpy() for g in found]


def assert_same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(*np.broadcast_arrays(a, b), rtol=1e-12, atol=1e-12)


def test_the_table_names_existing_methods():
    known = {*ARGUMENTS, *OF_VECTORS, *OF_MATRICES, *MODELS, *SHIFTED}
    assert known <= set(NAMES) and OTHERS | RANDOM.keys() <= set(vars(mg.Tensor))


@pytest.mark.parametrize("name", NAMES)
def test_a_computed_target(name):
    """Rule 5: values and gradients are those of the method without the underscore."""
    call = Call(name)
    x = call.target()
    h = x * 1
    expected = call.out_of_place(x * 1)
    before = h + 1  # its gradient is that of the old value
    call.in_place(h)
    np.testing.assert_array_equal(h.detach().numpy(), expected.detach().to(h.dtype).numpy())
    inputs = [x, *call.leaves()] if x.requires_grad else call.leaves()
    if inputs and expected.dtype == h.dtype:
        assert_same(gradients(h, inputs), gradients(expected, inputs))
        assert_same(gradients(before, inputs), gradients(x * 1 + 1, inputs))


@pytest.mark.parametrize("name", NAMES)
def test_a_view_of_a_computed_target(name):
    """Rule 6: the base and its other views are what they would be, were the part replaced."""
    call = Call(name)
    base = mg.tensor(np.stack([call.values, call.values[::-1], call.values]))
    base.requires_grad_(not call.whole and not call.constant)
    h = base * 1
    view, column, expected = h[1], h[..., 0], call.out_of_place(base[1] * 1)
    call.in_place(view)
    model = mg.stack([base[0], expected.to(h.dtype), base[2]])
    np.testing.assert_array_equal(h.detach().numpy(), model.detach().numpy())
    inputs = [base, *call.leaves()] if base.requires_grad else call.leaves()
    if inputs and expected.dtype == h.dtype:
        for ours, theirs in ((h, model), (column, model[..., 0]), (view, model[1])):
            assert_same(gradients(ours, inputs), gradients(theirs, inputs))


@pytest.mark.parametrize("name", [n for n in NAMES if not Call(n).whole and not Call(n).constant])
def test_what_raises_leaves_the_target(name):
    """Rules 4, 8, 12: leaves, values that backward needs, expanded tensors."""
    call = Call(name)
    x = call.target()
    for leaf in (x, x[...]):
        with pytest.raises(mg.GradientError, match=f"{name[:-1]}.*leaf|leaf"):
            call.in_place(leaf)
    np.testing.assert_array_equal(x.detach().numpy(), call.values)

    h = x * 1
    kept = (h * h).sum()
    call.in_place(h)
    with pytest.raises(mg.GradientError, match="mul"):
        kept.backward()

    expanded = mg.tensor(call.values[:1]).expand(2, *call.values.shape[1:])
    if expanded.shape == call.values.shape:
        before = expanded.numpy().copy()
        with pytest.raises(mg.ShapeError, match="expanded"):
            call.in_place(expanded)
        np.testing.assert_array_equal(expanded.numpy(), before)


@pytest.mark.parametrize("name", NAMES)
def test_dtypes_and_shapes_that_do_not_fit(name):
    """Rule 11: an integer target takes no floats; no target grows."""
    call = Call(name)
    whole = mg.tensor((call.values * 10).astype(np.int64))
    before = whole.numpy().copy()
    try:
        fits = call.out_of_place(whole).dtype in (mg.int64, mg.bool)
    except mg.Error:
        fits = None
    if fits is False and name not in MODELS:
        with pytest.raises(mg.DTypeError):
            call.in_place(whole)
        np.testing.assert_array_equal(whole.numpy(), before)
    if name in ONE | WHOLE:
        row = mg.tensor(call.values[:1])
        with pytest.raises(mg.ShapeError):
            getattr(row, name)(mg.tensor(call.values), *call.args[1:])
        np.testing.assert_array_equal(row.numpy(), call.values[:1])


@pytest.mark.parametrize("name", RANDOM)
def test_random_values_have_no_gradient(name):
    x = mg.tensor(VALUES).requires_grad_()
    h = x * 1
    row = h[0]
    assert getattr(row, name)(*RANDOM[name]) is row
    kept = gradients(h, [x])[0]
    np.testing.assert_array_equal(kept, [[0, 0, 0], [4, 5, 6]])
    with pytest.raises(mg.GradientError, match="leaf"):
        getattr(x, name)(*RANDOM[name])
    np.testing.assert_array_equal(x.detach().numpy(), VALUES)
