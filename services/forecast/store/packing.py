"""Arrays as few bytes: differences where neighbours are alike, bytes of equal rank side by side, then deflate.

Everything is lossless in its own type. Bytes of equal rank repeat (exponents, high digits of moments), which is what
deflate is good at; zlib needs less than a microsecond for a small payload, pyarrow's zstd fourteen.
"""

import zlib
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

EFFORT: Literal[6] = 6
Array = NDArray[Any]


def squeeze(*columns: Array) -> bytes:
    """One-dimensional arrays, one after the other."""
    return zlib.compress(b"".join(_by_rank(column) for column in columns), EFFORT)


def expand(payload: bytes, rows: int, *types: str) -> list[Array]:
    """The arrays again; `types` are their numpy types, such as `<f4`."""
    plain = zlib.decompress(payload)
    columns, begin = [], 0
    for name in types:
        kind = np.dtype(name)
        ranked = np.frombuffer(plain, np.uint8, rows * kind.itemsize, begin).reshape(kind.itemsize, rows)
        columns.append(np.ascontiguousarray(ranked.T).view(kind).ravel())
        begin += rows * kind.itemsize
    return columns


def _by_rank(column: Array) -> bytes:
    little = np.ascontiguousarray(column, column.dtype.newbyteorder("<"))
    return little.view(np.uint8).reshape(-1, column.dtype.itemsize).T.tobytes()


def steps_of(values: Array) -> Array:
    """Differences to the entry before; the first one stands for itself. `np.cumsum` undoes it."""
    return np.diff(values, prepend=values.dtype.type(0))


def squeeze_quantiles(quantiles: NDArray[np.float32]) -> bytes:
    """Steps x levels, as differences of the bit patterns along the levels, the first level along the steps.

    Patterns of floats of one sign order as the floats do, so a rising row gives small numbers, and none is lost.
    """
    bits = np.ascontiguousarray(quantiles, "<f4").view("<i4").copy()
    bits[:, 1:] -= bits[:, :-1].copy()
    bits[:, 0] = steps_of(bits[:, 0])
    return squeeze(bits.T.ravel())


def expand_quantiles(payload: bytes, steps: int, levels: int) -> NDArray[np.float32]:
    bits = expand(payload, steps * levels, "<i4")[0].reshape(levels, steps).T.copy()
    bits[:, 0] = np.cumsum(bits[:, 0], dtype=np.int32)
    return np.cumsum(bits, axis=1, dtype=np.int32).view(np.float32)
