"""Arrays as few bytes: differences where neighbours are alike, bytes of equal rank side by side, then deflate.

Everything is lossless in its own type. Bytes of equal rank repeat (exponents, high digits of moments), which is what
deflate is good at; zlib needs less than a microsecond for a small payload, pyarrow's zstd fourteen.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

EFFORT = 6
Array = NDArray[Any]


def squeeze(*columns: Array) -> bytes:
    """At most eight one-dimensional arrays, one after the other; of one that is zero throughout only that is kept."""
    told = [bool(np.ascontiguousarray(column).view(np.uint8).any()) for column in columns]
    which = sum(1 << place for place, one in enumerate(told) if one)
    plain = b"".join(_by_rank(column) for column, one in zip(columns, told, strict=True) if one)
    return bytes([which]) + zlib.compress(plain, EFFORT)


def expand(payload: bytes, rows: int, *types: str) -> list[Array]:
    """The arrays again; `types` are their numpy types, such as `<f4`."""
    return [column[0] for column in expand_alike([payload], rows, *types)]


def expand_alike(payloads: Sequence[bytes], rows: int, *types: str) -> list[Array]:
    """Payloads of as many rows each: one array per column, payloads x rows. Together they cost little more than one."""
    by_mask: dict[int, list[int]] = {}
    for place, payload in enumerate(payloads):
        by_mask.setdefault(payload[0], []).append(place)
    columns: list[Array] = [np.zeros((len(payloads), rows), kind) for kind in types]
    for which, places in by_mask.items():
        _fill(columns, which, places, b"".join(zlib.decompress(memoryview(payloads[place])[1:]) for place in places))
    return columns


def _fill(columns: Sequence[Array], which: int, places: Sequence[int], plain: bytes) -> None:
    told = [column for number, column in enumerate(columns) if which >> number & 1]
    ranked, begin = np.frombuffer(plain, np.uint8).reshape(len(places), -1), 0
    for column in told:
        count, size = column.shape[1], column.dtype.itemsize
        own = ranked[:, begin : begin + count * size].reshape(-1, size, count).swapaxes(1, 2)
        column[places] = np.ascontiguousarray(own).view(column.dtype)[..., 0]
        begin += count * size


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
