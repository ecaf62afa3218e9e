"""What the builder makes of a card is what the reference tables say, for every province that they hold."""

import csv
import os
import shutil
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from grid_models.errors import BadInput
from grid_models.provinces.years.build import build_province
from grid_models.provinces.years.from_tables import brought_to
from grid_models.provinces.years.load import Outlook
from grid_models.provinces.years.province_year import ProvinceYear

CHINA = Path(__file__).resolve().parents[2] / os.environ.get("GRIDFLEX_DATA", "../shared/data") / "china"
pytestmark = pytest.mark.data


def table(name: str) -> dict[str, dict[str, str]]:
    with (CHINA / name).open(encoding="utf-8") as file:
        return {row["province"]: row for row in csv.DictReader(file)}


STATS, CAPACITY = table("load_stats_2018.csv"), table("capacity_summary_gem_2023.csv")


@cache
def built(name: str, year: int, with_tables: bool = False) -> ProvinceYear:
    return build_province(name, year, CHINA if with_tables else None, weather_years=1)


@cache
def load_2018() -> dict[str, np.ndarray]:
    with (CHINA / "load_hourly_2018_MW.csv").open(encoding="utf-8") as file:
        head = file.readline().strip().split(",")
        rows = np.array([[float(cell) for cell in line.split(",")[1:]] for line in file])
    return dict(zip(head[1:], rows.T, strict=True))


@pytest.mark.parametrize("name", sorted(STATS))
def test_the_card_of_2018_has_the_figures_of_2018(name: str):
    """Peak within 0.1 %, energy and load factor within 0.5 %, hours over 95 % to the hour, annual rate within 0.03."""
    study, reference = built(name, 2018), load_2018()[name]
    load_mw = study.load_mw
    assert float(STATS[name]["peak_mw"]) == pytest.approx(load_mw.max(), rel=1e-3)
    assert reference.sum() == pytest.approx(load_mw.sum(), rel=5e-3)
    assert reference.mean() / reference.max() == pytest.approx(load_mw.mean() / load_mw.max(), rel=5e-3)
    assert float(STATS[name]["h_95"]) == pytest.approx((load_mw >= 0.95 * load_mw.max() - 1e-9).sum(), abs=1)
    assert 1 - reference.min() / reference.max() == pytest.approx(1 - load_mw.min() / load_mw.max(), abs=0.03)


def test_the_peak_day_of_2018_is_as_steep_as_it_was():
    """Peak-valley rate of the peak day: half of the provinces within 0.05, all within 0.16."""
    misses = [abs(float(STATS[name]["pv_rate_peak_day"]) - _rate_of_peak_day(built(name, 2018))) for name in STATS]
    assert np.median(misses) < 0.05
    assert max(misses) < 0.16


def _rate_of_peak_day(study: ProvinceYear) -> float:
    day = study.load_mw.reshape(365, 24)[study.load_mw.argmax() // 24]
    return float(1 - day.min() / day.max())


@pytest.mark.parametrize("name", sorted(CAPACITY))
def test_capacities_of_2023_are_those_of_the_lists(name: str):
    """By type within 1 % or 30 MW, from the card and from the tables; gas lists differ in units under construction."""
    row = CAPACITY[name]
    for with_tables in (False, True):
        if with_tables and name not in STATS:
            continue
        found = built(name, 2023, with_tables).capacity_mw()
        for kind, column in (("coal", "coal_mw"), ("gas", "gas_mw"), ("nuclear", "nuclear_mw")):
            assert float(row[column]) == pytest.approx(found.get(kind, 0.0), rel=0.01, abs=30), kind
        assert float(row["phs_operating_2023_mw"]) == pytest.approx(found["pumped hydro"], rel=0.01, abs=30)
        by_2030 = sum(one.mw for one in built(name, 2030, with_tables).facts.pumped_hydro if one.year <= 2030)
        assert float(row["phs_all_start_le_2030_mw"]) == pytest.approx(by_2030, rel=0.01, abs=30)


@pytest.mark.parametrize("name", sorted(STATS))
def test_card_and_tables_build_the_same_province(name: str):
    """2025: peak and energy to the megawatt, wind and sun within 1 %, the highest net load within 15 %."""
    card, tables = built(name, 2025), built(name, 2025, with_tables=True)
    assert card.load_mw.max() == pytest.approx(tables.load_mw.max(), rel=1e-4)
    assert card.load_mw.sum() == pytest.approx(tables.load_mw.sum(), rel=1e-3)
    assert card.net_load_mw.max() == pytest.approx(tables.net_load_mw.max(), rel=0.15, abs=400)
    for technology, mw in card.renewable_mw.items():
        if "hydro" not in technology:
            assert mw.sum() == pytest.approx(tables.renewable_mw[technology].sum(), rel=0.01), technology


def test_a_load_that_stretching_would_empty_is_bent_instead():
    """A load of 40 that rises to 100, mean 41.9; with a peak of 400 at the same mean its lowest hour would be 30."""
    given = 40 + 60 * np.linspace(0, 1, 8760) ** 30
    expected = Outlook(2025, 400.0, 400.0, 400.0, 42.0 * 8760)
    found = brought_to(given, expected)
    assert 400 == pytest.approx(found.max())
    assert 42 == pytest.approx(found.mean(), rel=1e-3)
    assert found.min() > 40


def test_a_province_that_the_tables_do_not_hold_is_refused_in_words():
    missing = sorted(set(table("provinces.csv")) - set(STATS))
    for name in missing:
        with pytest.raises(BadInput, match=f"has no column {name}"):
            build_province(name, 2025, CHINA)
    with pytest.raises(BadInput, match="lists no atlantis"):
        build_province("atlantis", 2025, CHINA)


def test_other_provinces_in_the_same_format_are_built(tmp_path: Path):
    """The tables with one province renamed to another: names are read, not known."""
    for file in CHINA.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        (tmp_path / file.name).write_text(text if file.name == "provinces.csv" else text.replace("Hebei", "Shandong"))
    study = build_province("shandong", 2025, tmp_path, weather_years=2)
    assert float(CAPACITY["Hebei"]["coal_mw"]) == pytest.approx(study.capacity_mw()["coal"], rel=0.06)
    assert study.day(study.peak_days(1)[0]).demand_mw.max() == pytest.approx(study.load_mw.max(), abs=0.1)


@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("load_hourly_2018_MW.csv", None, "is missing"),
        ("units_coal_gem_2023_07.csv", ("capacity_mw", "size"), "has no column capacity_mw"),
        ("load_hourly_2018_MW.csv", ("20117.7", "many"), "'many' is not a number"),
        ("load_hourly_2018_MW.csv", ("20117.7", "0"), "a load of 0 MW"),
        ("load_hourly_2018_MW.csv", ("2018-01-01 00:00:00", "2018-04-01 00:00:00"), "first hour must be"),
    ],
)
def test_tables_that_cannot_be_used_are_refused_in_words(
    tmp_path: Path, file: str, change: tuple[str, str] | None, words: str
):
    shutil.copytree(CHINA, tmp_path / "tables", copy_function=shutil.copyfile)
    broken = tmp_path / "tables" / file
    broken.parent.chmod(0o755)
    if change is None:
        broken.unlink()
    else:
        text = broken.read_text(encoding="utf-8")
        broken.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=words):
        build_province("anhui", 2025, tmp_path / "tables")
