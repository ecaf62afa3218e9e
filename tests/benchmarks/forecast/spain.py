"""Spain, load of tomorrow: the transmission operator's own forecast, corrected. For information: it is good already.

The file does not say when the forecast was issued; 17:00 UTC of the day before is assumed, and the day begins at 23:00.
"""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.forecast.day_ahead import ACTUAL, OWN, TOTAL, DayAhead, last_months, scored
from benchmarks.forecast.protocol import Row, file_in

FILE = "spain_load_wind_solar.parquet"
SPAIN = DayAhead("Spain load", "Europe/Madrid", "Spain", 17.0, 6.0)


def rows(data: Path) -> Iterator[Row]:
    table = read(file_in(data, FILE))
    yield from scored(SPAIN, table, last_months(table), None, None)


def read(path: Path) -> pd.DataFrame:
    """One zone, the total; hours that the file repeats or lacks are once or NaN."""
    table = pd.read_parquet(path).drop_duplicates("t_utc").set_index("t_utc").asfreq("h")
    columns = {(OWN, TOTAL): table["total_load_forecast"], (ACTUAL, TOTAL): table["total_load_actual"]}
    return pd.DataFrame(columns).astype(float)
