"""Convolution and its transpose, of sequences, images and volumes."""

import layer_oracles as oracles

from minigrad.testing import sample

from .making import X, row

ROWS = [
    row("conv1d", oracles.conv, sample(X(2, 2, 5), X(3, 2, 2), X(3)),
        sample(X(4, 6), X(2, 2, 3), stride=2, padding=(1,), dilation=2, groups=2),
        sample(X(1, 1, 4), X(1, 1, 2), padding="same"), sample(X(0, 1, 3), X(1, 1, 2)),
        sample(X(1, 1, 3), X(1, 1, 1), padding="valid")),
    row("conv2d", oracles.conv, sample(X(2, 2, 5, 4), X(3, 2, 3, 2), X(3)),
        sample(X(2, 5, 5), X(4, 1, 3, 3), padding=1, groups=2, stride=2),
        sample(X(1, 2, 6, 5), X(2, 2, 2, 2), stride=(2, 1), padding=(1, 0), dilation=(2, 1)),
        sample(X(1, 1, 4, 5), X(2, 1, 3, 2), padding="same"),
        sample(X(0, 1, 3, 3), X(1, 1, 2, 2)),
        sample(X(1, 1, 3, 3), X(1, 1, 1, 1), padding="valid")),
    row("conv3d", oracles.conv, sample(X(2, 2, 3, 3, 3), X(2, 2, 2, 2, 2), X(2)),
        sample(X(2, 5, 3, 3), X(4, 1, 2, 1, 2), stride=(2, 1, 1), padding=(1, 0, 1), groups=2),
        sample(X(1, 1, 4, 3, 2), X(1, 1, 2, 2, 1), padding="same", dilation=(3, 1, 1)),
        sample(X(0, 1, 2, 2, 2), X(1, 1, 1, 2, 2))),
    row("conv_transpose1d", oracles.conv_transpose, sample(X(2, 2, 3), X(2, 3, 2), X(3)),
        sample(X(2, 3), X(2, 2, 3), stride=3, padding=1, output_padding=2, groups=2),
        sample(X(1, 1, 3), X(1, 1, 2), output_padding=1, dilation=2),
        sample(X(0, 1, 3), X(1, 1, 2))),
    row("conv_transpose2d", oracles.conv_transpose, sample(X(2, 2, 3, 2), X(2, 3, 2, 3), X(3)),
        sample(X(4, 2, 3), X(4, 1, 3, 2), stride=(2, 1), padding=(1, 0), output_padding=(1, 0),
               groups=2),
        sample(X(1, 1, 2, 3), X(1, 2, 2, 2), None, 1, 0, 1, 1, (2, 3))),
    row("conv_transpose3d", oracles.conv_transpose,
        sample(X(1, 2, 2, 2, 3), X(2, 1, 2, 2, 2), X(1), stride=(2, 1, 1)),
        sample(X(2, 2, 2, 2), X(2, 1, 2, 1, 2), padding=(1, 0, 0), groups=2, dilation=(2, 1, 1))),
]  # fmt: skip
