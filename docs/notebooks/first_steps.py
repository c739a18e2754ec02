# ---
# jupyter:
#   jupytext:
#     text_representation:
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # First steps: from one number to a trained network
#
# Run it as a notebook (`jupytext --to ipynb first_steps.py`) or read it as it is.

# %%
import minigrad as mg
from minigrad import nn
from minigrad.plot import graph

# %% [markdown]
# ## A gradient
#
# A tensor that requires grad remembers what is computed from it. Here $y = \tanh(a b + a)$.

# %%
a = mg.tensor(2.0, requires_grad=True)
b = mg.tensor(-0.5, requires_grad=True)
d = a * b
d.retain_grad()
y = (d + a).tanh()
y.backward()
graph(y, a=a, b=b, d=d, y=y)

# %% [markdown]
# Each rounded box is an operation, each square one a leaf. Walking from $y$ to the left, every operation hands its
# inputs their share: $\tanh' = 1 - y^2$, a sum passes on what it gets, a product passes on the other factor. So
#
# $$\frac{\partial y}{\partial a} = (1 - y^2)(b + 1), \qquad \frac{\partial y}{\partial b} = (1 - y^2)\, a .$$

# %%
by_hand = (1 - y.item() ** 2) * (b.item() + 1), (1 - y.item() ** 2) * a.item()
print(f"a.grad {a.grad:.6f}, by hand {by_hand[0]:.6f}")
print(f"b.grad {b.grad:.6f}, by hand {by_hand[1]:.6f}")
assert abs(a.grad.item() - by_hand[0]) < 1e-6 and abs(b.grad.item() - by_hand[1]) < 1e-6

# %% [markdown]
# ## A gradient of a gradient
#
# The gradient formulas are tensor code themselves, so they can be differentiated again.

# %%
x = mg.tensor(1.5, requires_grad=True, dtype=mg.float64)
(first,) = mg.grad(x**4, x, create_graph=True)
(second,) = mg.grad(first, x, create_graph=True)
(third,) = mg.grad(second, x)
print(f"4x^3 = {first:.4f}, 12x^2 = {second:.4f}, 24x = {third:.4f}")

# %% [markdown]
# ## Real digits
#
# The package carries 5,000 of the MNIST digits: 4,000 to learn from, 1,000 to be tested on.

# %%
from minigrad import datasets

images, labels = datasets.mnist5k(train=True)
test_images, test_labels = datasets.mnist5k(train=False)
print(images.shape, test_images.shape)

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(1, 8, figsize=(10, 1.6))
for axis, image, label in zip(axes, images, labels):
    axis.imshow(image[0], cmap="gray_r")
    axis.set_title(int(label))
    axis.axis("off")

# %% [markdown]
# ## A convolutional network
#
# Two convolutions, each followed by a max-pool that halves the picture, then two dense layers: 121,930 parameters.

# %%
mg.manual_seed(0)
net = nn.Sequential(
    nn.Conv2d(1, 32, 3),  # (N, 1, 28, 28) -> (N, 32, 26, 26)
    nn.ReLU(),
    nn.MaxPool2d(2),  # -> (N, 32, 13, 13)
    nn.Conv2d(32, 64, 3),  # -> (N, 64, 11, 11)
    nn.ReLU(),
    nn.MaxPool2d(2),  # -> (N, 64, 5, 5)
    nn.Flatten(),  # -> (N, 1600)
    nn.Linear(1600, 64),
    nn.ReLU(),
    nn.Linear(64, 10),
)
print(sum(p.numel() for p in net.parameters()), "parameters")

# %% [markdown]
# The training loop is PyTorch's. Three epochs are enough here; `python -m minigrad.demo` runs ten.

# %%
from minigrad.data import DataLoader, TensorDataset

loader = DataLoader(
    TensorDataset(mg.from_numpy(images), mg.from_numpy(labels)), batch_size=32, shuffle=True
)
optimizer = mg.optim.Adam(net.parameters())
loss_function = nn.CrossEntropyLoss()

losses = []
for epoch in range(3):
    for x, y in loader:
        loss = loss_function(net(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    print(f"epoch {epoch + 1}: loss {sum(losses[-125:]) / 125:.4f}")

# %%
plt.plot(losses)
plt.xlabel("step")
plt.ylabel("cross-entropy")

# %%
net.eval()
with mg.no_grad():
    predicted = net(mg.from_numpy(test_images)).argmax(1)
accuracy = (predicted == mg.from_numpy(test_labels)).float().mean()
print(f"test accuracy {accuracy:.3f}")
assert accuracy > 0.93

# %% [markdown]
# ## Saving
#
# A checkpoint is a safetensors file: no code runs when it is loaded.

# %%
import tempfile
from pathlib import Path

path = Path(tempfile.mkdtemp()) / "digits.safetensors"
mg.save(net.state_dict(), path)
net.load_state_dict(mg.load(path))
print(f"{path.stat().st_size / 1e6:.2f} MB")
