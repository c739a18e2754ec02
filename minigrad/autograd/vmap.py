"""`vmap`: a function of one example, called on each example of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..errors import ArgumentError, ShapeError
from ..ops.join import stack
from ..random import default_generator
from ..tensor import Tensor


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """`func`, mapped over a dimension of its arguments; results are stacked.

    This is what vmap means, not a way to be fast: the function runs once an example. So it may do
    what it likes, branch on values too, and per-example gradients are ``vmap(grad(loss))``.

    Args:
        in_dims: the dimension to map over: for all arguments, or nested as they are; None keeps an
            argument whole.
        out_dims: where the new dimension stands in the results.
        randomness: ``"error"`` refuses random numbers, ``"different"`` draws new ones for each
            example, ``"same"`` gives all the same.
        chunk_size: taken for PyTorch's sake; examples run one by one.
    """
    if randomness not in ("error", "different", "same"):
        raise ArgumentError(f"vmap: randomness={randomness!r} is not 'error', 'different', 'same'")

    @functools.wraps(func)
    def function(*args: Any, **kwargs: Any) -> Any:
        dims = _matched(in_dims, args, top=True)
        sizes: set[int] = set()
        _sizes(args, dims, sizes)
        if len(sizes) != 1:
            raise ShapeError(
                "vmap: the arguments must agree in the size of the mapped dimension and one must "
                f"have it, found sizes {sorted(sizes)} for in_dims={in_dims}"
            )
        start = default_generator.get_state()
        results = []
        for i in range(sizes.pop()):
            if randomness == "same":
                default_generator.set_state(start)
            results.append(func(*[_example(a, d, i) for a, d in zip(args, dims)], **kwargs))
            if randomness == "error" and default_generator.get_state() != start:
                raise ArgumentError(
                    "vmap: the function drew random numbers; say randomness='different' (new ones "
                    "for each example) or 'same'"
                )
        if not results:
            raise ShapeError("vmap: the mapped dimension has size 0: there is no result to stack")
        places = out_dims if isinstance(out_dims, int) else _matched(out_dims, results[0])
        return _joined(results, places)

    return function


def _matched(dims: Any, tree: Any, top: bool = False) -> Any:
    """`dims` for each part of `tree`: itself if it is one number, or None."""
    if isinstance(tree, (tuple, list)) and not isinstance(dims, (tuple, list)):
        return [_matched(dims, x) for x in tree] if top or isinstance(tree, list) or dims else dims
    if isinstance(tree, (tuple, list)):
        if len(dims) != len(tree):
            raise ArgumentError(f"vmap: {len(dims)} dims {dims} for {len(tree)} values")
        return [_matched(d, x) for d, x in zip(dims, tree)]
    if isinstance(tree, dict) and not isinstance(dims, dict):
        return dict.fromkeys(tree, dims)
    return dims


def _sizes(tree: Any, dims: Any, sizes: set[int]) -> None:
    if isinstance(tree, Tensor):
        if dims is not None:
            if not -tree.ndim <= dims < tree.ndim:
                raise ShapeError(f"vmap: in_dims {dims} for an argument of shape {tree.shape}")
            sizes.add(tree.shape[dims])
    elif isinstance(tree, (tuple, list)):
        for x, d in zip(tree, dims if isinstance(dims, (tuple, list)) else [dims] * len(tree)):
            _sizes(x, d, sizes)
    elif isinstance(tree, dict):
        for key, x in tree.items():
            _sizes(x, dims[key] if isinstance(dims, dict) else dims, sizes)


def _example(tree: Any, dims: Any, i: int) -> Any:
    """Example `i` of an argument."""
    if isinstance(tree, Tensor):
        return tree if dims is None else tree[(slice(None),) * (dims % tree.ndim) + (i,)]
    if isinstance(tree, (tuple, list)):
        each = dims if isinstance(dims, (tuple, list)) else [dims] * len(tree)
        return type(tree)([_example(x, d, i) for x, d in zip(tree, each)])
    if isinstance(tree, dict):
        named = dims if isinstance(dims, dict) else dict.fromkeys(tree, dims)
        return {key: _example(x, named[key], i) for key, x in tree.items()}
    return tree


def _joined(results: list[Any], dims: Any) -> Any:
    """The results of all examples as one."""
    first = results[0]
    if isinstance(first, Tensor):
        return stack(results, dims)
    if isinstance(first, (tuple, list)):
        each = dims if isinstance(dims, (tuple, list)) else [dims] * len(first)
        parts = [_joined([r[k] for r in results], d) for k, d in enumerate(each)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if isinstance(first, dict):
        named = dims if isinstance(dims, dict) else dict.fromkeys(first, dims)
        return {key: _joined([r[key] for r in results], named[key]) for key in first}
    raise ArgumentError(f"vmap: the function must return tensors, got {type(first).__name__}")
