"""A model as bytes: named arrays and one JSON document, without pickle, so that old bytes can never run code."""

import io
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

DOCUMENT = "__document__"


def packed(document: Any, arrays: Mapping[str, Any]) -> bytes:
    """The document must be JSON; arrays must not hold objects."""
    buffer = io.BytesIO()
    text = np.frombuffer(json.dumps(document).encode(), dtype=np.uint8)
    every: dict[str, Any] = {DOCUMENT: text, **{name: np.asarray(of) for name, of in arrays.items()}}
    np.savez_compressed(buffer, **every)
    return buffer.getvalue()


def unpacked(kept: bytes) -> tuple[Any, dict[str, Any]]:
    """The document and the arrays."""
    with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
        found = dict(arrays)
    return json.loads(found.pop(DOCUMENT).tobytes()), found
