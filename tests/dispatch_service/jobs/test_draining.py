"""A Dask worker that is to end finishes what it has and gets nothing new."""

import json
import os
import subprocess
import sys
import threading

import pytest
from asking import asked, at_work, ended

from grid_models.provinces import builtin_case
from services.dispatch.draining import drain

SECONDS = 120


def part(what, settings, *given):
    """A scheduler or a worker, in a process of its own."""
    environment = {"GRIDFLEX_DISPATCH_DATABASE_URL": settings.url, "GRIDFLEX_DISPATCH_LOG_LEVEL": "CRITICAL"}
    command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *given, "--no-dashboard"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, env=os.environ | environment, **quiet)


@pytest.fixture
def house(settings, tmp_path):
    """A scheduler, workers named one and two, and the settings of whoever works with them."""
    found = tmp_path / "scheduler.json"
    processes = {"scheduler": part("scheduler", settings, "--port=0", "--host=127.0.0.1", f"--scheduler-file={found}")}
    for name in ("one", "two"):
        given = (f"--scheduler-file={found}", f"--name={name}", "--nthreads=1", "--no-nanny")
        processes[name] = part("worker", settings, *given)
    try:
        while not found.exists() or not found.read_text():
            assert processes["scheduler"].poll() is None
            threading.Event().wait(0.05)
        address = json.loads(found.read_text())["address"]
        yield settings.model_copy(update={"scheduler": address, "lease_s": 20.0}), processes
    finally:
        for process in processes.values():
            process.kill()
            process.wait()


def until_it_runs(client, plan):
    with client.stream("GET", f"{plan['url']}/events", timeout=SECONDS) as events:
        assert any('"status":"running"' in line for line in events.iter_lines())


@pytest.mark.slow
def test_a_worker_that_ends_after_draining_costs_nobody_an_attempt(house, client, document):
    """Two long plans on two workers, one of which is drained and killed; what is asked then goes to the other."""
    settings, processes = house
    case = builtin_case("zhejiang").model_dump(mode="json")
    with at_work(settings):
        plans = [asked(client, case=case, gap=0.0, time_limit_s=8, seed=seed) for seed in (1, 2)]
        for plan in plans:
            until_it_runs(client, plan)
        assert 1 == drain(settings.scheduler, "one")
        plans += [asked(client, case=document, seed=seed) for seed in range(4)]
        processes["one"].kill()
        over = [ended(client, plan) for plan in plans]
        assert [("done", 1)] * 6 == [(plan["status"], plan["attempts"]) for plan in over]
        assert 0 == drain(settings.scheduler, "one")
