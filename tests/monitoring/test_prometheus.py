"""A real Prometheus scrapes both real services after real work: nothing that a rule or a dashboard asks is empty."""

import contextlib
import json
import re
import subprocess
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
import yaml
from test_rules_and_dashboards import DASHBOARDS, MONITORING, RULES, promtool

from gridflex.client import Client, Failed
from gridflex.up import running
from services.forecast.seeding import seed
from services.forecast.settings import Settings as ForecastSettings
from services.forecast.store import Store as ForecastStore

PATIENCE_S = 90
LISTENS = re.compile(r"Listening on.*address=(\S+)")
SELECTOR = re.compile(
    r"(?<![\w:])((?:gridflex_|process_|up\b|[a-z_]*:?gridflex:|job\w*:)[\w:]*(?:\{[^}]*\})?|\{__name__[^}]*\})"
)
OWN_WORDS = """
max min sum by le rate increase histogram_quantile and on without
status route method job operation phase kind lead source outcome reason doubt action
"""
WINDOWS = {"$__rate_interval": "1m"}
LOAD, FARM = "zhejiang load", "onshore-wind-Lishui"
SHORT = {
    "format_version": 1,
    "name": "short of 20 MW",
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
    "zones": [{"name": "system", "demand_mw": [80.0, 130.0]}],
    "reserves": [{"name": "spinning", "product": "spinning", "requirement_mw": 5.0}],
    "resources": [
        {
            "kind": "thermal", "name": "coal", "min_mw": 50, "max_mw": 100, "cost": [[50, 15000], [100, 30000]],
            "initial": {"on": True, "hours": 24, "power_mw": 80},
        },
        {"kind": "interruptible_load", "name": "works", "contract_mw": 10, "price_per_mwh": 900},
    ],
}  # fmt: skip
ENVIRONMENT = {
    "GRIDFLEX_DISPATCH_AUTH": "off",
    "GRIDFLEX_FORECAST_SCHEDULED": "[]",
    "GRIDFLEX_FORECAST_FIGURES_EVERY_S": "1",
    "GRIDFLEX_FORECAST_POLL_S": "0.2",
    "GRIDFLEX_FORECAST_WEATHER_SERVICES": json.dumps([{"name": "away", "url": "http://127.0.0.1:9"}]),
}


def expressions():
    """What rules and dashboards ask, and whether an empty answer is a fault."""
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            yield rule["expr"], "record" in rule
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            yield from ((target["expr"], True) for target in panel.get("targets", ()))


def asked_of_prometheus() -> list[str]:
    """Every selector, and every whole expression that is drawn or recorded."""
    asked = {}
    for expression, whole in expressions():
        for name, window in WINDOWS.items():
            expression = expression.replace(name, window)
        asked |= dict.fromkeys([*SELECTOR.findall(expression), *([expression] if whole else [])])
    return list(asked)


@contextmanager
def prometheus(folder: Path, up_now):
    """Scraping both every half second."""
    config = yaml.safe_load((MONITORING / "prometheus.yaml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms", "scrape_timeout": "500ms"}
    config["rule_files"] = [str(RULES)]
    for job in config["scrape_configs"]:
        address = up_now.address(job["job_name"].removeprefix("gridflex-")).removeprefix("http://")
        job["static_configs"] = [{"targets": [address]}]
    rules = RULES.read_text().replace("interval: 30s", "interval: 500ms")
    (folder / "rules.yaml").write_text(rules)
    config["rule_files"] = [str(folder / "rules.yaml")]
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    command = ["prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/tsdb"]
    process = subprocess.Popen(
        [*command, "--web.listen-address=127.0.0.1:0"], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        address = next(
            found[1] for line in process.stderr if (found := re.search(r"Listening on.*address=(\S+)", line))
        )
        threading.Thread(target=process.stderr.read, daemon=True).start()
        with httpx.Client(base_url=f"http://{address}", trust_env=False) as client:
            yield client
    finally:
        process.terminate()
        process.wait()
        process.stderr.close()


def _heard(words):
    """Read to the end, or it would stand still with a full pipe."""
    with contextlib.suppress(ValueError):
        words.read()


def until(there):
    """What is there, as soon as it is."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not (found := there()) and time.monotonic() < deadline_s:
        threading.Event().wait(0.2)
    return found


def answered(prometheus, expression):
    response = prometheus.get("/api/v1/query", params={"query": expression}).json()
    assert "success" == response["status"], (expression, response)
    return response["data"]["result"]


def work(client):
    """A plan with shortage and calls, one that fails, forecasts that can be judged, values with a doubt."""
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    client.observations.add([{"series": LOAD, "start": now - timedelta(hours=2), "values": [None, -5e7]}])
    origin = now.replace(hour=0, minute=30) - timedelta(days=2)
    for kind, series in (("load", LOAD), ("wind", FARM)):
        wish = {"models": ["climatology", "persistence"], "series": [series], "holdout_days": 6}
        client.models.train(kind, origin=origin, **wish).wait(timeout_s=PATIENCE_S)
        client.forecasts.make(series, origin=origin)
    ticket = client.plan(SHORT).wait(timeout_s=PATIENCE_S)
    assert ("relaxed", 1) == (ticket.summary["status"], ticket.summary["calls"])
    with pytest.raises(Failed):
        client.plan(SHORT, forecast="median").wait(timeout_s=PATIENCE_S)


@pytest.mark.slow
def test_nothing_that_is_asked_is_empty_after_real_work(tmp_path):
    folders = {f"GRIDFLEX_{name}_DATA_DIR": str(tmp_path / name) for name in ("DISPATCH", "FORECAST")}
    with ForecastStore.open(ForecastSettings(data_dir=tmp_path / "FORECAST").url) as store:
        seed(store, "zhejiang", datetime.now(UTC).date() + timedelta(days=1), days=40)
    ports = {"dispatch": 0, "forecast": 0}
    with (
        (tmp_path / "said").open("wb") as said,
        running("127.0.0.1", ports, folders | ENVIRONMENT | {"PYTHONUNBUFFERED": "1"}, said) as up_now,
        prometheus(tmp_path, up_now) as asking,
        Client(up_now.address("dispatch"), forecast_url=up_now.address("forecast")) as client,
    ):
        # What happens before the first scrape is no rise.
        assert until(lambda: 2 == len(answered(asking, "up == 1")))
        work(client)
        empty = [one for one in asked_of_prometheus() if not until(lambda one=one: answered(asking, one))]
        assert [] == empty
        firing = {one["metric"]["alertname"] for one in answered(asking, 'ALERTS{alertstate="firing"}')}
        assert {"GridflexLoadUnserved", "GridflexReserveShort"} <= firing
        assert "GridflexServiceDown" not in firing
        for service in ports:
            text = httpx.get(up_now.address(service) + "/metrics", trust_env=False).text
            assert "" == promtool("check", "metrics", stdin=text)
            assert [] == re.findall(r'="[^"]*[0-9a-f]{32}', text), "an id is a label"
    events = [json.loads(line) for line in (tmp_path / "said").read_text().splitlines()]
    requests = [one for one in events if one["event"] == "request answered"]
    assert all(one["request"] and one["service"] in ports for one in requests)
    asked = next(one for one in events if one["event"] == "plan asked")
    jobs = {one.get("job") for one in events if one["event"] in ("attempt begins", "plan solved")}
    assert asked["job"] in jobs
    assert asked["request"] in {one["request"] for one in requests}


def test_every_name_in_an_expression_is_asked():
    """The selectors cover all that is not PromQL's own word or a label."""
    own = set(OWN_WORDS.split())
    for expression, _ in expressions():
        left = SELECTOR.sub("", expression)
        words = set(re.findall(r"[a-z_]{2,}", re.sub(r"\[\S+\]", "", left)))
        assert words <= own, (expression, words - own)
