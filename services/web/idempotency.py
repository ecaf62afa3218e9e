"""What a request asked, as a number: the same request under the same key is done once."""

import hashlib


def digest_of(*parts: bytes | str) -> str:
    """What was asked, as a number."""
    digest = hashlib.sha256()
    for part in parts:
        piece = part.encode() if isinstance(part, str) else part
        digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.hexdigest()
