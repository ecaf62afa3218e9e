"""Everything that can be killed is killed, at random moments in the middle of work: nothing is lost, nothing is double.

`KILLS=50 pytest tests/dispatch_service/jobs/test_kills.py` kills more often.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

import httpx
import psycopg
import pytest
from sqlalchemy import func, select, text

from services.dispatch.store import Store
from services.dispatch.store.tables import AskedPlan, Attempt, Job, Result

KILLS = int(os.environ.get("KILLS", "10"))
PLANS = max(8, KILLS)
PATIENCE_S = 120 + 6 * KILLS
LEASE_S = 3.0


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


@dataclass
class Part:
    """A process of the service, started again whenever it is gone, as a supervisor would."""

    name: str
    command: list[str]
    environment: dict[str, str]
    process: subprocess.Popen | None = None

    def keep_up(self) -> None:
        if self.process is None or self.process.poll() is not None:
            self.process = subprocess.Popen(
                self.command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )

    def kill(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class House:
    """The whole service in processes of its own."""

    url: str
    parts: dict[str, Part] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    def __enter__(self):
        scheduler, api = free_port(), free_port()
        self.address = f"http://127.0.0.1:{api}"
        environment = os.environ | {
            "GRIDFLEX_DISPATCH_DATABASE_URL": self.url,
            "GRIDFLEX_DISPATCH_AUTH": "off",
            "GRIDFLEX_DISPATCH_SCHEDULER": f"tcp://127.0.0.1:{scheduler}",
            "GRIDFLEX_DISPATCH_LEASE_S": str(LEASE_S),
            "GRIDFLEX_DISPATCH_POLL_S": "0.1",
            "OMP_NUM_THREADS": "1",
        }
        where, quiet = ["--host", "127.0.0.1", "--port"], "--no-dashboard"
        of_dask = {"scheduler": [*where, str(scheduler)], "worker": [f"tcp://127.0.0.1:{scheduler}", "--nthreads", "2"]}
        of_dask["worker"] += ["--no-nanny", "--death-timeout", "30"]
        commands = {
            **{name: [f"distributed.cli.dask_{name}", *given, quiet] for name, given in of_dask.items()},
            "dispatcher": ["services.dispatch.worker"],
            "api": ["uvicorn", "--factory", "services.dispatch.app:create_app", "--port", str(api)],
        }
        self.parts = {
            name: Part(name, [sys.executable, "-m", *command], environment) for name, command in commands.items()
        }
        self.supervisor = threading.Thread(target=self._supervise, daemon=True)
        self.supervisor.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.supervisor.join()
        for part in self.parts.values():
            part.kill()

    def _supervise(self) -> None:
        while not self.over.wait(0.1):
            for part in self.parts.values():
                part.keep_up()

    def insist(self, method: str, path: str, **arguments) -> httpx.Response:
        """Asks again until there is an answer, under the same idempotency key."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            try:
                response = httpx.request(method, self.address + path, timeout=5, trust_env=False, **arguments)
                if response.status_code < 500:
                    return response
            except httpx.HTTPError:
                pass
            threading.Event().wait(0.1)
        raise AssertionError(f"{method} {path}: no answer")

    def cut_connections(self) -> None:
        """What a database that restarts does to everybody who talks to it."""
        where = psycopg.conninfo.conninfo_to_dict(self.url)
        with psycopg.connect(self.url, autocommit=True) as connection:
            others = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
            )
            connection.execute(others, (where["dbname"],))


@pytest.mark.slow
def test_whatever_is_killed_every_request_has_exactly_one_result(url, document, request):
    chance = random.Random(KILLS)
    with House(url) as house:
        headers = {"Idempotency-Key": "the case"}
        case = house.insist("POST", "/v1/cases", json=document, headers=headers).json()
        killer = threading.Thread(target=_kill_at_random, args=(house, chance))
        killer.start()
        wishes = [{"case_id": case["id"], "seed": seed} for seed in range(PLANS)]
        asked = [
            house.insist("POST", "/v1/plans", json=wish, headers={"Idempotency-Key": f"plan {wish['seed']}"}).json()
            for wish in wishes
        ]
        killer.join()
        _wait_until_done(house, [one["url"] for one in asked])
    _check_the_books(url, PLANS)


def _kill_at_random(house: House, chance: random.Random) -> None:
    victims = ["scheduler", "worker", "dispatcher", "api"]
    if house.url.startswith("postgresql"):
        victims.append("connections")
    for turn in range(KILLS):
        threading.Event().wait(chance.uniform(0.2, 2.5))
        victim = victims[turn % len(victims)] if turn < len(victims) else chance.choice(victims)
        house.cut_connections() if victim == "connections" else house.parts[victim].kill()


def _wait_until_done(house: House, addresses: list[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    for address in addresses:
        while (status := house.insist("GET", address).json()["status"]) != "done":
            assert "failed" != status, house.insist("GET", address).text
            assert time.monotonic() < deadline, status
            threading.Event().wait(0.1)


def _check_the_books(url: str, plans: int) -> None:
    """One plan per request, one job and one result per question, one attempt of each that succeeded, counted once."""
    with Store.open(url) as store, store.database.reading() as connection:
        for table in (AskedPlan, Job, Result):
            assert plans == connection.execute(select(func.count()).select_from(table)).scalar_one(), table
        done = select(Attempt.key, func.count()).where(Attempt.outcome == "done").group_by(Attempt.key)
        assert [1] * plans == [row[1] for row in connection.execute(done)]
        assert 0 == connection.execute(text("SELECT count(*) FROM attempt WHERE ended_ms IS NULL")).scalar_one()
        tallies = {(one.metric, one.labels.get("outcome")): one.value for one in store.tallies.all()}
        assert plans == tallies[("gridflex_dispatch_jobs", "done")]
