"""L-BFGS: steps that know the curvature from the last gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ..context import set_grad
from ..errors import ArgumentError, DTypeError, Error
from ..ops.complex import view_as_real
from ..ops.creation import zeros_like
from ..ops.join import cat
from ..tensor import Tensor
from .line_search import strong_wolfe
from .optimizer import Optimizer, numbers


class LBFGS(Optimizer):
    """``p <- p - t H g``, where `H` approximates the inverse Hessian by the last differences of
    gradients and parameters (Liu, Nocedal 1989).

    One step is a whole run of iterations, and calls its closure many times. All parameters are one
    group, on one device. It keeps two vectors of all parameters an iteration.

    Args:
        params: tensors.
        lr: the length of the step, or where the line search starts.
        max_iter: the most iterations a step.
        max_eval: the most calls of the closure a step, ``max_iter * 5 // 4`` if None.
        tolerance_grad: stop when no element of the gradient is larger.
        tolerance_change: stop when no parameter, nor the loss, changes by more.
        history_size: how many differences are kept.
        line_search_fn: "strong_wolfe" finds `t` by the strong Wolfe conditions; None takes `lr`.

    Example:
        >>> w = mg.tensor([3.0, -2.0], requires_grad=True)
        >>> rule = mg.optim.LBFGS([w], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     rule.zero_grad()
        ...     loss = (w * w * mg.tensor([1.0, 100.0])).sum()
        ...     loss.backward()
        ...     return loss
        >>> _ = rule.step(closure)  # w is (0, 0)
    """

    per_parameter = False  # the first parameter's state is that of all
    state_names = ("d", "t", "old_dirs", "old_stps", "ro", "H_diag", "prev_flat_grad", "prev_loss")

    def __init__(
        self,
        params: Iterable[Any],
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """The one group."""
        if self.param_groups:
            raise ArgumentError("LBFGS: it has one group of parameters, and no settings of others")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Iterate; `closure` clears the gradients, computes the loss and its gradients, and returns
        the loss. Returns the loss before the step."""
        if closure is None:
            raise DTypeError("LBFGS: step needs a closure that computes the loss and gradients")
        settings = numbers(self.param_groups[0])
        if settings["line_search_fn"] not in (None, "strong_wolfe"):
            raise Error(f"LBFGS: line_search_fn={settings['line_search_fn']} is not 'strong_wolfe'")
        with set_grad(False):
            return _Run(self.param_groups[0]["params"], closure, settings).iterate(
                self.state[self.param_groups[0]["params"][0]]
            )


class _Run:
    """One step: iterations on the parameters as one vector."""

    def __init__(self, params: list[Tensor], closure: Any, settings: dict[str, Any]) -> None:
        self.params = [view_as_real(p) if p.is_complex() else p for p in params]
        self.leaves, self.closure, self.settings = params, closure, settings
        self.evaluations = 0

    def evaluate(self) -> tuple[Any, Tensor]:
        """The loss, and its gradient as one vector."""
        with set_grad(True):
            loss = self.closure()
        self.evaluations += 1
        return loss, cat([self._flat(p) for p in self.leaves])

    @staticmethod
    def _flat(p: Tensor) -> Tensor:
        g = zeros_like(p) if p.grad is None else p.grad.detach()
        return (view_as_real(g) if g.is_complex() else g).reshape(-1)

    def move(self, t: float, d: Tensor) -> None:
        """Parameters ``p <- p + t d``."""
        start = 0
        for p in self.params:
            end = start + p.numel()
            p.add_(d[start:end].reshape(p.shape), alpha=t)
            start = end

    def search(self, t: float, d: Tensor, loss: float, g: Tensor, slope: float, left: int) -> Any:
        """Loss, gradient and length of a step along `d` that fulfils the Wolfe conditions."""
        here = [p.clone() for p in self.params]

        def along(t: float) -> tuple[float, Tensor]:
            self.move(t, d)
            loss, g = self.evaluate()
            for p, x in zip(self.params, here, strict=True):
                p.copy_(x)
            return float(loss), g

        return strong_wolfe(along, t, d, loss, g, slope, left)

    def iterate(self, state: dict[str, Any]) -> Any:
        """Iterations, until one of the settings says to stop."""
        s = self.settings
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first, g = self.evaluate()
        state["func_evals"] += 1
        loss = float(first)
        if g.abs().max().item() <= s["tolerance_grad"]:
            return first
        for i in range(1, s["max_iter"] + 1):
            state["n_iter"] += 1
            d = state["d"] = self.direction(g, state)
            before = state["prev_loss"] = loss
            state["prev_flat_grad"] = g
            t = s["lr"] * (min(1.0, 1 / g.abs().sum().item()) if state["n_iter"] == 1 else 1)
            state["t"] = t
            slope = g.dot(d).item()
            if slope > -s["tolerance_change"]:
                break
            evaluated = self.evaluations
            if s["line_search_fn"] is not None:
                left = s["max_eval"] - evaluated
                loss, g, t = self.search(t, d, loss, g, slope, left)
                state["t"] = t
                self.move(t, d)
            else:
                self.move(t, d)
                if i < s["max_iter"]:  # of no use after the last one
                    loss, g = self.evaluate()
                    loss = float(loss)
            state["func_evals"] += self.evaluations - evaluated
            if (
                self.evaluations >= s["max_eval"]
                or g.abs().max().item() <= s["tolerance_grad"]
                or d.mul(t).abs().max().item() <= s["tolerance_change"]
                or abs(loss - before) < s["tolerance_change"]
            ):
                break
        return first

    def direction(self, g: Tensor, state: dict[str, Any]) -> Tensor:
        """``-H g``, by the two-loop recursion; `state` takes in the last step."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -g
        y, step = g - state["prev_flat_grad"], state["d"] * state["t"]
        ys = y.dot(step)
        ys_, steps, ro = state["old_dirs"], state["old_stps"], state["ro"]
        if ys.item() > 1e-10:
            if len(ys_) == self.settings["history_size"]:
                for history in (ys_, steps, ro):
                    history.pop(0)
            ys_.append(y)
            steps.append(step)
            ro.append(1 / ys)
            state["H_diag"] = ys / y.dot(y)
        al = state.setdefault("al", [None] * self.settings["history_size"])
        q = -g
        for i in reversed(range(len(ys_))):
            al[i] = steps[i].dot(q) * ro[i]
            q.sub_(ys_[i] * al[i])
        r = q * state["H_diag"]
        for i in range(len(ys_)):
            r.add_(steps[i] * (al[i] - ys_[i].dot(r) * ro[i]))
        return r
