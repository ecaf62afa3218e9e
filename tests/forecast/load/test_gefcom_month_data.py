"""A month of the competition, end to end: ours is closer than last year's load and than the untuned reference."""

import pandas as pd
import pytest
from benchmarks.forecast.gefcom2014_load import FILE, benchmark, ours, pinball, read, untuned

pytestmark = [pytest.mark.data, pytest.mark.slow]


def test_may_of_2009(data):
    table = read(data / "forecast" / FILE)
    month = pd.Timestamp("2009-05-01")
    mine, plain, naive = (pinball(table, month, method) for method in (ours, untuned, benchmark))
    assert mine < plain < naive
