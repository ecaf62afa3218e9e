"""The statistics that come with the provincial load curves of 2018 come out of ours, figure by figure."""

import csv
import os
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from services.dispatch.assessment.peaks import LoadYear, peak_hours, peak_season, peak_valley_rates

CHINA = Path(__file__).resolve().parents[3] / os.environ.get("GRIDFLEX_DATA", "../shared/data") / "china"
pytestmark = pytest.mark.data


def table(name: str) -> list[dict[str, str]]:
    with (CHINA / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def loads() -> dict[str, LoadYear]:
    rows = table("load_hourly_2018_MW.csv")
    start = datetime.fromisoformat(rows[0]["time_beijing"])
    names = [name for name in rows[0] if name != "time_beijing"]
    return {name: LoadYear(np.array([float(row[name]) for row in rows]), start) for name in names}


def test_every_figure_of_every_province(loads: dict[str, LoadYear]):
    given = table("load_stats_2018.csv")
    assert [figures(row["province"], loads[row["province"]]) for row in given] == given


def figures(name: str, year: LoadYear) -> dict[str, str]:
    """Our row of the table, rounded as theirs."""
    row = {"province": name, "peak_mw": f"{year.peak_mw:.0f}", "target5_mw": f"{0.05 * year.peak_mw:.0f}"}
    for percent in (97, 95, 90):
        found = peak_hours(year, percent / 100)
        row |= {
            f"h_{percent}": f"{found.hours:.0f}",
            f"days_{percent}": str(found.days),
            f"longest_run_h_{percent}": f"{found.longest_run_h:.0f}",
            f"excess_MWh_{percent}": f"{found.above_mwh:.0f}",
            f"equiv_full_hours_{percent}": f"{found.full_load_hours:.1f}",
        }
    rates = peak_valley_rates(year)
    row |= {
        "pv_rate_peak_day": f"{round(rates.peak_day, 3)}",
        "pv_rate_max_day": f"{round(rates.max_day, 3)}",
        "pv_rate_mean": f"{round(rates.mean, 3)}",
        "peak_season": peak_season(year),
        "peak_time": str(year.moment(year.peak_step)),
        "top_hours_of_day": " ".join(str(hour) for hour in peak_hours(year, 0.95).top_hours),
    }
    return row
