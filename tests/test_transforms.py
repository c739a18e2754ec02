"""minigrad.func and minigrad.autograd.functional: against closed forms and each other."""

import numpy as np
import pytest

import minigrad as mg
from minigrad import func, nn
from minigrad.autograd import functional as AF

A = mg.tensor([[2.0, 1.0], [0.5, 3.0], [1.0, -1.0]], dtype=mg.float64)
X = mg.tensor([0.3, -0.7], dtype=mg.float64)


def close(ours, theirs, tolerance=1e-12):
    ours = ours.numpy() if isinstance(ours, mg.Tensor) else ours
    theirs = theirs.numpy() if isinstance(theirs, mg.Tensor) else theirs
    np.testing.assert_allclose(ours, theirs, tolerance, tolerance)


def curve(x):
    return (A @ x).sin()


def curve_jacobian(x):
    return (A @ x).cos()[:, None] * A


def energy(x):
    return (x**4).sum() + x[0] * x[1] ** 2


def energy_hessian(x):
    a, b = x.tolist()
    return np.array([[12 * a * a, 2 * b], [2 * b, 12 * b * b + 2 * a]])


def test_grad_and_its_grad():
    gradient = func.grad(energy)
    close(gradient(X), [4 * 0.3**3 + 0.49, 4 * (-0.7) ** 3 + 2 * 0.3 * -0.7])
    close(func.grad(lambda x: gradient(x)[0])(X), energy_hessian(X)[0])
    assert not gradient(X).requires_grad and not X.requires_grad
    value, aux = func.grad(lambda x: (x.sum(), "aux"), has_aux=True)(X)
    assert aux == "aux" and value.tolist() == [1, 1]
    both, value = func.grad_and_value(lambda x, y: (x * y).sum(), argnums=(0, 1))(X, X * 2)
    close(both[0], X * 2)
    close(value, 2 * (X * X).sum())


def test_grad_reaches_what_the_function_closes_over():
    w = mg.tensor(2.0, dtype=mg.float64, requires_grad=True)
    func.grad(lambda x: (w * x**3).sum())(X).sum().backward()
    close(w.grad, (3 * X * X).sum())


@pytest.mark.parametrize("jacobian", [func.jacrev, func.jacfwd])
def test_jacobians(jacobian):
    close(jacobian(curve)(X), curve_jacobian(X))
    nested = jacobian(lambda p: {"y": p["a"] * p["b"], "z": (p["a"] ** 2,)})({"a": X, "b": X + 1})
    close(nested["y"]["b"], np.diag(X.numpy()))
    close(nested["z"][0]["b"], np.zeros((2, 2)))
    close(jacobian(lambda x, y: x * y, argnums=1)(X, X), np.diag(X.numpy()))
    assert jacobian(lambda x: x[:0] * 1)(X).shape == (0, 2)


def test_hessians():
    close(func.hessian(energy)(X), energy_hessian(X))
    close(AF.hessian(energy, X), energy_hessian(X))
    blocks = AF.hessian(lambda a, b: (a * a * b).sum(), (X, X + 2))
    close(blocks[0][1], np.diag(2 * X.numpy()))
    close(func.jacfwd(func.jacrev(energy))(X), energy_hessian(X))
    close(AF.hvp(energy, X, X)[1], energy_hessian(X) @ X.numpy())
    close(AF.vhp(energy, X, X)[1], energy_hessian(X) @ X.numpy())


def test_jvp_and_vjp():
    v = mg.tensor([1.0, -2.0], dtype=mg.float64)
    out, tangent = func.jvp(curve, (X,), (v,))
    close(out, curve(X))
    close(tangent, curve_jacobian(X) @ v)
    close(AF.jvp(curve, X, v)[1], tangent)
    _, pull_back = func.vjp(curve, X)
    u = mg.tensor([1.0, 0.5, 2.0], dtype=mg.float64)
    close(pull_back(u)[0], u @ curve_jacobian(X))
    close(AF.vjp(curve, X, u)[1], pull_back(u)[0])
    # The tangent at a singular slope: its dummy cotangent is zero, and must not hide the slope.
    _, tangent = func.jvp(lambda x: x.sqrt() + x.log(), (X.abs(),), (v,))
    close(tangent, v * (0.5 / X.abs().sqrt() + 1 / X.abs()))


def test_results_can_be_differentiated_on_demand():
    x = X.clone().requires_grad_()
    assert not AF.jacobian(curve, x).requires_grad
    AF.jacobian(curve, x, create_graph=True).sum().backward()
    close(x.grad, -(A.sum(1) * (A @ X).sin()) @ A)
    with mg.no_grad():
        close(func.grad(energy)(X), AF.jacobian(energy, X))


def test_arguments_are_checked():
    with pytest.raises(mg.ShapeError, match="0-d"):
        func.grad(curve)(X)
    with pytest.raises(mg.GradientError, match="does not depend"):
        AF.jacobian(lambda x: mg.ones(2), X, strict=True)
    with pytest.raises(mg.ShapeError, match="tangents"):
        func.jvp(curve, (X,), (mg.ones(3),))
    with pytest.raises(mg.ArgumentError, match="argnums"):
        func.grad(energy, argnums=2)(X)
    with pytest.raises(mg.GradientError, match="int64"):
        func.grad(energy)(mg.tensor([1, 2]))


def test_vmap():
    xs = mg.tensor(np.arange(8.0).reshape(4, 2))
    close(mg.vmap(curve)(xs), (xs @ A.T).sin())
    close(mg.vmap(lambda x, y: (x @ y, {"s": x * y}), (0, None))(xs, X)[0], xs @ X)
    close(mg.vmap(curve, in_dims=1, out_dims=1)(xs.T), (xs @ A.T).sin().T)
    nested = mg.vmap(mg.vmap(lambda x, y: x * y, (None, 0)), (0, None))(X, X)
    close(nested, X[:, None] * X)
    with pytest.raises(mg.ShapeError, match="agree"):
        mg.vmap(lambda x, y: x + y)(xs, xs[:2])
    with pytest.raises(mg.ArgumentError, match="randomness"):
        mg.vmap(lambda x: x + mg.rand(2))(xs)
    same = mg.vmap(lambda x: mg.rand(2), randomness="same")(xs)
    assert (same == same[0]).all()
    different = mg.vmap(lambda x: mg.rand(2), randomness="different")(xs)
    assert not (different == different[0]).all()


def test_per_example_gradients():
    mg.manual_seed(0)
    net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    x, y = mg.randn(5, 3), mg.tensor([0, 1, 1, 0, 1])
    before = [p.clone() for p in net.parameters()]

    def loss(params, x, y):
        logits = func.functional_call(net, params, (x[None],))
        return nn.functional.cross_entropy(logits, y[None])

    each = mg.vmap(func.grad(loss), (None, 0, 0))(dict(net.named_parameters()), x, y)
    nn.functional.cross_entropy(net(x), y).backward()
    for name, p in net.named_parameters():
        close(each[name].mean(0).detach(), p.grad, 1e-5)
    assert all((p == q).all() for p, q in zip(net.parameters(), before))


def test_functional_call_names_and_ties():
    net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    net[1].weight = net[0].weight
    x = mg.ones(1, 2)
    close(func.functional_call(net, {"0.weight": mg.eye(2) * 2}, x).detach(), [[4, 4]])
    alone = func.functional_call(net, {"0.weight": mg.zeros(2, 2)}, x, tie_weights=False)
    close(alone.detach(), [[0, 0]])
    with pytest.raises(mg.ArgumentError, match="has no"):
        func.functional_call(net, {"2.weight": x}, x)
    with pytest.raises(mg.ArgumentError, match="missing"):
        func.functional_call(net, {"0.weight": x}, x, strict=True)
    params, buffers = func.stack_module_state([nn.Linear(2, 1), nn.Linear(2, 1)])
    assert params["weight"].shape == (2, 1, 2) and buffers == {}
