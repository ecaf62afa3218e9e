"""Series and observations over HTTP: what goes in, what comes out, and in what words it is refused."""

import io
import re

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from services.forecast.app import create_app
from services.forecast.settings import Settings

ARROW = "application/vnd.apache.arrow.stream"
START = "2024-07-15T00:00:00+08:00"


def batch(*values, start=START, **fields):
    return {"observations": [{"series": "wind/1", "start": start, "values": values, **fields}]}


def problem(response, status, kind):
    """The problem in the answer, which is one of this kind."""
    assert "application/problem+json" == response.headers["content-type"], response.text
    body = response.json()
    assert (status, status, f"/problems/{kind}") == (response.status_code, body["status"], body["type"]), body
    return body["detail"]


def read(client, **query):
    answer = client.get("/v1/observations", params={"series": "wind/1"} | query)
    assert 200 == answer.status_code, answer.text
    return answer.json()["observations"][0]


def test_a_series_is_described_found_and_changed(client):
    load = {"name": "north", "kind": "load", "zone": "cn"}
    assert 201 == client.put("/v1/series/north", json=load).status_code
    assert 200 == client.put("/v1/series/north", json=load).status_code
    assert 200 == client.put("/v1/series/north", json=load | {"zone": "east"}).status_code
    assert "east" == client.get("/v1/series/north").json()["zone"]
    assert ["cn", "east"] == [
        one["description"]["zone"] for one in client.get("/v1/series/north/versions").json()["versions"]
    ]
    assert "unknown-series" in problem_type(client.get("/v1/series/south"))


def problem_type(response):
    return response.json()["type"]


def test_pages_of_series_follow_their_cursors(client):
    many = [{"name": f"s{number}", "kind": "load"} for number in range(7)]
    assert {"received": 7, "changed": 7} == client.post("/v1/series", json={"series": many}).json()
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/series", params={"limit": 3, "cursor": cursor}).json()
        seen += [one["name"] for one in page["series"]]
        cursor = page["next"]
    assert [f"s{number}" for number in range(7)] == seen
    assert "cursor" in problem(client.get("/v1/series", params={"cursor": "???"}), 422, "unusable")


def test_values_come_back_with_both_clocks(wind):
    report = wind.post("/v1/observations", json=batch(30.0, None, 31.5)).json()
    assert (3, 3, 1) == (report["received"], report["new"], report["masked"])
    told = read(wind)
    assert [30, None, 31.5] == told["values"]
    assert ["2024-07-14T16:00:00Z", "2024-07-14T17:00:00Z", "2024-07-14T18:00:00Z"] == told["times"]
    # An hour of the step and the usual delay of a quarter of an hour.
    assert "2024-07-14T17:15:00Z" == told["known_at"][0]
    assert {"missing": [1]} == told["doubts"]
    assert [] == read(wind, as_of="2024-07-14T17:00:00Z")["values"]
    assert [31.5] == read(wind, **{"from": "2024-07-15T02:00:00+08:00"})["values"]


def test_the_same_batch_again_changes_nothing_and_gets_the_same_answer(wind):
    first = wind.post("/v1/observations", json=batch(30.0, 20.0))
    again = wind.post("/v1/observations", json=batch(30.0, 20.0))
    assert first.json() | {"repeated_batch": True} == again.json()
    longer = wind.post("/v1/observations", json=batch(30.0, 20.0, 10.0)).json()
    assert (1, 0, 2) == (longer["new"], longer["corrected"], longer["repeated"])
    assert 1 == wind.post("/v1/observations", json=batch(33.0)).json()["corrected"]
    assert [33, 20, 10] == read(wind)["values"]
    assert [30, 20, 10] == read(wind, as_of="2024-12-31T00:00:00Z")["values"]


def test_an_idempotency_key_answers_one_request_only(wind):
    headers = {"Idempotency-Key": "k1"}
    first = wind.post("/v1/observations", json=batch(1.0), headers=headers)
    again = wind.post("/v1/observations", json=batch(1.0), headers=headers)
    assert (first.json(), "true") == (again.json(), again.headers["Idempotent-Replayed"])
    other = wind.post("/v1/observations", json=batch(2.0), headers=headers)
    assert "take a new key" in problem(other, 409, "idempotency-key-used")


def test_tables_are_read_in_every_form(wind):
    times = pa.array(np.array(["2024-01-01T00:00", "2024-01-01T01:00"], "datetime64[s]")).cast(pa.timestamp("s", "UTC"))
    long = pa.table({"series": ["wind/1"] * 2, "time": times, "value": [5.0, None]})
    parquet, stream = io.BytesIO(), io.BytesIO()
    pa.parquet.write_table(long, parquet)
    with pa.ipc.new_stream(stream, long.schema) as writer:
        writer.write_table(long)
    csv = "time,wind/1\n2024-01-01T08:00:00+08:00,5.0\n2024-01-01T01:00:00Z,\n"
    forms = {"text/csv": csv.encode(), "application/vnd.apache.parquet": parquet.getvalue(), ARROW: stream.getvalue()}
    for form, content in forms.items():
        report = wind.post("/v1/observations", content=content, headers={"Content-Type": form}).json()
        assert 2 == report["received"], report
        assert [5, None] == read(wind)["values"]
    told = wind.get("/v1/observations", params={"series": "wind/1"}, headers={"Accept": ARROW})
    table = pa.ipc.open_stream(told.content).read_all()
    assert long.equals(table.select(["series", "time", "value"]).cast(long.schema))
    text = wind.get("/v1/observations", params={"series": "wind/1"}, headers={"Accept": "text/csv"}).text
    assert text.splitlines()[1].startswith('"wind/1",2024-01-01 00:00:00Z,5')


@pytest.mark.parametrize(
    ("told", "kind", "words"),
    [
        (batch(1.0, start="2024-07-15T00:00:00"), "naive-time", "offset from UTC"),
        (batch(1.0, unit="hPa"), "unusable", "wind/1 is in MW, not in hPa"),
        (batch(1.0, known_at="2199-01-01T00:00:00Z"), "unusable", "still to come"),
        (batch("1"), "unusable", "must be a number"),
        (batch(1.0, start="0001-01-01T00:00:00+08:00"), "unusable", "between the years 1900 and 2200"),
        (batch(1.0, start="9999-12-31T23:59:59-12:00"), "unusable", "between the years 1900 and 2200"),
        (batch(1.0, start="2024-07-15T00:00:00.5Z"), "unusable", "whole second"),
        (batch(1e300), "unusable", "beyond 1e+15"),
        (batch(1.0, colour="red"), "unusable", "colour"),
        ({"observations": []}, "unusable", "at least 1"),
        ({"observations": [{"series": "wind/1", "values": [1.0]}]}, "unusable", "either times or start"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words_and_changes_nothing(wind, told, kind, words):
    assert words in problem(wind.post("/v1/observations", json=told), 422, kind)
    assert [] == read(wind)["values"]


@pytest.mark.parametrize(
    ("form", "content", "status", "kind"),
    [
        ("application/json", b'{"observations": [', 400, "unreadable"),
        ("application/json", b"\xff\xfe", 400, "unreadable"),
        ("text/csv", b"time,wind/1\n2024-01-01T00:00:00,1\n", 422, "naive-time"),
        ("text/csv", b"time,wind/1\n2024-01-01T00:00:00Z,abc\n", 422, "unusable"),
        ("text/csv", b"when,wind/1\n2024-01-01T00:00:00Z,1\n", 422, "unusable"),
        ("text/csv", b"", 400, "unreadable"),
        ("text/csv", b"time,wind/1\n2024-02-30T00:00:00Z,1\n", 422, "unusable"),
        ("text/csv", b"time,wind/1\n2024-02-03T00:00:00Z,inf\n", 422, "unusable"),
        ("text/csv", b"series,time,value\n,2024-02-03T00:00:00Z,1\n", 422, "unusable"),
        ("application/vnd.apache.parquet", b"PAR1 not really PAR1", 400, "unreadable"),
        (ARROW, b"no arrow", 400, "unreadable"),
        ("text/csv", b"time,wind/1\n0001-01-01T00:00:00+08:00,1\n", 422, "unusable"),
        ("text/csv", b"series,time,value,value\nwind/1,2024-02-03T00:00:00Z,1,2\n", 422, "unusable"),
        ("text/csv", "series,time,value\n风电场,2024-02-03T00:00:00Z,1\n".encode("gb18030"), 400, "unreadable"),
        ("application/xml", b"<a/>", 415, "unsupported-form"),
    ],
)
def test_a_body_that_is_no_table_is_refused(wind, form, content, status, kind):
    problem(wind.post("/v1/observations", content=content, headers={"Content-Type": form}), status, kind)


def test_a_table_without_rows_says_nothing(wind):
    answer = wind.post("/v1/observations", content=b"series,time,value\n", headers={"Content-Type": "text/csv"})
    assert (200, 0) == (answer.status_code, answer.json()["received"])


def test_midnight_at_24_is_named_by_its_row(wind):
    content = b"series,time,value\nwind/1,2024-02-03T23:00:00Z,1\nwind/1,2024-02-03T24:00:00Z,1\n"
    answer = wind.post("/v1/observations", content=content, headers={"Content-Type": "text/csv"})
    assert "time: row 2 is '2024-02-03T24:00:00Z', a moment that does not exist" == problem(answer, 422, "unusable")


def test_a_stretch_that_ends_before_it_begins_is_refused(wind):
    stretch = {"series": "wind/1", "from": "2024-02-03T00:00:00Z", "to": "2024-02-02T00:00:00Z"}
    for path in ("/v1/observations", "/v1/forecasts/vintages"):
        assert "lies before from" in problem(wind.get(path, params=stretch), 422, "unusable")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"step_min": 7}, "must divide the hour"),
        ({"unit": "kW"}, "unit: wind is in MW, not in kW"),
        ({"kind": "hydro_inflow", "unit": "l/s"}, "unit: hydro_inflow is in m3/s or MW"),
        ({"wind": {"turbine": "V112/3070"}}, "no power curve is known for V112/3070, "),
        ({"members": ["zone"]}, "members: wind/2 would be part of itself through"),
    ],
)
def test_a_series_that_cannot_be_meant_is_refused(wind, changes, words):
    """The province is a sum of zones, a zone of farms: no farm is a sum that holds the province."""
    for name, part in (("zone", "province"), ("province", "wind/2")):
        assert 201 == wind.put(f"/v1/series/{name}", json={"name": name, "kind": "wind", "members": [part]}).status_code
    answer = wind.put("/v1/series/wind/2", json={"name": "wind/2", "kind": "wind"} | changes)
    assert words in problem(answer, 422, "unusable")
    assert 404 == wind.get("/v1/series/wind/2").status_code


def test_limits_are_named(wind, settings):
    assert "5,000" in problem(wind.post("/v1/observations", json=batch(*[1.0] * 5001)), 413, "too-large")
    body = b" " * (settings.body_max_bytes + 1)
    assert "100,000 bytes" in problem(wind.post("/v1/observations", content=body), 413, "too-large")
    pieces = (b" " * 60_000 for _ in range(3))
    assert "100,000 bytes" in problem(wind.post("/v1/observations", content=pieces), 413, "too-large")
    for begin in range(0, 4000, 2000):
        times = (np.datetime64("2024-01-01T00", "h") + np.arange(begin, begin + 2000)).astype(str)
        rows = "".join(f"{time}:00:00Z,1\n" for time in times)
        wind.post("/v1/observations", content="time,wind/1\n" + rows, headers={"Content-Type": "text/csv"})
    assert "ask for a shorter time" in problem(wind.get("/v1/observations?series=wind/1"), 413, "too-large")


def test_what_is_not_there_is_said(wind):
    assert "/v1/nothing" in problem(wind.get("/v1/nothing"), 404, "not-found")
    assert "DELETE is not allowed" in problem(wind.delete("/v1/observations"), 405, "method-not-allowed")
    assert "lost: not described yet" in problem(wind.get("/v1/observations?series=lost"), 404, "unknown-series")
    naive = wind.get("/v1/observations", params={"series": "wind/1", "from": "2024-01-01T00:00:00"})
    assert "from: needs its offset" in problem(naive, 422, "naive-time")


def test_a_plus_in_a_query_may_be_bare(wind):
    wind.post("/v1/observations", json=batch(1.0, 2.0))
    answer = wind.get("/v1/observations?series=wind/1&from=2024-07-15T01:00:00+08:00")
    assert [2.0] == answer.json()["observations"][0]["values"]


def test_values_in_another_unit_are_converted_if_they_say_so(wind):
    wind.post("/v1/observations", json=batch(30_000.0, unit="kW"))
    assert [30.0] == read(wind)["values"]


def test_weather_is_kept_issue_by_issue(client):
    client.put("/v1/series/t", json={"name": "t", "kind": "weather", "variable": "temperature_c", "unit": "°C"})
    issue = {"series": "t", "source": "nwp", "issued_at": START, "delay_h": 6, "start": START, "values": [20.0, None]}
    assert {"received": 1, "new": 1} == client.post("/v1/weather", json={"issues": [issue]}).json()
    assert {"received": 1, "new": 0} == client.post("/v1/weather", json={"issues": [issue]}).json()
    falling = {**issue, "times": [START, START], "start": None}
    assert "times must rise" in problem(client.post("/v1/weather", json={"issues": [falling]}), 422, "unusable")


def test_every_answer_carries_its_number_and_is_measured(wind):
    assert "mine" == wind.get("/healthz", headers={"X-Request-ID": "mine"}).headers["X-Request-ID"]
    assert 32 == len(wind.get("/readyz", headers={"X-Request-ID": "x" * 81}).headers["X-Request-ID"])
    figures = wind.get("/metrics").text
    assert 'route="/v1/series/{name:path}"' in figures
    assert "wind/1" not in figures


def test_a_store_that_is_gone_makes_the_service_unready(app, wind):
    class Gone:
        def check(self):
            raise OSError("no such file")

    there, app.state.store = app.state.store, Gone()
    assert "the store does not answer: OSError" == problem(wind.get("/readyz"), 503, "not-ready")
    fault = problem(wind.get("/v1/series"), 500, "internal")
    assert "the fault is ours" in fault
    assert "Gone" not in fault
    app.state.store = there


def test_the_description_of_the_interface_is_whole(tmp_path):
    document = create_app(Settings(data_dir=tmp_path)).openapi()
    assert document["openapi"].startswith("3.1")
    schemas = document["components"]["schemas"]
    references = re.findall(r"#/components/schemas/([A-Za-z0-9_]+)'", str(document))
    assert set(references) <= set(schemas)
    assert {"ObservationBatch", "WeatherBatch", "Problem", "QualityReport"} <= set(schemas)
