"""`gridflex assess` answers in words, and in JSON that can be read again."""

from pathlib import Path

import pytest
from dispatch.building import case, thermal
from typer.testing import CliRunner

from grid_models.formats import write_case
from grid_models.resources import InterruptibleLoad
from gridflex.commands import main
from services.dispatch.assessment.document.assessment import Assessment


@pytest.fixture
def province(tmp_path: Path) -> Path:
    """A peak of 100 MW for one hour of three, 6 MW of contracts, 96 MW of supply."""
    mill = InterruptibleLoad(name="mill", contract_mw=6, price_per_mwh=2000)
    path = tmp_path / "case.yaml"
    write_case(case([80, 100, 80], thermal(high=96), mill), path)
    return path


def test_the_verdict_comes_first_and_the_json_holds_it_all(province: Path, tmp_path: Path):
    """6 % of the peak; without the mill 4 MWh are unserved."""
    out = tmp_path / "out.json"
    answer = CliRunner().invoke(main, ["assess", str(province), "--profile", "CN-2024-128", "--json", str(out)])
    assert answer.exit_code == 0, answer.output
    assert "answers 6.00% of its peak of 100.0 MW (CN-2024-128: contracted, 5% asked: yes)" in answer.output
    found = Assessment.model_validate_json(out.read_text(encoding="utf-8"))
    assert [4, 0] == pytest.approx(
        [one.unserved_mwh for one in (found.days[0].without, found.days[0].answered)], abs=1e-6
    )
    assert found.hash in answer.output


def test_an_unknown_definition_is_refused_in_words(province: Path):
    answer = CliRunner().invoke(main, ["assess", str(province), "--profile", "CN-1999", "--no-commitment"])
    assert answer.exit_code == 2
    assert "accepted are CN-2021" in answer.output


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["hainan", "--days", "2"], "--days says nothing"),
        (["hainan", "--out", "here"], "--out says nothing"),
        (["--all", "--report", "all.html"], "--report says nothing"),
        (["atlantis"], "see `gridflex provinces`"),
        (["海南", "--days", "2"], "--days says nothing"),
        (["Inner Mongolia", "--days", "2"], "--days says nothing"),
        (["--all", "hainan"], "name one case or province"),
        (["hainan", "--report", "one.html", "--json", "one.html"], "name two files"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused_before_the_work(typed: list[str], told: str):
    answer = CliRunner().invoke(main, ["assess", *typed])
    assert answer.exit_code == 2
    assert told in answer.output


def test_a_case_knows_its_own_year(province: Path):
    answer = CliRunner().invoke(main, ["assess", str(province), "--year", "2030"])
    assert answer.exit_code == 2
    assert "--year says nothing" in answer.output


REGISTER = """
tests:
  - {responder: steel, date: 2030-01-10, ratio: 0.92}
  - {responder: steel, date: 2030-03-10, ratio: 0.85}
  - {responder: steel, date: 2030-05-10, ratio: 0.78}
  - {responder: steel, date: 2030-06-10, ratio: 0.95}
delivery: {steel: 0.9}
"""


@pytest.fixture
def works(tmp_path: Path) -> Path:
    """A peak of 4,000 MW; a steel works under contract for 200."""
    steel = InterruptibleLoad(name="steel", contract_mw=200, price_per_mwh=2000)
    path = tmp_path / "works.yaml"
    write_case(case([3000, 4000, 3000], thermal(high=4000), steel), path)
    return path


def test_tests_of_a_register_are_what_is_verified(works: Path, tmp_path: Path):
    """Mean .875 of four tests, lower bound .8128: 200 MW count 162.6, which is 4.06 % of 4,000."""
    register, out = tmp_path / "register.yaml", tmp_path / "out.json"
    register.write_text(REGISTER)
    typed = ["assess", str(works), "--no-commitment", "--sample-years", "0", "--profile", "MISO"]
    answer = CliRunner().invoke(main, [*typed, "--register", str(register), "--json", str(out)])
    assert answer.exit_code == 0, answer.output
    verdict = Assessment.model_validate_json(out.read_text(encoding="utf-8")).of("MISO")
    assert 162.6 == pytest.approx(verdict.counted_mw, abs=0.05)
    assert 180 == pytest.approx(verdict.capability.deliverable_mw, abs=0.01)
    assert "answers 4.06% of its peak" in answer.output
    assert "was not tested" in CliRunner().invoke(main, typed).output


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("delivery: {stel: 0.9}", "nobody is called 'stel'; there are steel"),
        ("delivery: {steel: 1.2}", "delivery.steel: must be at most 1 (got 1.2)"),
        ("captive: [steel]", "nobody is called 'steel'; there are"),
        ("tests: [{responder: steel, date: 2030-01-10}]", "ratio: is required and missing"),
        ("[1, 2", "cannot be read as YAML"),
        ("- steel", "must be a mapping of fields"),
    ],
)
def test_a_register_that_cannot_be_used_is_refused_in_words(works: Path, tmp_path: Path, text: str, told: str):
    register = tmp_path / "register.yaml"
    register.write_text(text)
    answer = CliRunner().invoke(main, ["assess", str(works), "--no-commitment", "--register", str(register)])
    assert answer.exit_code == 2
    assert told in " ".join(answer.output.split())
