"""Peak and valley by month and hour."""

import numpy as np
import pytest

from services.forecast.calendars.overriding import BadTable
from services.forecast.calendars.tariffs import OVERRIDES, tariff


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


def test_the_environment_names_a_file(tmp_path, monkeypatch):
    """Its regions take the place of ours; the others stay."""
    file = tmp_path / "tariffs.yaml"
    file.write_text("China: {periods: [{level: valley, months: [7], hours: [[12, 14]]}]}")
    monkeypatch.setenv(OVERRIDES, str(file))
    at = np.array(["2024-07-01T03:00", "2024-07-01T13:30"], dtype="datetime64[s]")
    assert [0, -1] == tariff(None).at(at).tolist()
    assert -1 == tariff("Zhejiang").at(at)[0]


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ("{level: peak, months: [13], hours: [[0, 1]]}", "must lie from 1 to 12"),
        ("{level: peak, months: [1], hours: [[22, 25]]}", "must rise within 0 to 24"),
        ("{level: dear, months: [1], hours: [[0, 1]]}", "level is one of deep_valley"),
        ("{level: peak, hours: [[0, 1]]}", "'months'"),
        ("peak", "period 1: peak"),
    ],
)
def test_periods_that_make_no_sense_are_named(tmp_path, period, words):
    file = tmp_path / "tariffs.yaml"
    file.write_text(f"Hubei: {{source: notice, periods: [{period}]}}")
    with pytest.raises(BadTable, match="Hubei, period 1") as refused:
        tariff("Hubei", file)
    assert words in str(refused.value)


def test_a_file_that_is_none_is_named(tmp_path):
    with pytest.raises(BadTable, match=r"nowhere\.yaml: cannot be read"):
        tariff("Hubei", tmp_path / "nowhere.yaml")
