"""Several processes at once, and one that is killed in the middle: everything of a batch is there or nothing."""

import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from worlds import arrivals, at, describe

from services.forecast.store import Store

WRITERS, BATCHES = 3, 6
DEADLINE_S = 60
TESTS = Path(__file__).parents[1]


def write(url, writer):
    """Batches that all touch the same two series, and each a time of its own."""
    with Store.open(url) as store:
        for batch in range(BATCHES):
            hour = writer * BATCHES + batch
            rows = arrivals([(hour, float(hour), hour + 1)])
            store.observations.add(dict.fromkeys(("a", "b") if writer % 2 else ("b", "a"), rows))


def test_no_writer_loses_what_another_writes(url):
    with Store.open(url) as store:
        describe(store, "a", "b")
        with ProcessPoolExecutor(WRITERS, multiprocessing.get_context("spawn")) as processes:
            list(processes.map(write, [url] * WRITERS, range(WRITERS)))
        for name in ("a", "b"):
            assert list(range(WRITERS * BATCHES)) == store.observations.read(name).values.tolist()


ENDLESS = """
    import sys
    sys.path.insert(0, sys.argv[2])
    import numpy as np
    from worlds import START
    from services.forecast.store import Arrivals, Readings, Store

    store = Store.open(sys.argv[1])
    steps = np.arange(5_000) * np.timedelta64(900, "s")
    batch = 0
    while True:
        times = START + np.timedelta64(batch * 60, "D") + steps
        rows = Arrivals(Readings.of(times, np.full(len(times), float(batch)), times), np.zeros(len(times), bool))
        store.observations.add({f"s{number}": rows for number in range(8)}, digest=batch.to_bytes(4, "big"))
        print(batch, flush=True)
        batch += 1
"""


def test_a_writer_that_is_killed_leaves_whole_batches_only(url):
    names = [f"s{number}" for number in range(8)]
    with Store.open(url) as store:
        describe(store, *names)
    command = [sys.executable, "-c", textwrap.dedent(ENDLESS), url, str(TESTS)]
    for wait_s in (0.011, 0.043, 0.097):
        told = _killed(command, wait_s)
        with Store.open(url) as store:
            kept = [store.observations.read(name).values for name in names]
            batches = len(kept[0]) // 5_000
            assert batches in (told + 1, told + 2)
            for values in kept:
                np.testing.assert_array_equal(np.repeat(np.arange(batches), 5_000), values)
            assert (store.observations.seen_batch((batches - 1).to_bytes(4, "big")) is None) == (batches == 0)
            assert store.observations.seen_batch(batches.to_bytes(4, "big")) is None


def _killed(command, wait_s):
    """Killed that long after its first batch; the number of the last batch that it told of."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        deadline = time.monotonic() + wait_s
        while time.monotonic() < deadline:
            pass
        os.kill(process.pid, signal.SIGKILL)
        rest = process.stdout.read().split("\n")
    lines = [line for line in [first.strip(), *rest[:-1]] if line]
    return int(lines[-1])


def test_a_batch_that_fails_half_way_leaves_nothing(store):
    describe(store, "a")

    def failing(_added):
        raise RuntimeError("the report cannot be written")

    try:
        store.observations.add({"a": arrivals([(0, 1.0, 1)])}, digest=b"x", report=failing)
    except RuntimeError:
        assert 0 == len(store.observations.read("a", as_of=at(9)))
    else:
        raise AssertionError("it must fail")
