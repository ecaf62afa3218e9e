"""When schools are out, by region, and what a user knows better."""

from datetime import date

import pytest

from services.forecast.calendars.overriding import BadTable
from services.forecast.calendars.schools import OVERRIDES, school_is_out, terms


def test_typical_terms():
    """The Spring Festival of 2024 was on 10 February: out from 20 January to the 25th of February."""
    for day, out in (((2024, 1, 19), False), ((2024, 1, 20), True), ((2024, 2, 25), True), ((2024, 2, 26), False)):
        assert out == school_is_out(date(*day), "Zhejiang", "China")


def test_a_stretch_may_cross_the_new_year():
    days = [date(2024, 12, 22), date(2024, 12, 23), date(2025, 1, 2), date(2025, 1, 3)]
    assert [False, True, True, False] == [school_is_out(day, "US", "US") for day in days]


def test_a_province_has_terms_of_its_own(tmp_path, monkeypatch):
    """Where the file has the region its dates count, elsewhere the typical ones."""
    file = tmp_path / "schools.yaml"
    file.write_text("Zhejiang: {source: notice, verified: true, out: [{from: 2026-01-31, to: 2026-03-01}]}")
    monkeypatch.setenv(OVERRIDES, str(file))
    summer, winter = date(2026, 7, 15), date(2026, 3, 1)
    assert [False, True] == [school_is_out(day, "Zhejiang", "China") for day in (summer, winter)]
    assert [True, True] == [school_is_out(day, "Hubei", "China") for day in (summer, winter)]
    assert (True, False) == (terms(file)["Zhejiang"].verified, terms(file)["China"].verified)


@pytest.mark.parametrize(
    "stretch",
    [
        "{from: 07-01}",
        "{from: 02-30, to: 03-01}",
        "{from: 2026-03-01, to: 2026-01-31}",
        "{around: easter, from: 0, to: 1}",
        "July",
    ],
)
def test_a_stretch_that_makes_no_sense_is_named(tmp_path, stretch):
    file = tmp_path / "schools.yaml"
    file.write_text(f"Hubei: {{source: notice, out: [{stretch}]}}")
    with pytest.raises(BadTable, match="Hubei, stretch 1"):
        terms(file)
