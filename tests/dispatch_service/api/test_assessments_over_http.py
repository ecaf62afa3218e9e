"""Assessments over HTTP: from the question to the page, by a worker of its own."""

import pytest
from asking import at_work, ended, problem, uploaded

from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.store import Store

QUICK = {"profiles": ["CN-2024-128"], "sample_years": 20, "time_limit_s": 20}


@pytest.fixture
def busy(settings, client):
    """The service with a worker."""
    with at_work(settings):
        yield client


def asked(client, **wish) -> dict:
    response = client.post("/v1/assessments", json=wish)
    assert 202 == response.status_code, response.text
    assert response.headers["Location"] == response.json()["url"]
    return response.json()


def test_a_stored_case_is_assessed_and_its_report_can_be_read(busy, document):
    """10 MW of contracts before a peak of 90: 11.11 % of the 5 % asked."""
    case = uploaded(busy, document)
    one = ended(busy, asked(busy, case_id=case["id"], **QUICK))
    assert "done" == one["status"], one["error"]
    assert ("yes", pytest.approx(10 / 90), "CN-2024-128") == tuple(
        one["summary"][name] for name in ("answer", "ratio", "profile")
    )
    answer = busy.get(f"{one['url']}/result")
    found = Assessment.model_validate_json(answer.content)
    assert found.hash == one["summary"]["hash"]
    assert 1 == len(found.days)
    assert 304 == busy.get(f"{one['url']}/result", headers={"If-None-Match": answer.headers["ETag"]}).status_code
    page = busy.get(f"{one['url']}/report")
    assert "text/html; charset=utf-8" == page.headers["content-type"]
    assert "style-src 'unsafe-inline'" in page.headers["content-security-policy"]
    assert "answers 11.11% of its peak" in page.text
    assert "尖峰负荷响应能力" in busy.get(f"{one['url']}/report?lang=zh").text
    assert 'gridflex_dispatch_assessments_total{answer="yes"} 1.0' in busy.get("/metrics").text


RATIOS = (0.92, 0.85, 0.78, 0.95)


def measured(name: str) -> list[dict]:
    return [{"responder": name, "date": f"2030-0{month}-10", "ratio": ratio} for month, ratio in enumerate(RATIOS, 1)]


def test_tests_of_a_register_are_verified_over_http(busy, document):
    """Four tests with a lower bound of .8128: 10 MW of contracts count 8.128. A name that nobody bears is refused."""
    case = uploaded(busy, document)
    (name,) = [one["name"] for one in document["resources"] if one["kind"] == "interruptible_load"]
    wish = {"case_id": case["id"], "profiles": ["MISO"], "commitment": False, "sample_years": 0}
    date_of_case = {"today": "2030-07-15"}
    one = ended(busy, asked(busy, **wish, registered={"tests": measured(name), **date_of_case}))
    assert "done" == one["status"], one["error"]
    assert 8.128 == pytest.approx(one["summary"]["counted_mw"], abs=5e-4)
    other = ended(busy, asked(busy, **wish, registered={"tests": measured("nobody")}))
    assert "failed" == other["status"]
    assert "nobody is called 'nobody'" in str(other["error"])


def test_the_same_question_is_answered_from_the_store(busy, document):
    case = uploaded(busy, document)
    first = ended(busy, asked(busy, case_id=case["id"], **QUICK))
    again = asked(busy, case_hash=case["hash"], **QUICK)
    assert ("done", first["question"], 1) == (again["status"], again["question"], again["attempts"])
    assert [again["id"], first["id"]] == [one["id"] for one in busy.get("/v1/assessments").json()["assessments"]]
    page = busy.get("/v1/assessments?limit=1").json()
    assert [first["id"]] == [
        one["id"] for one in busy.get(f"/v1/assessments?cursor={page['next']}").json()["assessments"]
    ]


def test_a_plan_stays_the_newest_in_the_metrics(busy, document):
    """An assessment that ends after it says nothing of the response that is available now."""
    case = uploaded(busy, document)
    plan = busy.post("/v1/plans", json={"case_id": case["id"]}).json()
    assert "done" == ended(busy, plan)["status"]
    ended(busy, asked(busy, case_id=case["id"], **QUICK))
    assert "gridflex_dispatch_response_available_megawatts 10.0" in busy.get("/metrics").text


def test_a_province_is_asked_about_by_name_and_cancelled(client):
    """Nobody works: the worst day is kept as a case, and the work is not wanted any more."""
    one = asked(client, province="hainan", year=2030, peak_days=2)
    assert ("queued", "hainan 2030") == (one["status"], one["subject"])
    assert 200 == client.get(f"/v1/cases/{one['case_hash']}").status_code
    assert "cancelled" == client.delete(one["url"]).json()["status"]
    words = problem(client.get(f"{one['url']}/result"), 409, "assessment-not-done")
    assert "it is cancelled" in words


def test_a_request_under_its_key_is_made_once(client):
    keyed = {"Idempotency-Key": "once"}
    wish = {"province": "hainan", "year": 2030}
    first, second = (client.post("/v1/assessments", json=wish, headers=keyed).json() for _ in range(2))
    assert first["id"] == second["id"]
    other = client.post("/v1/assessments", json=wish | {"year": 2029}, headers=keyed)
    problem(other, 409, "idempotency-key-used")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({}, "name one subject"),
        ({"province": "hainan", "case_id": "x"}, "name one subject"),
        ({"province": "atlantis"}, "is not a province with a card"),
        ({"province": "hainan", "year": 2031}, "year: must be at most 2030"),
        ({"province": "hainan", "profiles": ["CN-1999"]}, "profiles: there is no definition 'CN-1999'"),
        ({"province": "hainan", "peak_days": 0}, "peak_days: must be at least 1"),
        ({"province": "hainan", "sample_years": 10**6}, "sample_years: must be at most 20,?000"),
        ({"province": "hainan", "threads": 64}, "threads: 64 are more than the 8"),
        ({"province": "hainan", "gap": 2}, "gap: must be at most 1"),
        ({"province": "hainan", "surprise": 1}, "surprise"),
    ],
)
def test_what_cannot_be_assessed_is_refused_in_words(client, wish, words):
    import re

    assert re.search(words, problem(client.post("/v1/assessments", json=wish), 422, "unusable"))


def test_retention_takes_old_assessments_with_their_results(busy, document, settings):
    case = uploaded(busy, document)
    ended(busy, asked(busy, case_id=case["id"], **QUICK))
    with Store.open(settings.url) as store:
        assert 0 == store.retain(1)["assessments"]
        gone = store.retain(-1)
    assert (1, 1) == (gone["assessments"], gone["results"])
