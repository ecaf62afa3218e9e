"""Before a Dask worker is told to end: it gets nothing new and finishes what it has.

`python -m services.dispatch.draining [NAME]` returns when the worker of this name (default: that of this machine) is
idle; whoever ends it afterwards costs nobody an attempt. Without it nothing is lost either, only done again.
"""

import socket
import sys
import threading

import structlog
from distributed import Client

from services.dispatch.settings import Settings
from services.web import logs

log = structlog.get_logger(__name__)
CONNECT_S = 10
LOOK_S = 0.5


def drain(scheduler: str, name: str) -> int:
    """How many tasks it had when it was taken off the list."""
    with Client(scheduler, timeout=CONNECT_S, set_as_default=False) as client:
        workers = client.scheduler_info(n_workers=-1)["workers"]
        addresses = [address for address, worker in workers.items() if worker["name"] == name]
        # It stays in touch, or its tasks would be given to others while it still works on them.
        client.sync(client.scheduler.retire_workers, workers=addresses, close_workers=False, remove=False)
        had = _tasks(client, addresses)
        while _tasks(client, addresses):
            threading.Event().wait(LOOK_S)
    return had


def _tasks(client: Client, addresses: list[str]) -> int:
    return sum(len(keys) for keys in client.processing(addresses).values()) if addresses else 0


def main() -> None:
    settings = Settings()
    logs.configure(settings.log_level, settings.log_json, "dispatch")
    name = sys.argv[1] if len(sys.argv) > 1 else socket.gethostname()
    try:
        log.info("worker drained", worker=name, finished=drain(settings.scheduler, name))
    except OSError as error:
        log.warning("scheduler away: the leases decide", worker=name, error=str(error))


if __name__ == "__main__":
    main()
