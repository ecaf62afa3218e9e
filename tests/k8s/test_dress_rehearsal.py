"""The commands and the settings of the manifests, tried on this machine: a plan goes all the way through them."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from test_manifests import ours, settings_of

from gridflex.client import Client
from gridflex.client.patience import Patience
from services.dispatch.store import Store

PATIENCE_S = 120
PARTS = ("gridflex-scheduler", "gridflex-dask-worker", "gridflex-dispatcher", "gridflex-dispatch")
CASE = {
    "format_version": 1,
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
    "zones": [{"name": "system", "demand_mw": [80.0, 90.0]}],
    "resources": [
        {"kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]]}
    ],
}


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


class House:
    """The parts of the dispatch service as the cluster would start them, with addresses of this machine."""

    def __init__(self, folder: Path):
        self.api, scheduler = free_port(), free_port()
        self.here = {
            "/tmp/": f"{folder}/",  # before the others, which may lead there
            "gridflex-scheduler:8786": f"127.0.0.1:{scheduler}",
            "/run/secrets/gridflex": str(folder),
            "0.0.0.0": "127.0.0.1",
            "$(POD_NAME)": socket.gethostname(),
        }
        self.ports = {"8786": scheduler, "8080": self.api}
        self.containers = {name: container for name, container, _ in ours("production") if name in PARTS}
        self.said = (folder / "said").open("wb")
        self.processes = []

    def __enter__(self):
        self.processes = [self.started(name, self.containers[name]["command"]) for name in PARTS]
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()
        self.said.close()

    def started(self, name: str, command: list[str]) -> "subprocess.Popen[bytes]":
        program = sys.executable if command[0] == "python" else str(Path(sys.executable).parent / command[0])
        environment = {
            key: self.local(value) for key, value in settings_of("production", self.containers[name]).items()
        }
        return subprocess.Popen(
            [program, *map(self.local, command[1:])], env=os.environ | environment, stdout=self.said, stderr=self.said
        )

    def local(self, word: str) -> str:
        for there, here in self.here.items():
            word = word.replace(there, here)
        return self.ports.get(word, word)


@pytest.mark.slow
def test_a_plan_goes_through_the_parts_as_the_cluster_starts_them(tmp_path):
    url = f"sqlite:///{tmp_path}/dispatch.db"
    (tmp_path / "dispatch-url").write_text(url + "\n")
    with Store.open(url) as store:
        _, key = store.access.create("rehearsal", ("planner",))
    with House(tmp_path) as house:
        address = f"http://127.0.0.1:{house.api}"
        with Client(address, key, patience=Patience(attempts=500, dice=lambda _least, _most: 0.1)) as client:
            assert "done" == client.plan(CASE).wait(timeout_s=PATIENCE_S).status
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            path = house.containers["gridflex-dispatch"][probe]["httpGet"]["path"]
            assert 200 == httpx.get(address + path, trust_env=False).status_code
        worker = house.containers["gridflex-dask-worker"]
        drained = house.started("gridflex-dask-worker", worker["lifecycle"]["preStop"]["exec"]["command"])
        assert 0 == drained.wait(PATIENCE_S)
        assert [None] * len(PARTS) == [process.poll() for process in house.processes]
    assert '"event": "worker drained"' in (tmp_path / "said").read_text()
