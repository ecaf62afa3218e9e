"""Every bad input is answered with a status, a problem's type and words that say what to do instead."""

# ruff: noqa: E501 - one row of the table is one line

import copy
import io
import zipfile

import pytest
from asking import problem, uploaded

NO_CASE, NO_HASH = "0" * 32, "0" * 64
YAML = {"content-type": "application/yaml"}
CURSOR = "WzEsIDJd"  # [1, 2]: a place, though in no list of ours


def zipped(**files) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return sink.getvalue()


def body(content, kind="application/json"):
    return {"content": content, "headers": {"content-type": kind}}


CASES = "/v1/cases"
PLANS = "/v1/plans"
BAD = [
    # What is sent as a case.
    ("POST", CASES, body(b""), 400, "unreadable", "the body is empty; send a case"),
    ("POST", CASES, body(b"{"), 422, "unusable", "is not JSON"),
    ("POST", CASES, body(b"[]"), 422, "unusable", "holds a list, not a case"),
    ("POST", CASES, body(b"null"), 422, "unusable", "not a case"),
    ("POST", CASES, body(b'{"a": 1, "a": 2}'), 422, "unusable", "the key 'a' stands twice"),
    ("POST", CASES, body(b'{"a": NaN}'), 422, "unusable", "must be a finite number"),
    ("POST", CASES, body(b'{"a": 1}'), 422, "unusable", "is in no known format"),
    ("POST", CASES, body(b'{"format_version": 1}'), 422, "unusable", "horizon: is required and missing"),
    ("POST", CASES, body(b"[" * 100_000), 422, "unusable", "nested too deeply"),
    ("POST", CASES, body(b"\xff\xfe{}"), 422, "unusable", "is not UTF-8"),
    ("POST", CASES, body(b"a: *b", "application/yaml"), 422, "unusable", "neither JSON nor YAML"),
    ("POST", CASES, body(b"a: &x 1\nb: *x", "application/yaml"), 422, "unusable", "aliases"),
    ("POST", CASES, body(b"!!python/object/apply:os.system [x]", "text/yaml"), 422, "unusable", "YAML"),
    ("POST", CASES, body(b"{}", "text/plain"), 415, "unsupported-form", "text/plain says nothing about the file"),
    ("POST", CASES, body(b"{}", ""), 415, "unsupported-form", "no content type"),
    ("POST", CASES, body(b"{}", "application/octet-stream"), 415, "unsupported-form", "?filename="),
    ("POST", CASES, body(b"\x80\x04}.", "application/x-pickle"), 415, "unsupported-form", "send application/json"),
    ("POST", CASES, body(b"no zip", "application/zip"), 400, "unreadable", "cannot be unpacked"),
    ("POST", CASES, body(zipped(), "application/zip"), 400, "unreadable", "the archive is empty"),
    ("POST", CASES, body(zipped(**{"..__up.json": "{}"}), "application/zip"), 422, "unusable", "leads out"),
    ("POST", CASES, body(zipped(__etc__x="{}"), "application/zip"), 422, "unusable", "leads out"),
    ("POST", CASES, body(zipped(a="{}", b="{}"), "application/zip"), 422, "unusable", "RTS-GMLC"),
    ("POST", CASES, body(b"PK", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), 422, "unusable", "is not a workbook"),
    ("POST", CASES, body(b"\x1f\x8b\x00", "application/gzip"), 422, "unusable", "gzip"),
    ("POST", CASES, body(b"x", "multipart/form-data"), 400, "unreadable", "multipart"),
    ("POST", CASES, {"files": {"other": ("a.json", b"{}")}}, 422, "unusable", "file: is required and missing"),
    ("POST", CASES, {"data": {"file": "text"}, "files": {"x": b"1"}}, 422, "unusable", "file: is required"),
    ("POST", CASES + "?format=visio", body(b"{}"), 422, "unusable", "format: there is no 'visio'; accepted are auto"),
    ("POST", CASES + "?date=tomorrow", body(b"{}"), 422, "unusable", "date"),
    ("POST", CASES + "?days=0", body(b"{}"), 422, "unusable", "days: must be at least 1"),
    ("POST", CASES + "?days=3", body(b'{"format_version": 1}'), 422, "unusable", "holds one horizon"),
    ("POST", CASES, body(b" " * 200_001), 413, "too-large", "200,000 bytes"),
    ("POST", CASES, {**body(b"{}"), "headers": {"Idempotency-Key": "k" * 201}}, 422, "unusable", "at most 200"),
    # Cases under their numbers.
    ("GET", f"{CASES}/{NO_CASE}", {}, 404, "not-found", "GET /v1/cases lists them"),
    ("GET", f"{CASES}/{NO_HASH}", {}, 404, "not-found", "no case has the hash"),
    ("GET", f"{CASES}/{NO_CASE}/versions", {}, 404, "not-found", "there is none"),
    ("PUT", f"{CASES}/{NO_CASE}", body(b"{}"), 428, "if-match-required", "If-Match: is required"),
    ("PUT", f"{CASES}/{NO_CASE}", {"headers": {"If-Match": "x"}, "json": {}}, 404, "not-found", "there is none"),
    ("PUT", CASES + "/{case}", {"headers": {"If-Match": '"old"'}, "json": "{document}"}, 412, "stale", "GET it again"),
    ("PUT", CASES + "/{case}", {"headers": {"If-Match": "*"}, "json": {}}, 422, "unusable", "in no known format"),
    ("DELETE", f"{CASES}/{NO_CASE}", {}, 404, "not-found", "there is none"),
    ("DELETE", CASES + "/{case}", {"headers": {"If-Match": '"old"'}}, 412, "stale", "GET it again"),
    ("GET", CASES + "?cursor=abc", {}, 422, "unusable", "cursor: is none of ours"),
    ("GET", CASES + f"?cursor={CURSOR}", {}, 422, "unusable", "cursor: is none of ours"),
    ("GET", CASES + "?limit=0", {}, 422, "unusable", "limit: must be at least 1"),
    ("GET", CASES + "?limit=many", {}, 422, "unusable", "limit: must be a whole number"),
    # What is wished of a plan.
    ("POST", PLANS, {"json": {}}, 422, "unusable", "case: name one case"),
    ("POST", PLANS, body(b"{"), 400, "unreadable", "the body is no JSON"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "case_hash": NO_HASH}}, 422, "unusable", "case: name one case"),
    ("POST", PLANS, {"json": {"case_id": NO_CASE}}, 404, "not-found", "there is none"),
    ("POST", PLANS, {"json": {"case_hash": NO_HASH}}, 404, "not-found", "upload it with POST /v1/cases"),
    ("POST", PLANS, {"json": {"case_hash": "abc"}}, 422, "unusable", "case_hash"),
    ("POST", PLANS, {"json": {"case": {"zones": []}}}, 422, "unusable", "case.zones: must hold at least 1"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "gap": 2}}, 422, "unusable", "gap: must be at most 1"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "gap": "small"}}, 422, "unusable", "gap: must be a number"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "time_limit_s": 0}}, 422, "unusable", "time_limit_s: must be at least"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "time_limit_s": 90000}}, 422, "unusable", "time_limit_s: 90000 is more"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "threads": 99}}, 422, "unusable", "threads: 99 are more than the 8"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "threads": 1.5}}, 422, "unusable", "threads: must be a whole number"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "seed": -1}}, 422, "unusable", "seed: must be at least 0"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "method": "luck"}}, 422, "unusable", "method: must be"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "rules": "x.py"}}, 422, "unusable", "rules: is not a field here"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "start": "{plan}"}}, 409, "conflict", "wait until it is done"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "start": "x"}}, 404, "not-found", "plan x: there is none"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "forecast": {"basis": "scenarios"}}}, 501, "not-built-yet", "median"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "forecast": {"basis": "quantile"}}}, 422, "unusable", "level: give it"),
    ("POST", PLANS, {"json": {"case_id": "{case}", "forecast": {"level": 0.9}}}, 422, "unusable", "level: give it"),
    (
        "POST", PLANS, {"json": {"case_id": "{case}", "forecast": {"as_of": "2030-07-15T00:00:00"}}},
        422, "naive-time", "needs its offset from UTC",
    ),
    (
        "POST", PLANS, {"json": {"case_id": "{case}", "forecast": {"as_of": "0001-01-01T00:00:00Z"}}},
        422, "unusable", "between the years 1900 and 2200",
    ),
    # Plans under their numbers.
    ("GET", f"{PLANS}/x", {}, 404, "not-found", "plan x: there is none"),
    ("GET", f"{PLANS}/x/events", {}, 404, "not-found", "plan x: there is none"),
    ("DELETE", f"{PLANS}/x", {}, 404, "not-found", "plan x: there is none"),
    ("GET", PLANS + "/{plan}/result", {}, 409, "not-done-yet", "it is queued"),
    ("GET", PLANS + "/{plan}/result?form=pdf", {}, 422, "unusable", "form: must be"),
    ("GET", PLANS + "/{plan}/result", {"headers": {"Accept": "image/png"}}, 406, "not-acceptable", "there are application/json"),
    ("GET", PLANS + "/{plan}/calls", {}, 409, "not-done-yet", "it is queued"),
    ("GET", PLANS + "/{plan}/verdict", {}, 409, "not-done-yet", "it is queued"),
    ("GET", PLANS + "/{plan}/diff/{plan}", {}, 409, "not-done-yet", "it is queued"),
    ("POST", PLANS + "/{plan}/approve", {}, 409, "conflict", "only a plan that is done is approved"),
    ("POST", PLANS + "/{plan}/issue", {}, 409, "conflict", "only a plan that is done is issued"),
    ("POST", PLANS + "/{plan}/replans", {"json": {}}, 422, "unusable", "now: is required and missing"),
    ("POST", PLANS + "/{plan}/replans", {"json": {"now": "2030-07-15T00:30:00"}}, 422, "naive-time", "offset from UTC"),
    ("POST", PLANS + "/{plan}/replans", {"json": {"now": "2030-07-15T00:30:00Z"}}, 409, "conflict", "it is queued"),
    ("GET", PLANS + "?life=eternal", {}, 422, "unusable", "life: must be"),
    # The rest.
    ("GET", "/v1/provinces/atlantis", {}, 404, "not-found", "there are zhejiang"),
    ("GET", "/v1/audit?cursor=abc", {}, 422, "unusable", "cursor: is none of ours"),
    ("GET", "/v1/nothing", {}, 404, "not-found", "/openapi.json lists what there is"),
    ("PATCH", PLANS, {}, 405, "method-not-allowed", "PATCH is not allowed here"),
]  # fmt: skip


@pytest.mark.parametrize("row", BAD, ids=[f"{n} {row[0]} {row[1]} {row[4]} {row[5]}"[:90] for n, row in enumerate(BAD)])
def test_bad_input_is_answered_with_a_way_out(row, answers):
    method, path, arguments, status, kind, words = row
    assert words in problem(answers(method, path, arguments), status, kind)


def test_the_table_is_long_enough():
    assert 60 <= len(BAD)


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """One service for the whole table: nothing in it changes anything."""
    import httpx
    from serving import served

    from services.dispatch.app import create_app
    from services.dispatch.settings import Settings

    settings = Settings(
        data_dir=tmp_path_factory.mktemp("bad"), auth="off", body_max_bytes=200_000, log_level="CRITICAL"
    )
    with served(create_app(settings)) as address, httpx.Client(base_url=address, timeout=20, trust_env=False) as client:
        document = copy.deepcopy(ONE_UNIT)
        case = uploaded(client, document)["id"]
        plan = client.post(PLANS, json={"case_id": case}).json()["id"]
        known = {"{case}": case, "{plan}": plan, "{document}": document}
        yield lambda method, path, arguments: client.request(method, filled(path, known), **filled(arguments, known))


def filled(value, known):
    """The value with the numbers of this service in it."""
    if isinstance(value, dict):
        return {key: filled(item, known) for key, item in value.items()}
    if isinstance(value, str) and value in known:
        return known[value]
    if isinstance(value, str):
        for name in ("{case}", "{plan}"):
            value = value.replace(name, known[name])
    return value


ONE_UNIT = {
    "format_version": 1,
    "horizon": {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2},
    "zones": [{"name": "system", "demand_mw": [80.0, 90.0]}],
}
