"""ONNX Runtime, for inference: PyTorch writes the network as an ONNX file, a session runs it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

import onnxruntime
import torch

from . import inference
from .row import Arrays, Run, Workload


class Library:
    """ONNX Runtime, set to a number of threads."""

    version = onnxruntime.__version__

    def __init__(self, name: str, threads: int) -> None:
        self.threads = threads

    def peak(self) -> float:
        """Products a second: left to minigrad and PyTorch, which reach it."""
        return 0.0

    def candidates(
        self, name: str, row: Workload, data: Arrays, weights: Arrays | None, seed: int
    ) -> list[Callable[[], Run]]:
        """The one way to build an inference row, of which it has no others."""
        if name not in inference.ROWS:
            return []
        return [lambda: self.session(row, data, weights or {})]

    def session(self, row: Workload, data: Arrays, weights: Arrays) -> Run:
        """The row's network in a session."""
        name, model = row.build.args  # type: ignore[attr-defined]
        net = inference.network(torch, name, model, weights)
        torch.backends.mha.set_fastpath_enabled(False)  # one kernel that ONNX does not know
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = str(Path(folder, "network.onnx"))
            inputs = tuple(torch.tensor(array) for array in data.values())
            torch.onnx.export(
                net, inputs, path, input_names=list(data), opset_version=17, dynamo=False
            )
            session = onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
        used = {given.name for given in session.get_inputs()}
        given = {key: array for key, array in data.items() if key in used}

        def step() -> list[object]:
            return session.run(None, given)

        return Run(step, lambda: {"output": step()[0]}, weights)
