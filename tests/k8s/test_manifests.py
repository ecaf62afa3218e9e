"""The manifests as a cluster would get them: rendered, valid, and of one mind with the code that they run."""

import json
import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml

from services.dispatch.app import create_app as dispatch
from services.dispatch.settings import Settings as DispatchSettings
from services.forecast.app import create_app as forecast
from services.forecast.settings import Settings as ForecastSettings

K8S = Path(__file__).resolve().parents[2] / "k8s"
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (Path(__file__).parent / "schemas").glob("*.json")}
OVERLAYS = ("local", "production")
VERSION = "1.30"
ENVIRONMENT = re.compile(r"^GRIDFLEX_(DISPATCH|FORECAST)_(\w+)$")
SETTINGS = {"DISPATCH": DispatchSettings, "FORECAST": ForecastSettings}
UNITS_BYTES = {"Mi": 2**20, "Gi": 2**30}
OVERHEAD_MB = 400
"""Of a worker itself: the interpreter, Dask, the case in memory."""
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


@cache
def rendered(overlay) -> tuple[dict, ...]:
    command = ["kubectl", "kustomize", str(K8S / "overlays" / overlay)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay, *kinds):
    return [one for one in rendered(overlay) if one["kind"] in kinds]


def name_of(one) -> str:
    return one["metadata"]["name"]


def pods(overlay):
    """Name of the deployment, its own document, its pod."""
    return [(name_of(one), one, one["spec"]["template"]["spec"]) for one in of_kind(overlay, "Deployment")]


def ours(overlay):
    return [(name, pod["containers"][0], pod) for name, _, pod in pods(overlay) if name != "gridflex-postgresql"]


def settings_of(overlay, container) -> dict[str, str]:
    maps = {name_of(one): one["data"] for one in of_kind(overlay, "ConfigMap")}
    merged = {}
    for source in container.get("envFrom", ()):
        merged |= maps[source["configMapRef"]["name"]]
    return merged


def bytes_of(quantity) -> float:
    return float(quantity[:-2]) * UNITS_BYTES[quantity[-2:]]


each_overlay = pytest.mark.parametrize("overlay", OVERLAYS)


@each_overlay
def test_every_document_is_what_a_cluster_accepts(overlay):
    kinds = set()
    for one in rendered(overlay):
        kinds.add(one["kind"])
        if one["kind"] in SCHEMAS:
            jsonschema.validate(one, SCHEMAS[one["kind"]])
        else:
            kubernetes_validate.validate(one, VERSION, strict=True)
        assert "gridflex" == (name_of(one) if one["kind"] == "Namespace" else one["metadata"]["namespace"])
    needed = "Deployment Service ConfigMap PodDisruptionBudget NetworkPolicy ServiceMonitor PrometheusRule Namespace"
    assert set(needed.split()) <= kinds


def test_a_slip_of_the_pen_is_found():
    monitor = of_kind("local", "ServiceMonitor")[0]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(monitor | {"spec": monitor["spec"] | {"endpoint": []}}, SCHEMAS["ServiceMonitor"])
    service = of_kind("local", "Service")[0]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(service | {"specs": {}}, VERSION, strict=True)


@each_overlay
def test_nothing_may_more_than_it_needs(overlay):
    namespace = of_kind(overlay, "Namespace")[0]
    assert "restricted" == namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    for name, _, pod in pods(overlay):
        assert (True, {"type": "RuntimeDefault"}) == (
            pod["securityContext"]["runAsNonRoot"],
            pod["securityContext"]["seccompProfile"],
        ), name
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            assert RESTRICTED == container["securityContext"], name
            assert {"requests", "limits"} == set(container["resources"])
            assert bytes_of(container["resources"]["requests"]["memory"]) <= bytes_of(
                container["resources"]["limits"]["memory"]
            )


@each_overlay
def test_every_setting_is_one_that_the_code_reads_and_takes(overlay, monkeypatch):
    for name, container, _ in ours(overlay):
        settings = settings_of(overlay, container)
        for variable, value in settings.items():
            service, field = ENVIRONMENT.fullmatch(variable).groups()
            assert field.lower() in SETTINGS[service].model_fields, f"{name}: {variable}"
            monkeypatch.setenv(variable, value)
    assert "required" == DispatchSettings().auth
    assert Path("/run/secrets/gridflex/forecast-url") == ForecastSettings().database_url_file


@each_overlay
def test_the_secret_is_mounted_where_the_settings_look_for_it(overlay):
    for _, container, pod in ours(overlay):
        wanted = [value for name, value in settings_of(overlay, container).items() if name.endswith("URL_FILE")]
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        given = [
            f"{mount['mountPath']}/{item['path']}"
            for mount in container["volumeMounts"]
            for item in volumes[mount["name"]].get("secret", {}).get("items", ())
        ]
        assert wanted == given


def test_the_local_secret_has_what_is_mounted():
    secret = next(one for one in of_kind("local", "Secret") if name_of(one).startswith("gridflex-database"))
    assert {"dispatch-url", "forecast-url"} == set(secret["data"])


@each_overlay
def test_probes_ask_what_the_services_answer_on_the_ports_that_they_open(overlay):
    apps = {"gridflex-dispatch": dispatch(), "gridflex-forecast": forecast()}
    services = {name_of(one): one["spec"] for one in of_kind(overlay, "Service")}
    found = {name: container for name, container, _ in ours(overlay)}
    for name, app in apps.items():
        container, paths = found[name], set(app.openapi()["paths"])
        port = container["ports"][0]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            assert (asked["path"] in paths, port["name"]) == (True, asked["port"])
        assert str(port["containerPort"]) == container["command"][container["command"].index("--port") + 1]
        assert services[name]["ports"][0]["port"] == port["containerPort"]
        monitor = next(one for one in of_kind(overlay, "ServiceMonitor") if name_of(one) == name)["spec"]
        assert ("/metrics" in paths, "/metrics") == (True, monitor["endpoints"][0]["path"])
        assert services[name]["ports"][0]["name"] == monitor["endpoints"][0]["port"]
    settings = settings_of(overlay, found["gridflex-dask-worker"])
    for variable in ("GRIDFLEX_DISPATCH_SCHEDULER", "GRIDFLEX_DISPATCH_FORECAST_URL"):
        host, port = re.fullmatch(r"\w+://([\w-]+):(\d+)", settings[variable]).groups()
        assert int(port) == services[host]["ports"][0]["port"], variable
        assert settings["GRIDFLEX_DISPATCH_SCHEDULER"] in found["gridflex-dask-worker"]["command"]


@pytest.mark.slow
def test_every_command_is_one_that_the_images_have():
    commands = {name: container["command"] for name, container, _ in ours("production")}
    for name, command in commands.items():
        if command[:2] == ["python", "-m"]:
            assert find_spec(command[2]), name
            continue
        program = [str(Path(sys.executable).parent / command[0]), *command[1:], "--help"]
        assert 0 == subprocess.run(program, capture_output=True, check=False).returncode, name


@each_overlay
def test_every_service_and_every_budget_finds_its_pods(overlay):
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in of_kind(overlay, "Deployment")]
    selectors = [one["spec"]["selector"] for one in of_kind(overlay, "Service")]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in of_kind(overlay, "PodDisruptionBudget")]
    for selector in selectors:
        assert [one for one in labels if selector.items() <= one.items()], selector
    known = {one["app.kubernetes.io/name"] for one in labels}
    named = set(re.findall(r"gridflex-[a-z-]+", json.dumps([one["spec"] for one in of_kind(overlay, "NetworkPolicy")])))
    assert named <= known


@each_overlay
def test_a_worker_holds_a_solve_and_outlasts_it(overlay):
    """A pod is killed at its limit with all that runs in it; a solve is stopped before, alone, with words."""
    worker, pod = next((container, pod) for name, container, pod in ours(overlay) if name == "gridflex-dask-worker")
    settings = settings_of(overlay, worker)
    command = worker["command"]
    slots = int(command[command.index("--nthreads") + 1]) * int(command[command.index("--nworkers") + 1])
    memory_mb = bytes_of(worker["resources"]["limits"]["memory"]) / 1e6
    assert slots * int(settings["GRIDFLEX_DISPATCH_MEMORY_MAX_MB"]) + OVERHEAD_MB <= memory_mb
    longest_s = float(settings["GRIDFLEX_DISPATCH_TIME_LIMIT_MAX_S"]) + float(settings["GRIDFLEX_DISPATCH_GRACE_S"])
    assert longest_s < pod["terminationGracePeriodSeconds"]
    assert ["python", "-m", "services.dispatch.draining"] == worker["lifecycle"]["preStop"]["exec"]["command"]


def test_production_survives_the_loss_of_a_node():
    replicas = {name_of(one): one["spec"]["replicas"] for one in of_kind("production", "Deployment")}
    for budget in of_kind("production", "PodDisruptionBudget"):
        assert replicas[name_of(budget)] > budget["spec"].get("minAvailable", 0), name_of(budget)
        assert replicas[name_of(budget)] > 1


def test_the_operator_gets_the_rules_that_are_tested():
    rules = yaml.safe_load((K8S / "base/monitoring/rules.yaml").read_text())
    assert rules == of_kind("production", "PrometheusRule")[0]["spec"]


def test_the_dashboards_are_handed_to_grafana():
    handed = next(one for one in of_kind("production", "ConfigMap") if name_of(one) == "gridflex-dashboards")
    assert "1" == handed["metadata"]["labels"]["grafana_dashboard"]
    files = {path.name: path.read_text() for path in (K8S / "base/monitoring/dashboards").glob("*.json")}
    assert files == handed["data"]
