"""From an upload to a plan that is issued, over HTTP."""

import io
from datetime import UTC, datetime

import openpyxl
import pyarrow.parquet as pq
import pytest
from asking import asked, at_work, ended, problem, uploaded

from grid_models.case import Case
from grid_models.plan import Plan

BY_HAND_CNY = (80 + 90) * 300


@pytest.fixture
def busy(settings, client):
    """The service with a worker."""
    with at_work(settings):
        yield client


def done(client, **wish) -> dict:
    plan = ended(client, asked(client, **wish))
    assert "done" == plan["status"], plan
    return plan


def test_an_uploaded_case_becomes_a_refereed_plan_in_every_form(busy, document):
    """80 MWh and 90 MWh at 300 CNY: 51,000 CNY; the contract at 900 is not called."""
    plan = done(busy, case_id=uploaded(busy, document)["id"], gap=0.0)
    result = Plan.model_validate_json(busy.get(f"{plan['url']}/result").content)
    assert pytest.approx(BY_HAND_CNY) == result.cost == plan["summary"]["cost"]
    assert {"accepted": True, "violations": []} == busy.get(f"{plan['url']}/verdict").json()
    table = pq.read_table(io.BytesIO(busy.get(f"{plan['url']}/result?form=parquet").content)).to_pylist()
    assert [80.0, 90.0] == [row["value"] for row in table if (row["name"], row["quantity"]) == ("coal", "power_mw")]
    lines = busy.get(f"{plan['url']}/result", headers={"Accept": "text/csv"}).text.splitlines()
    assert "2030-07-15T01:00:00+08:00,thermal,coal,power_mw,90" in lines
    book = openpyxl.load_workbook(io.BytesIO(busy.get(f"{plan['url']}/result?form=xlsx").content))
    assert [80, 90] == [row[1].value for row in list(book["power_mw"].rows)[1:]]
    assert 10.0 == plan["summary"]["response_available_mw"][0]


def test_the_same_question_is_answered_from_the_store(busy, document):
    case = uploaded(busy, document)
    first = done(busy, case_id=case["id"])
    again = asked(busy, case_hash=case["hash"])
    assert ("done", first["question"], 1) == (again["status"], again["question"], again["attempts"])
    assert again["id"] != first["id"]
    assert "done" != asked(busy, case_id=case["id"], seed=2)["status"]


def test_a_case_in_the_wish_and_a_plan_to_start_from(busy, document):
    first = done(busy, case=document)
    second = done(busy, case=document, start=first["id"], seed=7)
    assert first["summary"]["cost"] == pytest.approx(second["summary"]["cost"])
    assert first["question"] == second["request"]["start"]


def test_calls_are_exported_by_contract(busy, document):
    """100 MW of coal and 105 MW of load: the works sheds 5 MWh at 900 CNY."""
    document["zones"][0]["demand_mw"] = [80.0, 105.0]
    document["resources"][1]["call_max_h"] = 1.0
    plan = done(busy, case=document)
    told = busy.get(f"{plan['url']}/calls").json()
    assert [("works", 5.0, 4500.0)] == [(one["contract"], one["energy_mwh"], one["cost"]) for one in told["calls"]]
    assert told["calls"] == busy.get(f"{plan['url']}/calls?contract=works").json()["calls"]
    assert "there are works" in problem(busy.get(f"{plan['url']}/calls?contract=mill"), 404, "not-found")
    head, row, *_ = busy.get(f"{plan['url']}/calls?form=csv").text.splitlines()
    assert head.startswith("contract,kind,start,end")
    assert row.startswith("works,interruptible_load,2030-07-15T01:00:00+08:00,2030-07-15T02:00:00+08:00,1.0,5.0")


def test_the_rest_is_planned_anew_and_what_is_executed_is_frozen(busy, document):
    """After one hour at 80 MW the unit goes on from there; 27,000 CNY of the 51,000 are left."""
    plan = done(busy, case=document)
    response = busy.post(f"{plan['url']}/replans", json={"now": "2030-07-15T00:30:00+08:00"})
    rest = ended(busy, response.json())
    assert pytest.approx(90 * 300) == rest["summary"]["cost"]
    assert plan["id"] == rest["replans"]["plan"]
    case = Case.model_validate_json(busy.get(f"/v1/cases/{rest['case_hash']}").content)
    state = case.resources[0].initial
    assert (True, 25.0, 80.0) == (state.on, state.hours, pytest.approx(state.power_mw))
    late = busy.post(f"{plan['url']}/replans", json={"now": "2030-07-16T00:00:00+08:00"})
    assert "before its last step" in problem(late, 422, "unusable")


def test_a_replan_is_compared_from_the_moment_at_which_it_begins(busy, document):
    """
    80 and 105 MW on 100 MW of coal: the works sheds 5 MWh at 900 CNY in the second hour.

    From then on the plan has 100 MWh at 300 CNY and the call before it, and so has the replan: nothing has changed.
    Without the cut the executed hour, 24,000 CNY, would look like a saving.
    """
    document["zones"][0]["demand_mw"] = [80.0, 105.0]
    plan = done(busy, case=document, gap=0.0)
    now = {"now": "2030-07-15T00:30:00+08:00", "gap": 0.0}
    rest = ended(busy, busy.post(f"{plan['url']}/replans", json=now).json())
    change = busy.get(f"{plan['url']}/diff/{rest['id']}").json()
    assert ("2030-07-15T01:00:00+08:00", True, True) == (change["since"], change["same_times"], change["same_case"])
    assert [pytest.approx(100 * 300 + 5 * 900)] * 2 == [change["cost"]["before"], change["cost"]["after"]]
    assert ([], [], [], []) == tuple(change[name] for name in ("costs", "energy_mwh", "calls", "prices"))
    back = busy.get(f"{rest['url']}/diff/{plan['id']}").json()
    assert (change["since"], change["cost"]["after"]) == (back["since"], pytest.approx(back["cost"]["before"]))
    assert busy.get(f"{plan['url']}/diff/{plan['id']}").json()["since"] is None


def test_a_plan_is_approved_and_issued_by_somebody(busy, document):
    plan = done(busy, case=document)
    assert "only a plan that is approved" in problem(busy.post(f"{plan['url']}/issue"), 409, "conflict")
    assert "anybody" == busy.post(f"{plan['url']}/approve").json()["approved"]["by"]
    issued = busy.post(f"{plan['url']}/issue").json()
    assert ("issued", "anybody") == (issued["life"], issued["issued"]["by"])
    assert [plan["id"]] == [one["id"] for one in busy.get("/v1/plans?life=issued").json()["plans"]]
    assert [] == busy.get("/v1/plans?life=approved").json()["plans"]


def test_a_case_that_cannot_be_solved_says_why(busy, document):
    document["prices"] = {"unserved_per_mwh": 1e4}
    document["resources"] = [{"kind": "renewable", "name": "wind", "available_mw": 10.0, "utilisation_min": 1.0}]
    document["zones"][0]["demand_mw"] = [0.0, 0.0]
    document["reserves"] = []
    plan = ended(busy, asked(busy, case=document, time_limit_s=0.1, threads=1))
    assert plan["status"] in ("done", "failed")
    if plan["status"] == "failed":
        assert problem(busy.get(f"{plan['url']}/result"), 409, "plan-failed")


def test_a_plan_that_waits_is_cancelled_at_once(client, document):
    plan = asked(client, case=document)
    assert "cancelled" == client.delete(plan["url"]).json()["status"]
    assert "cancelled" == client.get(plan["url"]).json()["status"]
    assert "it is cancelled" in problem(client.get(f"{plan['url']}/result"), 409, "not-done-yet")


def test_a_queue_that_is_full_says_when_to_come_back(settings, document):
    import httpx
    from serving import served

    from services.dispatch.app import create_app

    with (
        served(create_app(settings.model_copy(update={"queue_max": 1}))) as address,
        httpx.Client(base_url=address, trust_env=False) as client,
    ):
        asked(client, case=document)
        refused = client.post("/v1/plans", json={"case": document, "seed": 2})
        assert "ask again in" in problem(refused, 429, "too-busy")
        assert 5 == int(refused.headers["Retry-After"])


def test_a_request_that_is_sent_twice_makes_one_plan(client, document):
    key = {"Idempotency-Key": "mine"}
    first, second = (client.post("/v1/plans", json={"case": document}, headers=key).json() for _ in range(2))
    assert first["id"] == second["id"]
    other = client.post("/v1/plans", json={"case": document, "seed": 2}, headers=key)
    assert "take a new key" in problem(other, 409, "idempotency-key-used")


def test_a_case_is_replaced_only_by_those_who_know_it(client, document):
    case = uploaded(client, document)
    address, old = case["url"], {"If-Match": f'"{case["hash"]}"'}
    document["name"] = "new"
    changed = client.put(address, json=document, headers=old)
    assert (200, 2) == (changed.status_code, changed.json()["version"])
    assert "GET it again" in problem(client.put(address, json=document, headers=old), 412, "stale")
    assert [2, 1] == [one["version"] for one in client.get(f"{address}/versions").json()["versions"]]
    fetched = client.get(address)
    assert "new" == fetched.json()["name"]
    assert 304 == client.get(address, headers={"If-None-Match": fetched.headers["ETag"]}).status_code
    assert 204 == client.delete(address).status_code
    assert 404 == client.get(address).status_code
    assert 200 == client.get(f"/v1/cases/{case['hash']}").status_code


def test_cases_come_in_every_form_that_is_read(client, document, tmp_path):
    from grid_models.formats import write_case

    case = Case.model_validate(document)
    digests = set()
    for name in ("case.yaml", "case.json", "case.xlsx"):
        write_case(case, tmp_path / name)
        content = (tmp_path / name).read_bytes()
        raw = client.post("/v1/cases", params={"filename": name}, content=content)
        form = client.post("/v1/cases", files={"file": (name, content)})
        digests |= {raw.json()["hash"], form.json()["hash"]}
    assert {case.hash} == digests


def test_validation_keeps_nothing(client, document):
    assert client.post("/v1/cases/validations", json=document).json()["valid"]
    document["resources"][0]["zone"] = "nowhere"
    told = client.post("/v1/cases/validations", json=document).json()
    assert not told["valid"]
    assert "'nowhere' is not a zone" in told["problems"][0]
    assert [] == client.get("/v1/cases").json()["cases"]


def test_lists_come_in_pages(client, document):
    made = [uploaded(client, document | {"name": f"case {number}"})["id"] for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = client.get("/v1/cases", params={"limit": 2, "cursor": cursor}).json()
        seen += [one["id"] for one in page["cases"]]
        cursor = page["next"]
    assert sorted(made) == sorted(seen)
    assert 5 == len(set(seen))


def test_provinces_are_ready_to_be_planned(client):
    named = client.get("/v1/provinces").json()["provinces"]
    assert {"zhejiang", "zhejiang-96", "shandong", "guangdong-96"} <= {one["name"] for one in named}
    assert 62 == len(named)
    answer = client.get(named[0]["url"])
    assert answer.headers["ETag"] == f'"{Case.model_validate_json(answer.content).hash}"'


def test_response_available_is_that_of_the_plan_in_force(busy, document):
    """10 MW are left by the issued plan of this hour; one of 25 MW is tried meanwhile, and one of 2030 is issued."""
    document["horizon"]["start"] = datetime.now(UTC).replace(minute=0, second=0, microsecond=0).isoformat()
    _issued(busy, done(busy, case=document))
    document["resources"][1]["contract_mw"] = 25
    done(busy, case=document)
    document["horizon"]["start"] = "2030-07-15T00:00:00+08:00"
    _issued(busy, done(busy, case=document))
    assert "gridflex_dispatch_response_available_megawatts 10.0" in busy.get("/metrics").text


def _issued(client, plan) -> None:
    for act in ("approve", "issue"):
        client.post(f"{plan['url']}/{act}").raise_for_status()


def test_health_metrics_and_the_document(busy, document):
    assert {"status": "ready"} == busy.get("/readyz").json()
    done(busy, case=document)
    figures = busy.get("/metrics").text
    for line in (
        'gridflex_dispatch_jobs_total{outcome="done"} 1.0',
        'gridflex_dispatch_plans_total{status="optimal"} 1.0',
        'gridflex_dispatch_solve_seconds_count{phase="search"} 1.0',
        "gridflex_dispatch_queue_length_jobs 0.0",
        "gridflex_dispatch_response_available_megawatts 10.0",
        'gridflex_dispatch_store_seconds_count{operation="writing"}',
    ):
        assert line in figures
    assert "3.1.0" == busy.get("/openapi.json").json()["openapi"]
