"""A researcher's PyTorch code, moved by changing its imports: both libraries give these numbers.

    python examples/from_pytorch.py            # minigrad
    python examples/from_pytorch.py torch      # PyTorch, if it is installed

Parts of programs as they are written: a causal language model from functions, sampling from it, an
image pipeline, a Gaussian likelihood, a differential equation. Inputs come from NumPy's generator.
"""

import importlib
import math
import sys

import numpy as np

library = sys.argv[1] if len(sys.argv) > 1 else "minigrad"
torch = importlib.import_module(library)  # or simply: import minigrad as torch
F, nn = torch.nn.functional, torch.nn
checkpoint = importlib.import_module(f"{library}.utils.checkpoint").checkpoint
func = importlib.import_module(f"{library}.func")

random = np.random.default_rng(0)
B, L, V, D, H = 2, 8, 11, 16, 4  # batch, length, vocabulary, width, heads


def normal(*shape):
    return torch.from_numpy(random.standard_normal(shape).astype(np.float32))


def language_model():
    """Loss and gradients of one pre-norm block, its values computed again in backward."""
    table, places, wq, wo, w1, w2, head = [
        (normal(*shape) / 4).requires_grad_()
        for shape in [(V, D), (L, D), (3 * D, D), (D, D), (4 * D, D), (D, 4 * D), (V, D)]
    ]
    ids = torch.from_numpy(random.integers(0, V, (B, L)))

    def block(x):
        h = F.layer_norm(x, (D,))
        q, k, v = F.linear(h, wq).chunk(3, dim=-1)
        q, k, v = (t.view(B, L, H, D // H).transpose(1, 2) for t in (q, k, v))
        scores = (q @ k.transpose(-2, -1)) / math.sqrt(D // H)
        future = torch.triu(torch.ones(L, L, dtype=torch.bool), diagonal=1)
        by_hand = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1) @ v
        attended = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        assert torch.allclose(by_hand, attended, atol=1e-5)
        x = x + F.linear(attended.transpose(1, 2).reshape(B, L, D), wo)
        return x + F.linear(F.gelu(F.linear(F.rms_norm(x, (D,)), w1)), w2)

    x = F.embedding(ids, table) + places[torch.arange(L)]
    x = checkpoint(block, x, use_reentrant=False)
    logits = torch.einsum("bld,vd->blv", x, head)
    loss = F.cross_entropy(logits[:, :-1].reshape(-1, V), ids[:, 1:].flatten(), label_smoothing=0.1)
    loss.backward()
    return logits[:, -1].detach(), [loss, *[p.grad.norm() for p in (table, places, wq, w1, head)]]


def sampling(logits):
    """Top-k and nucleus filters."""
    p = F.softmax(logits / 0.8, dim=-1)
    best, _ = torch.topk(p, 3)
    ordered, order = torch.sort(p, descending=True)
    keep = torch.cumsum(ordered, -1) - ordered < 0.9
    nucleus = torch.zeros_like(p).scatter(1, order, ordered * keep)
    return [best.sum(), nucleus.sum(), torch.logsumexp(logits, -1).sum()]


def images():
    """Convolution, normalization, pooling, resampling, a rotation, a border."""
    image, kernel = normal(2, 3, 16, 16).requires_grad_(), normal(8, 3, 3, 3).requires_grad_()
    y = F.conv2d(image, kernel, padding="same")
    y = F.relu(F.batch_norm(y, None, None, training=True))
    y = F.interpolate(F.max_pool2d(y, 2), scale_factor=2, mode="bilinear", align_corners=False)
    turn = torch.tensor([[[0.9, 0.1, 0.0], [-0.1, 0.9, 0.1]]]).repeat(2, 1, 1)
    grid = F.affine_grid(turn, (2, 8, 16, 16), align_corners=False)
    y = F.pad(F.grid_sample(y, grid, align_corners=False), (1, 1, 2, 2), mode="reflect")
    y.pow(2).mean().backward()
    return [y.sum(), image.grad.abs().sum(), kernel.grad.norm()]


def likelihood():
    """A Gaussian's, by Cholesky, by log-determinant and by eigenvalues; and the gradient of it."""
    a = normal(5, 5)
    covariance = (a @ a.T + 5 * torch.eye(5)).requires_grad_()
    lower = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(lower, normal(5, 2), upper=False)
    logdet = 2 * lower.diagonal().log().sum()
    assert torch.isclose(logdet, torch.linalg.eigvalsh(covariance).log().sum())
    loss = white.square().sum() + logdet + torch.logdet(covariance)
    return [loss, torch.autograd.grad(loss, covariance)[0].norm()]


def equation():
    """The residual of u'' = -u, differentiated by the network's weights; per-example gradients."""
    t = torch.linspace(0, 1, 9).unsqueeze(1).requires_grad_()
    net = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(normal(*p.shape))
    u = net(t)
    (slope,) = torch.autograd.grad(u.sum(), t, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), t, create_graph=True)
    ((bend + u) ** 2).mean().backward()
    weights = {name: p.detach() for name, p in net.named_parameters()}
    each = func.vmap(
        func.grad(lambda w, x: func.functional_call(net, w, (x,)).sum()), in_dims=(None, 0)
    )(weights, t.detach())
    spectrum = torch.fft.rfft(u.detach().squeeze(1)).abs()
    return [net[0].weight.grad.norm(), each["0.weight"].norm(), spectrum.sum()]


logits, numbers = language_model()
numbers += [*sampling(logits), *images(), *likelihood(), *equation()]
print(" ".join([f"{x.item():.4f}" for x in numbers]))
