"""Cases and plans from Python, on the real service with a real worker."""

import asyncio
import io

import openpyxl
import pytest

from grid_models.case import Case
from gridflex.client import (
    AsyncClient,
    Changed,
    Client,
    Conflict,
    Failed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    StillGoing,
    Unusable,
)
from services.dispatch.store import Store


def test_a_plan_in_one_line(client, document):
    """80 and 90 MWh at 300 CNY."""
    heard = []
    frame = client.plan(document, gap=0.0).wait(progress=heard.append).to_pandas()
    power = frame[(frame.name == "coal") & (frame.quantity == "power_mw")]
    assert [80.0, 90.0] == power.sort_values("time").value.tolist()
    assert "done" == heard[-1]["status"]


def test_progress_is_told_on_the_error_stream(client, document, capfd):
    client.plan(document, seed=3).wait(progress=True)
    assert "done" == capfd.readouterr().err.splitlines()[-1]


def test_results_come_in_every_form(client, document):
    ticket = client.plan(Case.model_validate(document)).wait()
    assert pytest.approx(170 * 300) == ticket.plan().cost
    assert ticket.result("csv").startswith(b"time,kind,name,quantity,value")
    assert b"PAR1" == ticket.result("parquet")[:4]
    assert openpyxl.load_workbook(io.BytesIO(ticket.result("xlsx"))).sheetnames
    assert pytest.approx(170 * 300) == ticket.summary["cost"]
    assert (True, []) == (ticket.verdict()["accepted"], ticket.calls())


def test_a_plan_lives_from_draft_to_issued_and_is_planned_anew(client, document):
    ticket = client.plan(document).wait()
    with pytest.raises(Conflict, match="only a plan that is approved is issued"):
        ticket.issue()
    assert "issued" == ticket.approve().issue().document["life"]
    assert [ticket.id] == [one["id"] for one in client.plans.each(life="issued")]
    rest = ticket.replan("2030-07-15T01:00:00+08:00", gap=0.0).wait()
    assert pytest.approx(90 * 300) == rest.summary["cost"]
    assert "2030-07-15T01:00:00+08:00" == ticket.diff(rest.id)["since"]
    assert {ticket.id, rest.id} == {one["id"] for one in client.plans.page()["plans"]}
    assert rest.id == client.plans.get(rest.id).look().id


def test_cases_are_kept_changed_and_removed(client, document, tmp_path):
    stored = client.cases.upload(document)
    assert client.cases.validate(document)["hash"] == stored["hash"]
    dearer = document | {"carbon_price_per_t": 100.0}
    with pytest.raises(Changed, match="changed meanwhile"):
        client.cases.replace(stored["id"], dearer, if_match="0" * 64)
    assert 2 == client.cases.replace(stored["id"], dearer, if_match=stored["hash"])["version"]
    assert 100.0 == client.cases.get(stored["id"]).carbon_price_per_t
    assert [2, 1] == [one["version"] for one in client.cases.versions(stored["id"])]
    file = tmp_path / "case.json"
    file.write_text(client.cases.get(stored["hash"]).model_dump_json())
    again = client.cases.upload(file)
    assert {stored["id"], again["id"]} == {one["id"] for one in client.cases.each()}
    client.cases.remove(stored["id"])
    with pytest.raises(NotFound, match=stored["id"]):
        client.cases.get(stored["id"])
    assert "done" == client.plan(file).wait().status
    assert "done" == client.plan(case_id=again["id"], seed=4).wait().status


def test_provinces_and_who_asked(client):
    assert "zhejiang" in client.provinces.names()
    assert 24 == client.provinces.get("zhejiang").steps
    client.cases.upload(client.provinces.get("zhejiang"))
    assert "/v1/cases" == next(iter(client.audit.each()))["path"]
    assert client.audit.page(limit=1)["entries"]


def test_what_is_refused_is_said_in_the_words_of_the_service(working, client, document):
    with pytest.raises(Unusable, match=r"demand_mw") as refused:
        client.plan(document | {"zones": [{"name": "system", "demand_mw": [80.0]}]})
    assert (422, True) == (refused.value.status, bool(refused.value.facts["request_id"]))
    with pytest.raises(NotFound, match="GET /v1/plans lists them"):
        client.plans.get("none")
    with Client(working.url) as nobody, pytest.raises(NotSignedIn, match="send an API key"):
        nobody.plans.page()


def test_a_key_that_may_only_look_is_not_allowed_to_plan(settings, dispatch_url, document):
    with Store.open(settings.url) as store:
        _, looking = store.access.create("looking", ("viewer",))
    with Client(dispatch_url, looking) as client, pytest.raises(NotAllowed, match="this needs planner"):
        client.plan(document)


def test_a_plan_that_cannot_be_made_says_why(client, document):
    with pytest.raises(Failed, match="names a forecast_series") as failed:
        client.plan(document, forecast="median").wait()
    assert "failed" == failed.value.ticket.status


def test_waiting_ends_when_patience_does_and_the_plan_can_be_cancelled(settings, dispatch_url, key, document):
    """Nobody is at work, so it waits for ever."""
    with Client(dispatch_url, key) as client:
        ticket = client.plan(document)
        with pytest.raises(StillGoing, match="goes on"):
            ticket.wait(timeout_s=0.2)
        assert "cancelled" == ticket.cancel().status
        with pytest.raises(Failed, match="was cancelled"):
            ticket.wait()


def test_an_idempotency_key_of_ones_own_asks_once(client, document):
    tickets = [client.plan(document, key="monday") for _ in range(2)]
    assert tickets[0].id == tickets[1].id
    assert tickets[0].id != client.plan(document).id


def test_the_same_words_are_awaited(working, document):
    async def asked():
        async with AsyncClient(working.url, working.key) as client:
            stored = await client.cases.upload(document)
            tickets = await asyncio.gather(*(client.plan(case_id=stored["id"], seed=seed) for seed in (1, 2)))
            done = await asyncio.gather(*(ticket.wait() for ticket in tickets))
            frames = [await ticket.to_pandas() for ticket in done]
            with pytest.raises(NotFound):
                await client.plans.get("none")
            return [one["id"] async for one in client.plans.each()], done, frames

    listed, done, frames = asyncio.run(asked())
    assert set(listed) == {ticket.id for ticket in done}
    assert all(len(frame) for frame in frames)


def test_an_assessment_in_one_line(client, document):
    """No response at all: none of the 5 % asked."""
    stored = client.cases.upload(document)
    ticket = client.assessments.ask(case_id=stored["id"], profiles=["CN-2024-128"], sample_years=0).wait()
    assert ("no", 0.0) == (ticket.summary["answer"], ticket.summary["ratio"])
    assert ticket.summary["peak_mw"] == ticket.result()["load"]["peak_mw"]
    assert "尖峰负荷响应能力" in ticket.report(lang="zh")
    assert [ticket.id] == [one["id"] for one in client.assessments.each()]
    assert "done" == client.assessments.get(ticket.id).status
