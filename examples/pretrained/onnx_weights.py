"""The weights in an ONNX file, without the onnx package: a reader of Protocol Buffers in 30 lines.

A message is a row of fields. Each is led by a number whose last three bits are the kind of the
field (0 a number, 1 eight bytes, 2 bytes led by their count, 5 four bytes) and whose others are its
number in the schema, onnx.proto. A number is written in groups of seven bits, the lowest first.
"""

import math
from pathlib import Path

import numpy as np

GRAPH, INITIALIZER = 7, 5  # in a model, in a graph
DIMS, TYPE, NAME, RAW = 1, 2, 8, 9  # in a tensor
TYPES = {1: "<f4", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}


def number(data, at):
    """The number that begins at byte `at`, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of each field of a message."""
    at = 0
    while at < len(data):
        key, at = number(data, at)
        kind = key & 7
        if kind == 0:
            value, at = number(data, at)
        else:
            size, at = number(data, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
            value, at = data[at : at + size], at + size
        yield key >> 3, value


def initializers(path):
    """The arrays by name that stand raw in the file."""
    found = {}
    for _, graph in filter(lambda field: field[0] == GRAPH, fields(Path(path).read_bytes())):
        for _, tensor in filter(lambda field: field[0] == INITIALIZER, fields(graph)):
            parts = list(fields(tensor))
            shape = [value for field, value in parts if field == DIMS]
            known = dict(parts)
            if known.get(TYPE) in TYPES and RAW in known:
                array = np.frombuffer(known[RAW], TYPES[known[TYPE]])
                assert array.size == math.prod(shape)
                found[known[NAME].decode()] = array.reshape(shape)
    return found
