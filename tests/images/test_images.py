"""Each image from its Dockerfile: built in a clean place, started as its user, asked whether it lives."""

import os
import socket
import tempfile
import threading
from pathlib import Path

import httpx
import pytest
from image_steps import REPOSITORY, Image, steps_of

SERVICES = {"dispatch": 8080, "forecast": 8081}
PATIENCE_S = 60
COMPILED = """
from services.dispatch.decomposition import pricing
from services.dispatch.planning import Options, plan_case
from services.dispatch.precompile import tiny_case
plan_case(tiny_case(), Options(method="decomposed", time_limit_s=60))
stats = pricing.price_fleet.stats
print(sum(stats.cache_hits.values()) > 0, sum(stats.cache_misses.values()))
"""
LIGHT = """
import importlib.util, lightgbm
print([name for name in ("highspy", "numba", "pandapower", "pip") if importlib.util.find_spec(name)])
"""
CHANGEABLE = """
import os, gridflex
print(os.access(os.path.dirname(gridflex.__file__), os.W_OK))
"""


@pytest.fixture(scope="module", params=SERVICES)
def image(request):
    # Where another user may go, which pytest's own folders are not.
    with tempfile.TemporaryDirectory(prefix="image-") as folder:
        Path(folder).chmod(0o755)
        image = Image(Path(folder))
        image.build(REPOSITORY / "services" / request.param / "Dockerfile")
        image.service = request.param
        yield image


@pytest.mark.slow
def test_an_image_is_built_and_answers_as_nobody_in_particular(image):
    assert SERVICES[image.service] == image.port
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [port if word == str(image.port) else word for word in image.command]
    process = image.process(command)
    try:
        address = f"http://127.0.0.1:{port}"
        for path in ("/healthz", "/readyz", "/openapi.json", "/metrics"):
            assert 200 == _asked(process, address + path).status_code
    finally:
        process.terminate()
        words, _ = process.communicate(timeout=PATIENCE_S)
    assert "Traceback" not in words
    _has_what_it_needs(image)


def _has_what_it_needs(image):
    """The solver is compiled already; the forecaster has no solver. Neither has an installer, or may change itself."""
    if image.service == "dispatch":
        assert "True 0" == image.said("python", "-c", COMPILED)
    else:
        assert "[]" == image.said("python", "-c", LIGHT)
    if os.geteuid() == 0:
        assert "False" == image.said("python", "-c", CHANGEABLE)


def _asked(process, url):
    for _ in range(PATIENCE_S * 10):
        assert process.poll() is None, process.stdout.read()
        try:
            return httpx.get(url, trust_env=False)
        except httpx.TransportError:
            threading.Event().wait(0.1)
    return pytest.fail(f"{url} does not answer")


@pytest.mark.parametrize("service", SERVICES)
def test_an_image_is_small_and_of_the_lock(service):
    """By its steps: two stages of the same slim base, every install under the constraints, no root at the end."""
    steps = steps_of(REPOSITORY / "services" / service / "Dockerfile")
    bases = [arguments.split()[0] for instruction, arguments in steps if instruction == "FROM"]
    assert (2, 1, True) == (len(bases), len(set(bases)), "-slim" in bases[0])
    installs = [arguments for instruction, arguments in steps if instruction == "RUN" and " install " in arguments]
    assert all("-c constraints.txt" in one or one.startswith("apt-get") for one in installs)
    assert ("USER", "10001:10001") in steps
    assert "CMD" == steps[-1][0]
