"""One search in a process of its own: it can be stopped at any moment, and its memory goes when it goes.

`python -m services.dispatch.solve.worker` reads one pickled job from standard input and writes pickled messages to
standard output: `News` while it searches, one `Outcome` at the end. Only its own parent ever writes to it.
"""

import os
import pickle
import signal
import sys
import threading
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


def end_with_parent() -> None:
    """Wait for the end of standard input, which the parent keeps open as long as it lives; then end at once."""
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    # Ctrl-C reaches the whole terminal group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    job = receive(sys.stdin.buffer)
    if job is None:
        return
    # Whoever kills the parent, by whatever signal, leaves no search behind that nobody hears.
    threading.Thread(target=end_with_parent, daemon=True).start()
    matrix, settings, start = job
    out = sys.stdout.buffer

    def tell(news: News) -> bool:
        send(out, news)
        return False

    send(out, search(matrix, settings, tell, start))


if __name__ == "__main__":
    main()
