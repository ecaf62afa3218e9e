"""ERCOT and NYISO, total load of tomorrow, issued at 18:00 UTC the day before: the operator's forecast, corrected."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.forecast.day_ahead import ACTUAL, OWN, TOTAL, DayAhead, last_months, scored
from benchmarks.forecast.protocol import Row, file_in

SETS = (
    (
        DayAhead("ERCOT", "America/Chicago", "US", 18.0, 12.0),
        "ercot_load_da_vs_actual.parquet",
        pd.Timestamp("2018-12-01"),
        2.0,
        2.0 / 2.27,
    ),
    (
        DayAhead("NYISO", "America/New_York", "US", 18.0, 12.0),
        "nyiso_load_da_vs_actual.parquet",
        pd.Timestamp("2019-12-01"),
        1.5,
        1.5 / 2.70,
    ),
)
"""File, last month of the official windows, MAPE to reach there; elsewhere as far below the operator's own."""


def rows(data: Path) -> Iterator[Row]:
    for of, file, official_last, reach, share in SETS:
        table = read(file_in(data, file))
        months = last_months(table)
        yield from scored(of, table, months, reach if months[-1] == official_last else None, share)


def read(path: Path) -> pd.DataFrame:
    """Forecast and load by hour: columns are (quantity, zone), the total among the zones."""
    wide = pd.read_parquet(path).pivot(index="t_utc", columns="zone", values=[OWN, ACTUAL]).astype(float)
    for quantity in (OWN, ACTUAL):
        zones = wide[quantity]
        wide[quantity, TOTAL] = zones.sum(axis=1).where(zones.notna().all(axis=1))
    return wide
