"""Both services by one command: each is started again when it dies, and nothing is left when the command ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager

import httpx
import psutil
import pytest
from asking import asked, ended
from typer.testing import CliRunner

from gridflex.commands import main

pytestmark = pytest.mark.slow
PATIENCE_S = 60
CASE = {
    "format_version": 1,
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
    "zones": [{"name": "system", "demand_mw": [80.0, 90.0]}],
    "resources": [
        {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    ],
}


@contextmanager
def both_up(folder):
    """The process of the command, and where each service is."""
    command = [sys.executable, "-m", "gridflex.commands", "up", "--dispatch-port", "0", "--forecast-port", "0"]
    environment = os.environ | {
        "GRIDFLEX_DISPATCH_AUTH": "off",
        "GRIDFLEX_DISPATCH_LEASE_S": "2",
        "PYTHONUNBUFFERED": "1",
    }
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=subprocess.PIPE, text=True)
    family = [psutil.Process(process.pid)]
    try:
        lines = (process.stderr.readline() for _ in range(2))
        yield process, dict(re.match(r"(\w+): (http://[\w.:]+)/v1", line).groups() for line in lines)
        family += family[0].children(recursive=True) if family[0].is_running() else []
    finally:
        for one in family:
            if one.is_running():
                one.kill()
        process.wait()
        process.stderr.close()


def asking(address):
    # Calls wait in the socket while the service starts, or starts again.
    return httpx.Client(base_url=address, timeout=PATIENCE_S, trust_env=False)


def of(process, module):
    found = psutil.Process(process.pid).children(recursive=True)
    return next(one for one in found if module in one.cmdline())


def test_what_dies_is_started_again_and_nothing_is_left_at_the_end(tmp_path):
    with both_up(tmp_path) as (process, at), asking(at["dispatch"]) as dispatch, asking(at["forecast"]) as forecast:
        assert {"status": "ready"} == forecast.get("/readyz").json()
        assert "done" == ended(dispatch, asked(dispatch, case=CASE))["status"]
        before = of(process, "services.dispatch.serving")
        before.kill()
        before.wait(PATIENCE_S)
        with asking(at["dispatch"]) as again:
            assert "done" == again.get("/v1/plans").json()["plans"][0]["status"]
            assert before.pid != of(process, "services.dispatch.serving").pid
            of(process, "services.dispatch.worker").kill()
            assert "done" == ended(again, asked(again, case=CASE, seed=2))["status"]
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGTERM)
        assert 0 == process.wait(PATIENCE_S)
        gone, left = psutil.wait_procs(family, timeout=PATIENCE_S)
    assert ([], len(family)) == (left, len(gone))
    events = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    assert {"up", "dispatch", "forecast"} == {one["service"] for one in events}
    assert "services.dispatch.serving" in {one.get("process") for one in events if one["service"] == "up"}


def test_a_command_that_is_killed_takes_its_services_with_it(tmp_path):
    with both_up(tmp_path) as (process, at), asking(at["dispatch"]) as dispatch, asking(at["forecast"]) as forecast:
        assert [200, 200] == [one.get("/healthz").status_code for one in (dispatch, forecast)]
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        _, left = psutil.wait_procs(family, timeout=PATIENCE_S)
    assert [] == left


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "choose another with --forecast-port"),
        (("forecast",), "choose another with --forecast-port"),
        (("--host", "no.such.host.invalid"), "take 127.0.0.1"),
        (("--host", "192.0.2.250"), "this machine has no such address"),
        (("--port", "8000"), "--port belongs to one service"),
    ],
)
def test_what_cannot_be_served_is_told_at_once(arguments, words):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = ["--dispatch-port", "0", "--forecast-port", str(taken.getsockname()[1])]
        answer = CliRunner().invoke(main, ["up", *arguments, *ports])
    assert (2, True) == (answer.exit_code, words in answer.output), answer.output
