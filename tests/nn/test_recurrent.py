"""Recurrent layers and packed sequences: what the rows of `layers/recurrent.py` cannot say."""

import pickle

import numpy as np
import pytest

import minigrad as mg
from minigrad import nn
from minigrad.nn.utils import rnn

WRONG = [
    (lambda: nn.LSTM(3, 4, 0), ValueError, "num_layers must be greater than zero"),
    (lambda: nn.LSTM(3.0, 4), TypeError, "input_size should be of type int"),
    (lambda: nn.LSTM(3, 4, bias=1), TypeError, "bias should be of type bool"),
    (lambda: nn.LSTM(3, 4, dropout=True), ValueError, "dropout should be a number"),
    (lambda: nn.LSTM(3, 4, proj_size=4), ValueError, "proj_size=4 has to be smaller"),
    (lambda: nn.GRU(3, 4, proj_size=2), ValueError, "only supported for LSTM, not GRU"),
    (lambda: nn.RNN(3, 4, nonlinearity="x"), ValueError, "Select from 'tanh' or 'relu'"),
    (lambda: nn.RNNBase("X", 3, 4), ValueError, "mode='X'"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(0, 2, 3)), RuntimeError, "larger than 0"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(2, 2, 4)), RuntimeError, "must be input_size=3"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(2, 2, 4, 3)), ValueError, "2D or 3D"),
    (lambda: nn.LSTM(3, 4)([1.0]), TypeError, "a Tensor or a PackedSequence"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(2, 2, 3).double()), ValueError, "does not match weight dtype"),
    (lambda: nn.LSTM(3, 4)(mg.zeros(2, 2, 3), mg.zeros(1, 2, 4)), RuntimeError, "a pair"),
    (lambda: nn.GRU(3, 4)(mg.zeros(2, 2, 3), mg.zeros(2, 4)), RuntimeError, r"\(1, 2, 4\)"),
    (lambda: nn.GRU(3, 4)(mg.zeros(2, 3), mg.zeros(1, 1, 4)), RuntimeError, r"\(1, 4\)"),
    (lambda: nn.GRU(3, 4)(mg.zeros(2, 2, 3), mg.zeros(1, 2, 4).double()), TypeError, "dtype"),
    (lambda: nn.RNNCell(3, 4)(mg.zeros(2, 2)), RuntimeError, r"input must be \(B, 3\)"),
    (lambda: nn.RNNCell(3, 4)(mg.zeros(2, 2, 3)), ValueError, "1D or 2D"),
    (lambda: nn.RNNCell(3, 4)(mg.zeros(2, 3), mg.zeros(3, 4)), RuntimeError, "match hidden0"),
    (lambda: nn.RNNCell(3, 4, nonlinearity="x")(mg.zeros(3)), RuntimeError, "Unknown nonlin"),
    (lambda: nn.LSTMCell(3, 4)(mg.zeros(2, 3), [mg.zeros(2, 4)]), RuntimeError, "a pair"),
    (lambda: nn.LSTMCell(3, 4)(mg.zeros(2, 3), mg.zeros(2, 4)), TypeError, "a pair .*got Tensor"),
    (lambda: nn.GRUCell(3, 4)(mg.zeros(3), mg.zeros(1, 4)), RuntimeError, r"must be \(4,\)"),
    (lambda: nn.GRUCell(3, 4)(mg.zeros(2, 3).double()), TypeError, "dtype"),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5, 2), [5, 0]), RuntimeError, "greater than 0"),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5, 2), [6, 2]), RuntimeError, "at most 5"),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5, 2), [2, 3]), RuntimeError, "enforce_sorted="),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5, 2), [2, 2, 2]), RuntimeError, "batch_size=2"),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5, 0), []), RuntimeError, "empty"),
    (lambda: rnn.pack_padded_sequence(mg.zeros(5), [3]), IndexError, "2 dimensions or more"),
    (lambda: rnn.pad_sequence([]), RuntimeError, "an empty list"),
    (lambda: rnn.pad_sequence(3), RuntimeError, "iterable"),
    (lambda: rnn.pad_sequence([mg.zeros(2, 3), mg.zeros(3, 2)]), RuntimeError, "alike but for L"),
    (lambda: rnn.pad_sequence([mg.zeros(2)], padding_side="up"), RuntimeError, "left or right"),
    (lambda: rnn.pad_packed_sequence(mg.zeros(3)), TypeError, "expected a PackedSequence"),
    (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([mg.zeros(3)]), total_length=2),
     ValueError, "at least the length"),
    (lambda: nn.GRU(3, 4)(rnn.PackedSequence(mg.zeros(3, 3), mg.tensor([1, 2]))), RuntimeError,
     "must not grow"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "words"), WRONG, ids=[row[2] for row in WRONG])
def test_errors_say_what_fits(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_dropout_of_one_layer_warns():
    with pytest.warns(UserWarning, match="between layers"):
        nn.LSTM(3, 4, dropout=0.5)


# Packed sequences ----------------------------------------------------------------------------

WORDS = [mg.tensor([1, 2]), mg.tensor([3, 4, 5]), mg.tensor([6])]


def test_packed_data_goes_step_by_step():
    packed = rnn.pack_sequence(WORDS, enforce_sorted=False)
    assert packed.data.tolist() == [3, 1, 6, 4, 2, 5] and packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices.tolist() == [1, 0, 2]
    assert packed.unsorted_indices.tolist() == [1, 0, 2]
    padded, lengths = rnn.pad_packed_sequence(packed, True, -1, 4)
    assert padded.tolist() == [[1, 2, -1, -1], [3, 4, 5, -1], [6, -1, -1, -1]]
    assert lengths.tolist() == [2, 3, 1]
    assert [x.tolist() for x in rnn.unpack_sequence(packed)] == [x.tolist() for x in WORDS]


def test_sequences_of_one_length_keep_their_order():
    packed = rnn.pack_padded_sequence(mg.arange(40).reshape(1, 40), [1] * 40, enforce_sorted=False)
    assert packed.data.tolist() == [*range(40)]


def test_padding_of_either_side():
    assert rnn.pad_sequence(WORDS).tolist() == [[1, 3, 6], [2, 4, 0], [0, 5, 0]]
    left = rnn.pad_sequence(WORDS, True, 9, padding_side="left")
    assert left.tolist() == [[9, 1, 2], [3, 4, 5], [9, 9, 6]]
    padded = rnn.pad_sequence(WORDS)
    back = rnn.unpad_sequence(padded, mg.tensor([2, 3, 1]))
    assert padded.tolist() == [[1, 3, 6], [2, 4, 0], [0, 5, 0]]
    assert [x.tolist() for x in back] == [x.tolist() for x in WORDS]


def test_padding_and_packing_have_gradients(device):
    parts = [mg.randn(n, 2, dtype=mg.float64, device=device, requires_grad=True) for n in (2, 3, 1)]

    def way(*parts):
        packed = rnn.pack_sequence([p.square() for p in parts], enforce_sorted=False)
        return rnn.pad_packed_sequence(packed, True)[0]

    assert mg.gradcheck(way, parts)


def test_a_packed_sequence_moves_and_pickles(device):
    packed = rnn.pack_sequence([w.float() for w in WORDS], enforce_sorted=False).to(device)
    assert packed.is_cuda == (device == "cuda") and packed.batch_sizes.device.type == "cpu"
    assert packed.double().data.dtype == mg.float64 and packed.to(mg.float32) is packed
    twin = pickle.loads(pickle.dumps(packed.cpu()))
    assert type(twin) is rnn.PackedSequence and twin.data.tolist() == packed.data.tolist()


@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_a_packed_sequence_is_computed_as_if_alone(kind):
    layer = kind(2, 3, 2, bidirectional=True).double()
    parts = [mg.randn(n, 2, dtype=mg.float64) for n in (3, 5, 1, 3)]
    packed, state = layer(rnn.pack_sequence(parts, enforce_sorted=False))
    for k, (x, y) in enumerate(zip(parts, rnn.unpack_sequence(packed), strict=True)):
        alone, last = layer(x)
        assert mg.allclose(y, alone)
        for ours, theirs in zip(state if kind is nn.LSTM else [state],
                                last if kind is nn.LSTM else [last], strict=True):  # fmt: skip
            assert mg.allclose(ours[:, k], theirs)


# Numbers -------------------------------------------------------------------------------------


def test_a_cell_is_one_step_of_its_layer():
    for layer, cell in ((nn.LSTM(2, 3), nn.LSTMCell(2, 3)), (nn.GRU(2, 3), nn.GRUCell(2, 3))):
        cell.load_state_dict({n.removesuffix("_l0"): p for n, p in layer.state_dict().items()})
        x, state = mg.randn(4, 5, 2), None
        for step in x:
            state = cell(step, state)
        _, last = layer(x)
        pairs = zip(state, last, strict=True) if isinstance(state, tuple) else [(state, last)]
        for ours, theirs in pairs:
            assert mg.allclose(ours, theirs[0], atol=1e-6)


def test_gates_are_what_the_layer_computes_with(device):
    layer = nn.LSTM(2, 3, 2, batch_first=True, bidirectional=True).to(device)
    x = mg.randn(5, 4, 2, device=device)
    gates = layer.gates(x)
    assert [g.shape for g in gates] == [(5, 4, 4, 3)] * 4 and not gates[0].requires_grad
    i, f, g, o = gates[2].unbind(2)  # the second layer, forwards
    c = mg.zeros(5, 3, device=device)
    y, _ = layer(x)
    for t in range(4):
        c = f[:, t] * c + i[:, t] * g[:, t]
        assert mg.allclose(y[:, t, :3], o[:, t] * c.tanh(), atol=1e-6)
    assert nn.GRU(2, 3).to(device).gates(mg.zeros(4, 2, device=device))[0].shape == (4, 3, 3)
    packed = rnn.pack_sequence([mg.zeros(2, 2), mg.zeros(3, 2)], enforce_sorted=False).to(device)
    assert layer.gates(packed)[3].shape == (2, 3, 4, 3)


@pytest.mark.parametrize("dtype", [mg.float32, mg.float64])
@pytest.mark.parametrize("kind", [nn.RNN, nn.LSTM, nn.GRU])
def test_what_is_not_finite_stays_in_its_sequence(kind, dtype):
    layer = kind(2, 5).to(dtype)
    x = mg.zeros(4, 3, 2, dtype=dtype)
    x[1, 0] = np.nan
    x[2, 1] = np.inf
    x.requires_grad_()
    y, _ = layer(x)
    assert y[1:, 0].isnan().all() and y[0].isfinite().all() and y[:, 2].isfinite().all()
    y[:, 2].sum().backward()
    assert x.grad[:, 2].isfinite().all()


def test_16_bits_are_rounded_once():
    layer = nn.LSTM(4, 8)
    x = mg.randn(6, 3, 4).bfloat16()
    exact = layer.to(mg.bfloat16).float()(x.float())[0]
    y, (h, c) = layer.to(mg.bfloat16)(x)
    assert y.dtype == h.dtype == c.dtype == mg.bfloat16
    assert mg.equal(y, exact.bfloat16())


def test_no_gradient_that_nobody_asked_for():
    layer = nn.LSTM(2, 3).requires_grad_(False)
    x = mg.randn(4, 1, 2, requires_grad=True)
    _, (_, c) = layer(x)
    c.sum().backward()  # nothing comes from the outputs
    assert x.grad.abs().sum() > 0 and layer.weight_hh_l0.grad is None


def test_dropout_stands_between_layers_while_training():
    layer = nn.GRU(2, 3, 2, dropout=1.0)
    one, other = mg.randn(4, 5, 2), mg.randn(4, 5, 2)
    assert mg.equal(layer(one)[0], layer(other)[0])  # nothing gets through
    assert not mg.equal(layer(one)[1][0], layer(other)[1][0])
    assert not mg.equal(layer.eval()(one)[0], layer(other)[0])
