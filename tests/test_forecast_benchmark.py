"""The frame of the forecast benchmark: what counts as reached, which season a day lies in, where files are found."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.forecast.day_ahead import DayAhead
from benchmarks.forecast.gefcom2014_load import rating
from benchmarks.forecast.protocol import Row, file_in, honesty, seasons


def row(metric: str, value: float, must_reach: float | None) -> Row:
    return Row("set", "gridflex", metric, value, "12 months", must_reach=must_reach)


def test_losses_are_reached_from_above_and_ratings_from_below():
    assert row("MAPE %", 1.9, 2.0).reached
    assert not row("rating", 0.5, 0.53).reached
    assert row("rating", 0.54, 0.53).reached
    assert row("MAPE %", 1.9, None).reached is None


def test_seasons():
    days = np.array(["2010-12-31", "2010-03-01", "2010-08-31", "2010-09-01"], dtype="datetime64[D]")
    assert ["winter", "spring", "summer", "autumn"] == seasons(days).tolist()


def test_honesty_counts_by_group():
    """Of 0, 1, 2 and 9 the last lies outside of 0 to 5: 3 of 4 in all, 1 of 2 in the second group."""
    actual, group = np.array([0.0, 1.0, 2.0, 9.0]), np.array(["a", "a", "b", "b"])
    said = honesty(actual, np.zeros(4), np.full(4, 5.0), {"lead": group})
    assert (0.75, 5.0) == (said["coverage"], said["width"])
    assert {"lead": {"a": 1.0, "b": 0.5}} == said["coverage_by"]


def test_files_lie_in_a_folder_or_in_its_folder_forecast(tmp_path):
    (tmp_path / "forecast").mkdir()
    (tmp_path / "forecast" / "a.parquet").touch()
    (tmp_path / "b.parquet").touch()
    assert "forecast" == file_in(tmp_path, "a.parquet").parent.name
    assert tmp_path == file_in(tmp_path, "b.parquet").parent
    with pytest.raises(FileNotFoundError, match="neither in"):
        file_in(tmp_path, "c.parquet")


def test_rating_weighs_later_tasks_more():
    """Skill 0 in the first and 1/2 in the second task: (1 * 0 + 2 * 1/2) / 3."""
    assert 1 / 3 == pytest.approx(rating(np.array([2.0, 1.0]), np.array([2.0, 2.0])))


def test_a_day_is_forecast_the_day_before():
    """Issued at 18:00 UTC, twelve hours before the day begins at 06:00 UTC."""
    of = DayAhead("ERCOT", "America/Chicago", "US", 18.0, 12.0)
    origins = of.origins(pd.Timestamp("2018-02-01"))
    assert 28 == len(origins)
    assert np.datetime64("2018-01-31T18:00") == origins[0]
    assert np.datetime64("2018-02-01T06:00") == of.times(origins[0])[0]
    assert np.datetime64("2018-03-01T05:00") == of.times(origins[-1])[-1]
