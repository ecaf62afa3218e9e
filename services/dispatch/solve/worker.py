"""One search in a process of its own: it can be stopped at any moment, and its memory goes when it goes.

`python -m services.dispatch.solve.worker` reads one pickled job from standard input and writes pickled messages to
standard output: `News` while it searches, one `Outcome` at the end. Only its own parent ever writes to it.
"""

import pickle
import signal
import sys
from typing import Any, BinaryIO

from services.dispatch.solve.highs import News, search

HEADER_BYTES = 8


def send(stream: BinaryIO, message: Any) -> None:
    """One message, with its length before it."""
    data = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(len(data).to_bytes(HEADER_BYTES, "big") + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any | None:
    """The next message; None where the stream ended."""
    header = stream.read(HEADER_BYTES)
    if len(header) < HEADER_BYTES:
        return None
    size = int.from_bytes(header, "big")
    data = stream.read(size)
    return pickle.loads(data) if len(data) == size else None


def main() -> None:
    # Ctrl-C reaches the whole terminal group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = receive(sys.stdin.buffer)
    if job is None:
        return
    matrix, settings, start = job
    out = sys.stdout.buffer

    def tell(news: News) -> bool:
        send(out, news)
        return False

    send(out, search(matrix, settings, tell, start))


if __name__ == "__main__":
    main()
