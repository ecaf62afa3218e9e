"""A weather service that fails in every way, over real HTTP: what is right is taken, what is wrong is named."""

import contextlib
import email.utils
import itertools
import json
import socketserver
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from grid_models.forecast import SeriesDescription
from services.forecast.settings import Settings
from services.forecast.sources.fallback import Fallback, NoSourceAnswered
from services.forecast.sources.fetching import fetch, weather_sources
from services.forecast.sources.health import HealthBook
from services.forecast.sources.open_meteo import OpenMeteo, SourceFailed
from services.forecast.sources.refresh import refresh
from services.forecast.telemetry import REGISTRY

NOW = np.datetime64("2024-07-01T05:30:00", "s")
POINT = {"kind": "weather", "latitude": 30.0, "longitude": 120.0}
TEMPERATURE = SeriesDescription(name="t", variable="temperature_c", **POINT)
SUN = SeriesDescription(name="g", variable="irradiance_w_per_m2", **POINT)
TIMES = [1719792000 + 3600 * hour for hour in range(4)]
GOOD = {"hourly": {"time": TIMES, "temperature_2m": [20.5, None, 22.0, 23.0], "shortwave_radiation": [0, 10, 200, 400]}}


def http(body, status="200 OK", **headers):
    """The bytes of an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = {"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"} | {
        name.replace("_", "-"): str(text) for name, text in headers.items()
    }
    head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + content


class Weather(socketserver.ThreadingTCPServer):
    """Gives the answers of its list, one by one, the last one for ever; an answer may be a function of the socket."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, answers):
        self.answers = itertools.chain(answers, itertools.repeat(answers[-1]))
        self.asked = []
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        head = b""
        while b"\r\n\r\n" not in head:
            piece = self.request.recv(65536)
            if not piece:
                return
            head += piece
        self.server.asked.append(head.split(b"\r\n")[0].decode())
        answer = next(self.server.answers)
        with contextlib.suppress(OSError):  # the client may have given up
            answer(self) if callable(answer) else self.request.sendall(answer)


@contextmanager
def weather(*answers):
    with Weather(answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def source(server_or_url, **fields):
    url = getattr(server_or_url, "url", server_or_url)
    quick = {"timeout_s": 0.3, "answer_max_s": 0.6, "attempts": 2, "wait_first_s": 0.01, "wait_max_s": 0.05}
    return OpenMeteo("meteo", url, **(quick | fields))


def silent(handler):
    handler.server.over.wait(10)


def dripping(handler):
    handler.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not handler.server.over.wait(0.05):
        handler.request.sendall(b" ")


def test_what_it_says_becomes_an_issue_in_our_units():
    with weather(http(GOOD)) as server:
        temperature, sun = source(server).latest([TEMPERATURE, SUN], NOW, days=3)
    assert (NOW, NOW, "meteo", "t") == (
        temperature.issued,
        temperature.known_at,
        temperature.source,
        temperature.series,
    )
    np.testing.assert_array_equal([20.5, np.nan, 22, 23], temperature.values)
    assert np.datetime64("2024-07-01T00:00:00") == temperature.times[0]
    # Radiation is given as the mean of the hour before.
    assert np.datetime64("2024-06-30T23:00:00") == sun.times[0]
    assert "forecast_days=3" in server.asked[0]
    assert "wind_speed_unit=ms" in server.asked[0]
    assert "hourly=shortwave_radiation%2Ctemperature_2m" in server.asked[0]


def test_several_points_are_asked_for_at_once():
    other = TEMPERATURE.model_copy(update={"name": "u", "latitude": 31.0})
    with weather(http([GOOD, GOOD])) as server:
        assert ["t", "u"] == [issue.series for issue in source(server).latest([TEMPERATURE, other], NOW)]
        assert 1 == len(server.asked)
    with weather(http([GOOD])) as server, pytest.raises(SourceFailed, match="1 of 2 points"):
        source(server).latest([TEMPERATURE, other], NOW)


def without(name):
    return {"hourly": {key: column for key, column in GOOD["hourly"].items() if key != name}}


def with_column(values):
    return {"hourly": {"time": TIMES, "temperature_2m": values}}


FAULTS = {
    "silence": (silent, "timeout", "no answer within", True),
    "drip": (dripping, "timeout", "not whole within", True),
    "500": (http({}, "500 Internal Server Error"), "status", "answers 500", True),
    "429": (http({}, "429 Too Many Requests", Retry_After=0), "status", "answers 429", True),
    "half": (http(GOOD, Content_Length=100_000), "broken", "broke off", True),
    "no json": (http(b'{"hourly": '), "broken", "no JSON", True),
    "html": (http(b"<html>hi</html>", Content_Type="text/html"), "broken", "no JSON but text/html", True),
    "reset": (lambda handler: handler.request.close(), "broken", "broke off", True),
    "no http": (b"SSH-2.0-OpenSSH\r\n\r\n", "broken", "broke off", True),
    "400": (http({"error": True, "reason": "no such model"}, "400 Bad Request"), "status", "no such model", False),
    "error": (http({"error": True, "reason": "too far"}), "status", "too far", False),
    "ring": (http(b"", "302 Found", Location="/v1/forecast"), "status", "ring of redirects", False),
    "no block": (http({"daily": {}}), "incomplete", "no hourly times", False),
    "list": (http([1]), "incomplete", "no hourly times", False),
    "no variable": (http(without("temperature_2m")), "incomplete", "lacks temperature_2m", False),
    "lengths": (http(with_column([1.0])), "incomplete", "1 values of temperature_2m for 4 times", False),
    "nothing": (http(with_column([None] * 4)), "incomplete", "no value of temperature_2m", False),
    "nan": (http(b'{"hourly":{"time":[1,2],"temperature_2m":[NaN,NaN]}}'), "incomplete", "no value", False),
    "text": (http(with_column(["a", 1, 2, 3])), "broken", "no number", False),
    "times": (http({"hourly": {"time": [2, 1], "temperature_2m": [1, 2]}}), "incomplete", "do not rise", False),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_and_asked_again_only_where_that_may_help(fault):
    answer, kind, words, again = FAULTS[fault]
    with weather(answer) as server:
        with pytest.raises(SourceFailed, match=words) as failed:
            source(server).latest([TEMPERATURE], NOW)
        assert (kind, again) == (failed.value.kind, failed.value.again)
        if fault != "ring":
            assert (2 if again else 1) == len(server.asked)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if FAULTS[fault][3]])
def test_a_fault_that_passes_is_survived(fault):
    with weather(FAULTS[fault][0], http(GOOD)) as server:
        assert 1 == len(source(server, attempts=3).latest([TEMPERATURE], NOW))


def test_nobody_at_home_is_said():
    with weather(http(GOOD)) as server:
        url = server.url
    with pytest.raises(SourceFailed, match="cannot be reached"):
        source(url).latest([TEMPERATURE], NOW)


@pytest.mark.parametrize("told", ["0.2", None])
def test_we_wait_as_long_as_we_are_asked_to(told):
    later = email.utils.formatdate(time.time() + 1.5, usegmt=True) if told is None else "1"
    with weather(http({}, "429 Too Many Requests", Retry_After=later), http(GOOD)) as server:
        begun = time.monotonic()
        source(server, wait_max_s=0.4).latest([TEMPERATURE], NOW)
        # It asks for a second; we wait as long as we ever do.
        assert 0.35 <= time.monotonic() - begun < 5


def test_the_same_question_is_asked_once_while_its_answer_is_fresh(tmp_path):
    with weather(http(GOOD)) as server:
        kept = source(server, cache_dir=tmp_path, api_key="secret")
        first, again = (kept.latest([TEMPERATURE], NOW)[0] for _ in range(2))
        np.testing.assert_array_equal(first.values, again.values)
        assert 1 == len(server.asked)
        for path in tmp_path.iterdir():
            assert "secret" not in path.name + path.read_text()
            path.write_text("{half")
        kept.latest([TEMPERATURE], NOW)
        source(server, cache_dir=tmp_path, cache_s=0).latest([TEMPERATURE], NOW)
        assert 3 == len(server.asked)
    assert "secret" not in repr(kept)


def test_what_was_forecast_the_day_before_was_not_known_before_its_runs():
    column = {"time": TIMES, "temperature_2m_previous_day1": [1, 2, 3, 4]}
    with weather(http({"hourly": column})) as server:
        (issue,) = source(server).previous([TEMPERATURE], NOW, NOW, days_before=1)
        assert "start_date=2024-07-01" in server.asked[0]
    assert np.datetime64("2024-06-30T00:00:00") == issue.issued
    assert np.datetime64("2024-07-01T06:00:00") == issue.known_at


def test_quarters_of_an_hour_are_asked_for_by_their_name():
    quarter = {"minutely_15": {"time": [0, 900], "shortwave_radiation": [1.0, 2.0]}}
    with weather(http(quarter)) as server:
        (issue,) = source(server, resolution="minutely_15").latest([SUN], NOW)
    assert [np.datetime64(-900, "s"), np.datetime64(0, "s")] == issue.times.tolist() or -900 == issue.times[0].astype(
        int
    )


def test_the_next_source_answers_where_the_first_fails_and_the_first_rests():
    clock = [1000.0]
    book = HealthBook(lambda: clock[0])
    with weather(http({}, "500 Oops"), http({}, "500 Oops"), http(GOOD)) as bad, weather(http(GOOD)) as good:
        first, second = source(bad), OpenMeteo("spare", good.url)
        both = Fallback((first, second), book)
        answer = both.latest([TEMPERATURE], NOW)
        assert ("spare", ("meteo: answers 500",)) == (answer.source, answer.reasons)
        assert (False, 1, None) == (both.health[0].healthy, both.health[0].failures, both.health[0].last_success_s)
        assert ("spare", ()) == ((again := both.latest([TEMPERATURE], NOW)).source, again.reasons)
        assert 2 == len(bad.asked)
        clock[0] += 31
        assert "meteo" == both.latest([TEMPERATURE], NOW).source
        assert (True, 0, 1031.0) == (both.health[0].healthy, both.health[0].failures, both.health[0].last_success_s)
    assert 1 == REGISTRY.get_sample_value("gridflex_forecast_source_healthy", {"source": "meteo"})


def test_if_nobody_answers_everybody_says_why():
    with weather(http({}, "500 Oops")) as bad, weather(http({"daily": {}})) as empty:
        sources = source(bad), OpenMeteo("spare", empty.url)
        with pytest.raises(NoSourceAnswered, match="meteo: answers 500; spare: the answer has no hourly times"):
            Fallback(sources).latest([TEMPERATURE], NOW)


def test_a_series_that_cannot_be_asked_for_is_named():
    lost = SeriesDescription(name="lost", kind="weather", variable="temperature_c")
    with pytest.raises(Exception, match="lost: has no position"):
        source("http://127.0.0.1:9").latest([lost], NOW)
    odd = TEMPERATURE.model_copy(update={"variable": "taste"})
    with pytest.raises(Exception, match="taste is not offered"):
        source("http://127.0.0.1:9").latest([odd], NOW)


def test_the_newest_weather_of_every_point_is_fetched_and_kept(quick_store):
    many = [TEMPERATURE.model_copy(update={"name": f"t{place}", "latitude": 10.0 + place / 4}) for place in range(60)]
    odd = TEMPERATURE.model_copy(update={"name": "taste", "variable": "taste"})
    quick_store.series.put([*many, odd])
    with weather(http([GOOD] * 50), http({"daily": {}})) as server:
        told = refresh(quick_store, Fallback((source(server),)), NOW)
        assert (60, 50, 1) == (told.asked, told.new, len(told.reasons))
    kept = quick_store.weather.read("t0")["meteo"]
    np.testing.assert_array_equal([20.5, np.nan, 22, 23], kept.values["t0"])
    assert {} == quick_store.weather.read("t55")


def test_the_services_of_the_settings_are_asked_in_their_order(quick_store, tmp_path):
    quick_store.series.put([TEMPERATURE, SUN])
    with weather(http({}, "404 Nothing")) as bad, weather(http(GOOD)) as good:
        services = ({"name": "gone", "url": bad.url}, {"name": "there", "url": good.url, "model": "ecmwf_ifs025"})
        settings = Settings(data_dir=tmp_path, weather_services=services)
        done = fetch(quick_store, weather_sources(settings), NOW)
        assert "models=ecmwf_ifs025" in good.asked[0]
    assert (2, 2) == (done.asked, done.new)
    assert ["there"] == list(quick_store.weather.read("t"))
