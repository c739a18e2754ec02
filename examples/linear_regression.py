"""Linear regression from bare tensors: the gradient by autograd, by hand, and by a misprint."""

import minigrad as mg

mg.manual_seed(0)
x = mg.linspace(-1, 1, 100)
y = 2 * x + 0.33 * mg.randn(100)


def by_autograd(a, b):
    a, b = a.detach().requires_grad_(), b.detach().requires_grad_()
    loss = ((a + b * x - y) ** 2).mean()
    return mg.grad(loss, (a, b))


def by_hand(a, b):
    error = a + b * x - y
    return 2 * error.mean(), 2 * (error * x).mean()  # d/da and d/db of the mean of error ** 2


def as_printed(a, b):
    # Seen in an article. It runs, but without the sum each point fits a line of its own,
    # and the slope's gradient has lost its factor x.
    error = a + b * x - y
    return 2 / len(x) * error, 2 / len(x) * error


def fit(gradients, steps=1000, learning_rate=0.01):
    a, b = mg.zeros(()), mg.zeros(())
    for _ in range(steps):
        slope_a, slope_b = gradients(a, b)
        a = a - learning_rate * slope_a
        b = b - learning_rate * slope_b
    return a, b, ((a + b * x - y) ** 2).mean().item()


a, b, error = fit(by_autograd)
for automatic, manual in zip(by_autograd(a, b), by_hand(a, b), strict=True):
    assert abs(automatic - manual) < 1e-6
assert abs(fit(by_hand)[2] - error) < 1e-6

print(f"y = {a.item():.3f} + {b.item():.3f} x, mean squared error {error:.3f}")
print(f"as printed: mean squared error {fit(as_printed)[2]:.3f}")
