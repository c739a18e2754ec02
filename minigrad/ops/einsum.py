"""einsum: sums of products named by letters, taken apart into pairwise contractions.

Each pair is one batched matrix product, by way of permute, reshape and matmul, so gradients of
every order come by themselves. A label is a letter, or a negative number for a dimension that an
ellipsis stands for.
"""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any, TypeAlias

from ..errors import ArgumentError, ShapeError
from ..tensor import Tensor
from .calling import public
from .diagonal import diagonal
from .matmul import check_factors, matmul
from .operands import as_tensor_operand
from .reduce import sum
from .shape import cast, permute, reshape

__all__ = ["einsum"]

Label: TypeAlias = "str | int"
Term: TypeAlias = "tuple[Label, ...]"
Sizes: TypeAlias = "dict[Label, int]"

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DOTS = "..."
_BEST_ORDER_UP_TO = 6  # operands: all orders of pairs are tried (2,700); beyond, a greedy choice


@public
def einsum(equation: Any, *operands: Any) -> Tensor:
    """The sum of products that `equation` names: ``einsum("bij,bjk->bik", x, y)``.

    A letter that is missing on the right of the arrow is summed over; without an arrow the output
    has the letters that occur once, in alphabetical order. A letter twice in one operand takes its
    diagonal; ``...`` stands for dimensions that broadcast; a size of 1 broadcasts. Instead of an
    equation, each operand may be followed by a list of numbers, ``einsum(x, [0, 1], y, [1, 2])``,
    and the last list says the output. Operands are multiplied in pairs, in an order that needs
    few multiplications.

    Raises: ArgumentError for an equation that does not fit; ShapeError for unequal sizes.
    """
    if isinstance(equation, str):
        terms, output, tensors = _parse(equation, operands)
    else:
        terms, output, tensors = _from_lists([equation, *operands])
    named = [_named(i, term, x.ndim) for i, (term, x) in enumerate(zip(terms, tensors))]
    wanted = _output(named, output)
    prepared = [_diagonals(x, term, i) for i, (x, term) in enumerate(zip(tensors, named))]
    sizes = _sizes(prepared)
    return _contracted(prepared, wanted, sizes)


# What the equation says ------------------------------------------------------------------------


def _parse(equation: str, operands: Any) -> tuple[list[Any], Any, list[Tensor]]:
    if len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = operands[0]
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = [_letters(part, equation) for part in left.split(",")]
    if len(terms) != len(operands):
        raise ArgumentError(
            f"einsum: {equation!r} names {len(terms)} operands, but {len(operands)} were given"
        )
    tensors = [as_tensor_operand(x, "einsum") for x in operands]
    return terms, _letters(right, equation) if arrow else None, tensors


def _letters(part: str, equation: str) -> list[Label]:
    if not re.fullmatch(r"[a-zA-Z]*(\.\.\.)?[a-zA-Z]*", part):
        raise ArgumentError(
            f"einsum: {part!r} in {equation!r} must be letters a-z, A-Z, with at most one '...'"
        )
    return re.findall(r"\.\.\.|.", part)


def _from_lists(arguments: list[Any]) -> tuple[list[Any], Any, list[Tensor]]:
    if len(arguments) < 2:
        raise ArgumentError("einsum: expected an equation and at least one operand")
    output = _subscripts(arguments.pop()) if len(arguments) % 2 else None
    terms = [_subscripts(numbers) for numbers in arguments[1::2]]
    return terms, output, [as_tensor_operand(x, "einsum") for x in arguments[::2]]


def _subscripts(numbers: Any) -> list[Label]:
    found: list[Label] = []
    for n in numbers:
        if n is not Ellipsis and not 0 <= n < len(_LETTERS):
            raise ArgumentError(f"einsum: subscript {n} is not within [0, {len(_LETTERS)})")
        found.append(_DOTS if n is Ellipsis else _LETTERS[n])
    if found.count(_DOTS) > 1:
        raise ArgumentError("einsum: a list of subscripts has at most one ellipsis")
    return found


def _named(position: int, term: list[Label], ndim: int) -> Term:
    """A label for each dimension; those under an ellipsis count -1, -2, ... from its right."""
    letters = len(term) - (_DOTS in term)
    if letters > ndim or (_DOTS not in term and letters != ndim):
        raise ArgumentError(
            f"einsum: operand {position} has {ndim} dimensions, but {letters} subscripts name it"
            + (" beside ..." if _DOTS in term else ", with no '...'")
        )
    return _filled(term, ndim - letters)


def _filled(term: list[Label], hidden: int) -> Term:
    named: list[Label] = []
    for label in term:
        named += list(range(-hidden, 0)) if label == _DOTS else [label]
    return tuple(named)


def _output(named: list[Term], output: list[Label] | None) -> Term:
    used = Counter([label for term in named for label in term])
    hidden = -min([label for label in used if isinstance(label, int)], default=0)
    if output is None:
        letters = sorted([x for x, n in used.items() if n == 1 and isinstance(x, str)])
        return (*range(-hidden, 0), *letters)
    for label in output:
        if output.count(label) > 1:
            raise ArgumentError(f"einsum: {label!r} appears more than once in the output")
        if label != _DOTS and label not in used:
            raise ArgumentError(f"einsum: {label!r} of the output is in no operand")
    return _filled(output, hidden)


# Preparation -----------------------------------------------------------------------------------


def _diagonals(x: Tensor, term: Term, position: int) -> tuple[Tensor, Term]:
    """Every label of `term` once: where it stands twice, the diagonal."""
    while len(set(term)) < len(term):
        label = next(label for label in term if term.count(label) > 1)
        i = term.index(label)
        j = term.index(label, i + 1)
        if x.shape[i] != x.shape[j]:
            raise ShapeError(
                f"einsum: {label!r} names sizes {x.shape[i]} and {x.shape[j]} of operand {position}"
            )
        rest = [k for k in range(x.ndim) if k not in (i, j)]
        x = diagonal(permute(x, (*rest, i, j)), 0, -2, -1)
        term = (*[term[k] for k in rest], label)
    return x, term


def _sizes(prepared: list[tuple[Tensor, Term]]) -> Sizes:
    sizes: Sizes = {}
    for position, (x, term) in enumerate(prepared):
        for label, n in zip(term, x.shape):
            held = sizes.setdefault(label, n)
            if held == 1:
                sizes[label] = n
            elif n not in (1, held):
                what = "..." if isinstance(label, int) else repr(label)
                raise ShapeError(
                    f"einsum: {what} names size {n} in operand {position}, {held} before"
                )
    return sizes


@functools.lru_cache(1024)
def _order(
    factors: tuple[Term, ...], wanted: Term, items: tuple[tuple[Label, int], ...]
) -> list[tuple[int, int]]:
    """Which two of the remaining operands to multiply, step by step; the product goes last."""
    terms, sizes = list(factors), dict(items)
    if len(terms) <= _BEST_ORDER_UP_TO:
        return _best(terms, wanted, sizes, math.inf)[1]
    steps: list[tuple[int, int]] = []
    while len(terms) > 1:
        pairs = list(combinations(range(len(terms)), 2))
        pair = min(pairs, key=lambda p: _growth(terms, p, wanted, sizes))
        terms = _after(terms, pair, wanted)
        steps.append(pair)
    return steps


def _best(
    terms: list[Term], wanted: Term, sizes: Sizes, bound: float
) -> tuple[float, list[tuple[int, int]]]:
    """The cheapest order and its cost, below `bound`: every pair is tried as the next."""
    if len(terms) == 1:
        return 0, []
    best: tuple[float, list[tuple[int, int]]] = (math.inf, [])
    pairs = sorted(
        combinations(range(len(terms)), 2), key=lambda p: _cost(terms[p[0]], terms[p[1]], sizes)
    )
    for pair in pairs:
        cost = _cost(terms[pair[0]], terms[pair[1]], sizes)
        if cost >= min(bound, best[0]):
            break
        rest = _best(_after(terms, pair, wanted), wanted, sizes, min(bound, best[0]) - cost)
        if cost + rest[0] < best[0]:
            best = cost + rest[0], [pair, *rest[1]]
    return best


def _cost(a: Term, b: Term, sizes: Sizes) -> int:
    """Multiplications that a pair needs."""
    return math.prod([max(sizes[label], 1) for label in {*a, *b}])


def _growth(terms: list[Term], pair: tuple[int, int], wanted: Term, sizes: Sizes) -> Any:
    """How much larger a product is than its factors, then its cost."""
    a, b = terms[pair[0]], terms[pair[1]]
    volume = [math.prod([sizes[x] for x in t]) for t in (_after(terms, pair, wanted)[-1], a, b)]
    return volume[0] - volume[1] - volume[2], _cost(a, b, sizes)


def _after(terms: list[Term], pair: tuple[int, int], wanted: Term) -> list[Term]:
    """The operands left when a pair is multiplied."""
    rest = [t for i, t in enumerate(terms) if i not in pair]
    kept = {*wanted, *[label for t in rest for label in t]}
    both = dict.fromkeys((*terms[pair[0]], *terms[pair[1]]))
    return [*rest, tuple([label for label in both if label in kept])]


# Contraction -----------------------------------------------------------------------------------


def _contracted(prepared: list[tuple[Tensor, Term]], wanted: Term, sizes: Sizes) -> Tensor:
    operands = list(prepared)
    terms = tuple([term for _, term in operands])
    for i, j in _order(terms, wanted, tuple(sizes.items())):
        a, b = operands[i], operands[j]
        operands = [x for k, x in enumerate(operands) if k not in (i, j)]
        kept = {*wanted, *[label for _, term in operands for label in term]}
        operands.append(_pair(*a, *b, kept))
    x, term = _summed(*operands[0], set(wanted))
    return permute(x, tuple([term.index(label) for label in wanted]))


def _summed(x: Tensor, term: Term, kept: set[Label]) -> tuple[Tensor, Term]:
    """`x` summed over the labels that nobody needs any more."""
    dims = [i for i, label in enumerate(term) if label not in kept]
    if not dims:
        return x, term
    return sum(x, dims), tuple([label for label in term if label in kept])


def _pair(a: Tensor, left: Term, b: Tensor, right: Term, kept: set[Label]) -> tuple[Tensor, Term]:
    """The product of two operands, summed over the labels that are not `kept`."""
    given = (a, b)
    a, left = _summed(a, left, kept | set(right))
    b, right = _summed(b, right, kept | set(left))
    # A size of 1 against a larger one is no contraction: left out of one side, summed on the other.
    sizes = [dict(zip(left, a.shape)), dict(zip(right, b.shape))]
    uneven = [x for x in left if x in right and sizes[0][x] != sizes[1][x]]
    a, left = _without(a, left, {x for x in uneven if sizes[0][x] == 1})
    b, right = _without(b, right, {x for x in uneven if sizes[1][x] == 1})
    a, left = _summed(a, left, kept | set(right))
    b, right = _summed(b, right, kept | set(left))
    if any([x in right and x not in kept for x in left]):
        check_factors("einsum", *given)
        dtype = given[0].dtype
        return _contraction(cast(a, dtype), left, cast(b, dtype), right, kept)
    labels = tuple(dict.fromkeys((*left, *right)))
    return _spread(a, left, labels) * _spread(b, right, labels), labels


def _contraction(
    a: Tensor, left: Term, b: Tensor, right: Term, kept: set[Label]
) -> tuple[Tensor, Term]:
    """One batched matrix product, (batch, rows, inner) by (batch, inner, columns)."""
    sizes = dict(zip((*left, *right), (*a.shape, *b.shape)))
    batch = [x for x in left if x in right and x in kept]
    inner = [x for x in left if x in right and x not in kept]
    rows, columns = [x for x in left if x not in right], [x for x in right if x not in left]
    B, M, K, N = [math.prod([sizes[x] for x in group]) for group in (batch, rows, inner, columns)]
    a = permute(a, tuple([left.index(x) for x in (*batch, *rows, *inner)]))
    b = permute(b, tuple([right.index(x) for x in (*batch, *inner, *columns)]))
    product = matmul(reshape(a, (B, M, K)), reshape(b, (B, K, N)))
    labels = (*batch, *rows, *columns)
    return reshape(product, tuple([sizes[x] for x in labels])), labels


def _without(x: Tensor, term: Term, ones: set[Label]) -> tuple[Tensor, Term]:
    if not ones:
        return x, term
    kept = [i for i, label in enumerate(term) if label not in ones]
    return reshape(x, tuple([x.shape[i] for i in kept])), tuple([term[i] for i in kept])


def _spread(x: Tensor, term: Term, labels: Sequence[Label]) -> Tensor:
    """`x` with its dimensions in the order of `labels`, and sizes of 1 where it has none."""
    order = [term.index(label) for label in labels if label in term]
    x = permute(x, tuple(order))
    sizes = iter(x.shape)
    return reshape(x, tuple([next(sizes) if label in term else 1 for label in labels]))
