"""Which arguments of a loader go together, as PyTorch has it."""

from __future__ import annotations

import operator
from typing import Any

from ..errors import ArgumentError, DTypeError

_START_METHODS = ("fork", "spawn", "forkserver")


def integer(name: str, value: Any, *, least: int) -> int:
    """`value` as an integer of at least `least`."""
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ArgumentError(f"{name} must be an integer of at least {least}, not {value!r}")
    return operator.index(value)


def prefetch_of(
    workers: int, timeout: float, factor: int | None, persistent: bool, context: Any
) -> int | None:
    """The prefetch factor, after a check of all that concerns the workers."""
    if timeout < 0:
        raise ArgumentError(f"timeout must be at least 0 seconds, not {timeout}")
    for name, given in [
        ("timeout", timeout != 0),
        ("prefetch_factor", factor is not None),
        ("persistent_workers", persistent),
        ("multiprocessing_context", context is not None),
    ]:
        if given and workers == 0:
            raise ArgumentError(f"{name} is for num_workers > 0, and there are none")
    if isinstance(context, str) and context not in _START_METHODS:
        known = ", ".join(_START_METHODS)
        raise ArgumentError(f"multiprocessing_context must be one of {known}, not {context!r}")
    if not (context is None or isinstance(context, str) or hasattr(context, "get_start_method")):
        kind = type(context).__name__
        raise DTypeError(f"multiprocessing_context must be a context or its name, not a {kind}")
    if workers == 0:
        return None
    return 2 if factor is None else integer("prefetch_factor", factor, least=1)


def check_order(
    dataset: Any, is_stream: bool, batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any,
    drop_last: Any,
) -> None:  # fmt: skip
    """`ArgumentError` where two arguments both say what the batches are."""
    if is_stream:
        for name, value in (
            ("shuffle", shuffle or None), ("sampler", sampler), ("batch_sampler", batch_sampler),
        ):  # fmt: skip
            if value is not None:
                raise ArgumentError(
                    f"{name}={value!r} with {type(dataset).__name__}, an IterableDataset: a stream "
                    "has its own order"
                )
    if sampler is not None and shuffle:
        raise ArgumentError("pass shuffle=True or a sampler, not both: a sampler is the order")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ArgumentError(
                "batch_sampler excludes batch_size, shuffle, sampler and drop_last: it makes the "
                "batches"
            )
    elif batch_size is None and drop_last:
        raise ArgumentError("drop_last is for batches, and batch_size=None makes none")
    if is_stream:
        return
    ordered = sampler is not None or batch_sampler is not None
    for method in ["__getitem__"] if ordered else ["__getitem__", "__len__"]:
        if not hasattr(dataset, method):
            raise ArgumentError(
                f"the dataset, a {type(dataset).__name__}, has no {method}(); a stream must be an "
                "IterableDataset"
            )
