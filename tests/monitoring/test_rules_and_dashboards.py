"""Rules and dashboards as files: every alert is proven, every panel says what it shows."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

MONITORING = Path(__file__).resolve().parents[2] / "k8s/base/monitoring"
RULES = MONITORING / "rules.yaml"
DASHBOARDS = sorted((MONITORING / "dashboards").glob("*.json"))


def promtool(*arguments, stdin=None) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, input=stdin)
    assert 0 == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules(kind):
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if kind in rule]


def test_every_alert_fires_in_its_test_and_is_silent_when_all_is_well():
    promtool("test", "rules", MONITORING / "rules_test.yaml")
    told = {"fires": set(), "silent": set()}
    for test in yaml.safe_load((MONITORING / "rules_test.yaml").read_text())["tests"]:
        for one in test["alert_rule_test"]:
            told["fires" if one["exp_alerts"] else "silent"].add(one["alertname"])
    names = {rule["alert"] for rule in rules("alert")}
    assert {"fires": names, "silent": names} == told


def test_prometheus_takes_the_configuration():
    assert "SUCCESS" in promtool("check", "config", MONITORING / "prometheus.yaml")


@pytest.mark.parametrize("rule", rules("alert"), ids=lambda rule: rule["alert"])
def test_an_alert_says_to_whom_what_and_what_to_do(rule):
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["labels"]["team"] in ("operators", "sre")
    assert {"summary", "action"} == set(rule["annotations"])


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_whole(path):
    board = json.loads(path.read_text())
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    for panel in panels:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])
    places = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(places)) == len(places), "panels overlap"
    assert max(x for x, _ in places) < 24


def test_no_alert_hides_behind_a_label_that_nobody_sets():
    labels = {name for rule in rules("alert") for name in re.findall(r"\$labels\.(\w+)", json.dumps(rule))}
    assert labels <= {"kind", "lead", "source", "instance", "job", "method", "route", "operation"}
