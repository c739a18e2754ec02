"""Logistic regression from bare tensors: which handwritten digits are odd?"""

import minigrad as mg
from minigrad.datasets import digits


def pixels_and_odd(train):
    images, labels = digits(train)
    return mg.tensor(images).flatten(1), mg.tensor(labels % 2).float()


x, y = pixels_and_odd(train=True)  # (1433, 64), a row for each image, and (1433,), 1 for odd
x_test, y_test = pixels_and_odd(train=False)


def by_autograd(weight, bias):
    weight, bias = weight.detach().requires_grad_(), bias.detach().requires_grad_()
    p = mg.sigmoid(x @ weight + bias)
    loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    return mg.grad(loss, (weight, bias))


def by_hand(weight, bias):
    error = mg.sigmoid(x @ weight + bias) - y
    return error @ x / len(x), error.mean()  # each weight has its pixel as a factor


def as_printed(weight, bias):
    # Seen in an article: y - p, which descent turns uphill, and the bias takes a pixel's gradient.
    error = y - mg.sigmoid(x @ weight + bias)
    return error @ x / len(x), (error * x[:, 20]).mean()


def fit(gradients, steps=500, learning_rate=1.0):
    weight, bias = mg.zeros(64), mg.zeros(())
    for _ in range(steps):
        slope_weight, slope_bias = gradients(weight, bias)
        weight = weight - learning_rate * slope_weight
        bias = bias - learning_rate * slope_bias
    right = (x_test @ weight + bias > 0) == (y_test > 0)
    return weight, bias, right.float().mean().item()


weight, bias, accuracy = fit(by_autograd)
for automatic, manual in zip(by_autograd(weight, bias), by_hand(weight, bias), strict=True):
    assert (automatic - manual).abs().max() < 1e-6
assert fit(by_hand)[2] == accuracy

print(f"accuracy on 364 other digits {accuracy:.3f}")
print(f"as printed: accuracy {fit(as_printed)[2]:.3f}")
