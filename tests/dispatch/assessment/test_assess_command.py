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
