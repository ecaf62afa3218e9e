"""The service on one machine, brought up and looked after from the command line."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest
from asking import asked, at_work, ended
from typer.testing import CliRunner

from gridflex.commands import main
from services.dispatch import jobs
from services.dispatch.store import Store
from services.dispatch.worker import Dispatcher


def told(*arguments, code=0):
    result = CliRunner().invoke(main, [*arguments, "--json"])
    assert code == result.exit_code, result.output
    return json.loads(result.stdout)


def test_a_plan_is_replayed_with_the_same_objective(settings, client, document, monkeypatch):
    with at_work(settings):
        plan = ended(client, asked(client, case=document, gap=0.0))
    monkeypatch.setenv("GRIDFLEX_DISPATCH_DATA_DIR", str(settings.data_dir))
    again = told("replay", plan["id"])
    assert (True, pytest.approx(51_000), {}) == (again["same"], again["cost_again"], again["other_versions"])
    waiting = asked(client, case=document, seed=5)
    refused = CliRunner().invoke(main, ["replay", waiting["id"]])
    assert (2, True) == (refused.exit_code, "only a plan that is done is replayed" in refused.output)


def test_a_backup_is_written_and_restored_by_command(settings, client, document, monkeypatch, tmp_path):
    plan = asked(client, case=document)
    monkeypatch.setenv("GRIDFLEX_DISPATCH_DATA_DIR", str(settings.data_dir))
    assert 1 == told("database", "backup", str(tmp_path / "b.gz"))["rows"]["asked_plan"]
    monkeypatch.setenv("GRIDFLEX_DISPATCH_DATA_DIR", str(tmp_path / "copy"))
    assert 1 == told("database", "restore", str(tmp_path / "b.gz"))["rows"]["job"]
    with Store.open(f"sqlite:///{tmp_path}/copy/dispatch.db") as copy:
        assert plan["question"] == copy.plans.get(plan["id"]).key
    assert 0 == told("database", "retain")["plans"]


def test_a_worker_that_is_told_to_stop_gives_its_job_back(settings, client):
    from grid_models.provinces import builtin_case

    plan = asked(client, case=builtin_case("zhejiang").model_dump(mode="json"), gap=0.0, time_limit_s=300)
    with at_work(settings), client.stream("GET", f"{plan['url']}/events") as events:
        for line in events.iter_lines():
            if '"phase"' in line:
                break
    with Store.open(settings.url) as store:
        assert "queued" == store.plans.get(plan["id"]).status
        assert ["released"] == [one.outcome for one in store.jobs.attempts(plan["question"])]


def test_a_task_that_dies_before_it_begins_is_taken_up_by_its_lease(settings, client, document, monkeypatch, tmp_path):
    died = tmp_path / "died"

    def dies_once(chosen, claim):
        if not died.exists():
            died.touch()
            raise OSError("the machine is gone")
        return attempt(chosen, claim)

    attempt = jobs.attempt
    monkeypatch.setattr("services.dispatch.jobs.attempt", dies_once)
    with at_work(settings.model_copy(update={"lease_s": 1.0})):
        plan = ended(client, asked(client, case=document))
    assert ("done", 2) == (plan["status"], plan["attempts"])


def test_up_serves_and_works_until_it_is_told_to_stop(tmp_path, document):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    environment = os.environ | {"GRIDFLEX_DISPATCH_DATA_DIR": str(tmp_path), "GRIDFLEX_DISPATCH_AUTH": "off"}
    command = [sys.executable, "-m", "gridflex.commands", "up", "dispatch", "--port", str(port)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as client:
            _wait_for(client, process)
            assert "done" == ended(client, asked(client, case=document))["status"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()


def _wait_for(client, process) -> None:
    for _ in range(600):
        assert process.poll() is None
        try:
            client.get("/readyz").raise_for_status()
            return
        except httpx.HTTPError:
            threading.Event().wait(0.05)
    pytest.fail("it does not come up")


def test_a_dispatcher_goes_on_when_the_database_comes_back(settings, client, document, monkeypatch):
    answers = iter([OSError("the database is away")] * 2)
    take_up = Dispatcher._take_up

    def now_and_then(self):
        for error in answers:
            raise error
        take_up(self)

    monkeypatch.setattr(Dispatcher, "_take_up", now_and_then)
    with at_work(settings):
        assert "done" == ended(client, asked(client, case=document))["status"]
