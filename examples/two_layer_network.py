"""A network of two layers from bare tensors: reads handwritten digits of 8 x 8 pixels."""

import minigrad as mg
from minigrad.datasets import digits

mg.manual_seed(0)
images, labels = digits(train=True)
x, y = mg.tensor(images).flatten(1), mg.tensor(labels)  # (1433, 64) and (1433,)

w1 = (mg.randn(64, 32) / 8).requires_grad_()  # 64 pixels: 1 / sqrt(64) keeps the scale
b1 = mg.zeros(32, requires_grad=True)
w2 = (mg.randn(32, 10) / 32**0.5).requires_grad_()
b2 = mg.zeros(10, requires_grad=True)


def network(x):
    hidden = mg.relu(x @ w1 + b1)  # (N, 64) -> (N, 32)
    return hidden @ w2 + b2  # -> (N, 10), a score for each digit


for _ in range(300):
    scores = network(x)
    right = scores.gather(1, y.reshape(-1, 1)).squeeze(1)  # the score of the true digit
    loss = (scores.logsumexp(1) - right).mean()  # -log softmax(scores)[y]
    loss.backward()

    with mg.no_grad():
        for parameter in (w1, b1, w2, b2):
            parameter -= 0.5 * parameter.grad
            parameter.grad = None

images, labels = digits(train=False)
guess = network(mg.tensor(images).flatten(1)).argmax(1)
accuracy = (guess == mg.tensor(labels)).float().mean()
print(f"loss {loss.item():.3f}, accuracy on 364 other digits {accuracy.item():.3f}")
