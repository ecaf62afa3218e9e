"""Peak and valley by month and hour."""

import numpy as np
import pytest

from services.forecast.calendars.tariffs import BadTariff, tariff


def test_night_is_valley_and_summer_evenings_are_dear():
    at = np.array(["2024-07-01T03:00", "2024-07-01T18:30", "2024-04-01T18:30"], dtype="datetime64[s]")
    assert [-1, 2, 1] == tariff("China").at(at).tolist()


def test_no_table_no_tariff():
    assert tariff("US") is None


def test_a_table_of_a_user(tmp_path):
    file = tmp_path / "tariffs.yaml"
    file.write_text("Hubei: {source: notice, verified: true, periods: [{level: peak, months: [1], hours: [[22, 24]]}]}")
    found = tariff("Hubei", file)
    assert found.verified
    assert [0, 1] == found.levels[0, [21, 22]].tolist()


def test_months_beyond_the_year_are_refused(tmp_path):
    file = tmp_path / "tariffs.yaml"
    file.write_text("Hubei: {source: notice, verified: true, periods: [{level: peak, months: [13], hours: [[0, 1]]}]}")
    with pytest.raises(BadTariff, match="13"):
        tariff("Hubei", file)
