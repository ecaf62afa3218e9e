"""How quickly the dispatch service answers at a steady rate: POST /v1/plans of a stored case, and GETs.

`PYTHONPATH=tests python -m benchmarks.dispatch_service [--rate 100] [--seconds 20] [--url postgresql://…]`

The API runs as a process of its own, with keys on, the queue accepting and no worker. Time counts from the moment at
which a request was due, so an answer that holds up the next ones counts against all of them.
"""

import argparse
import asyncio
import gc
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import numpy as np

from services.dispatch.settings import Settings
from services.dispatch.store import Store

EXAMPLE = Path(__file__).resolve().parents[2] / "examples/three_units.yaml"
BOUND_MS = {"POST /v1/plans": 50.0, "GET /v1/plans/{id}": 20.0, "GET /v1/plans": 20.0, "GET /v1/cases/{id}": 20.0}


def main() -> None:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        url = options.url or Settings(data_dir=Path(folder)).url
        with Store.open(url) as store:
            _, key = store.access.create("benchmark", ("planner",))
        process, address = _served(url)
        try:
            # A pause of ours to look for garbage is none of the service's: it would count as a quarter of a second.
            gc.disable()
            rows = asyncio.run(_measured(address, key, options.rate, options.seconds))
        finally:
            process.terminate()
            process.wait()
    for name, latency_ms in rows.items():
        p50, p99, most = np.percentile(latency_ms, [50, 99, 100])
        verdict = "within" if p99 < BOUND_MS[name] else "OVER"
        print(
            f"{name:<20} {len(latency_ms):>6} requests  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  max {most:6.1f} ms",
            end="",
        )
        print(f"  {verdict} {BOUND_MS[name]:g} ms")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="of every kind of request")
    parser.add_argument("--url", default="", help="of an empty database; default: SQLite in a new folder")
    return parser.parse_args()


def _served(url: str) -> tuple["subprocess.Popen[bytes]", str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    given = {"DATABASE_URL": url, "QUEUE_MAX": "1000000", "RATE_PER_S": "1000000", "RATE_BURST": "1000000"}
    environment = os.environ | {f"GRIDFLEX_DISPATCH_{name}": value for name, value in given.items()}
    command = [sys.executable, "-m", "uvicorn", "--factory", "services.dispatch.app:create_app", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--no-access-log", "--timeout-keep-alive", "75"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            httpx.get(f"{address}/readyz", trust_env=False).raise_for_status()
            return process, address
        except httpx.HTTPError:
            time.sleep(0.05)
    raise RuntimeError("the service does not come up")


async def _measured(address: str, key: str, rate: float, seconds: float) -> dict[str, list[float]]:
    headers = {"Authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=50)
    async with httpx.AsyncClient(base_url=address, headers=headers, trust_env=False, limits=limits) as client:
        content, kind = EXAMPLE.read_bytes(), {"content-type": "application/yaml"}
        case = (await client.post("/v1/cases", content=content, headers=kind)).json()
        plan = (await client.post("/v1/plans", json={"case_id": case["id"]})).json()
        count = round(rate * seconds)
        asks = {
            "POST /v1/plans": [("POST", "/v1/plans", {"case_id": case["id"], "seed": seed}) for seed in range(count)],
            "GET /v1/plans/{id}": [("GET", plan["url"], None)] * count,
            "GET /v1/plans": [("GET", "/v1/plans?limit=20", None)] * count,
            "GET /v1/cases/{id}": [("GET", case["url"], None)] * count,
        }
        return {name: await _steadily(client, wanted, rate) for name, wanted in asks.items()}


async def _steadily(client: httpx.AsyncClient, wanted: list, rate: float) -> list[float]:
    begun = time.perf_counter()

    async def one(number: int, method: str, path: str, body: dict | None) -> float:
        due = begun + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        content = json.dumps(body) if body is not None else None
        answer = await client.request(method, path, content=content, headers={"content-type": "application/json"})
        answer.raise_for_status()
        return (time.perf_counter() - due) * 1000

    return list(await asyncio.gather(*(one(number, *ask) for number, ask in enumerate(wanted))))


if __name__ == "__main__":
    main()
