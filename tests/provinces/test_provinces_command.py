"""`gridflex provinces` lists the cards and builds the case of a day, in tables and in JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from grid_models.formats import read_case
from gridflex.commands import main


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, ["provinces", *words])


def test_every_card_is_listed_with_its_grid_and_its_peak():
    listed = {row["name"]: row for row in json.loads(typed("--json").output)}
    assert 31 == len(listed)
    assert ("山东", "Shandong power grid", 2025) == tuple(
        listed["shandong"][field] for field in ("name_zh", "grid", "year")
    )
    assert "Guangdong power grid" in typed().output


def test_a_day_is_built_written_and_read_again(tmp_path: Path):
    """The second-highest day of 2027 comes back as 24 steps whose peak is no higher than the year's."""
    out = tmp_path / "hunan.yaml"
    answer = typed("build", "hunan", "--year", "2027", "--peak", "2", "--out", str(out), "--json")
    assert 0 == answer.exit_code, answer.output
    found = json.loads(answer.output)
    case = read_case(out).case
    assert 24 == case.steps
    assert found["day"] in case.name
    assert found["resources"] == len(case.resources)
    assert case.demand_mw.max() <= found["peak MW"] + 1
    assert 1.2e3 == found["capacity MW"]["pumped hydro"] - 1400  # Heimifeng and Pingjiang


def test_the_table_names_figures_and_capacities():
    answer = typed("build", "Inner Mongolia", "--date", "2025-02-03")
    assert 0 == answer.exit_code, answer.output
    for words in ("Inner Mongolia", "hours over 95 %", "load factor", "  onshore wind", "2025-02-03"):
        assert words in answer.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "atlantis"), "is not a province with a card"),
        (("build", "hunan", "--year", "1999"), "is no year that can be built"),
        (("build", "hunan", "--date", "2020-01-01"), "is not a day of the study"),
        (("build", "hunan", "--data", "/nowhere"), "is not a folder"),
        (("build", "hubei", "--step", "7"), "do not divide the hour"),
    ],
)
def test_what_cannot_be_built_is_said_in_one_line(words: tuple[str, ...], said: str):
    answer = typed(*words)
    assert 2 == answer.exit_code
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
