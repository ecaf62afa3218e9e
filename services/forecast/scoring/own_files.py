"""Forecasts and what came, in a file of somebody's own: judged without a store."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from grid_models.quantities import Floats
from services.forecast.errors import Unreadable, Unusable
from services.forecast.known import Moments

NEEDED = ("forecast_mw", "actual_mw", "capacity_mw")


@dataclass(frozen=True)
class Pairs:
    """Row by row in the order of time; NaN where the file has nothing."""

    forecast_mw: Floats
    actual_mw: Floats
    capacity_mw: Floats
    shown: Moments | None
    """What the local clock shows at the beginning of each step; None where the file does not say."""


def read_pairs(file: Path) -> Pairs:
    """From a CSV with a column for each, and perhaps `time`."""
    try:
        frame = pd.read_csv(file)
    except ValueError as error:
        raise Unreadable(f"{file} is no CSV: {str(error).splitlines()[0][:200]}") from None
    missing = [name for name in NEEDED if name not in frame.columns]
    if missing:
        raise Unusable(f"{file} lacks the column {missing[0]}; it needs {', '.join(NEEDED)}", field=missing[0])
    forecast, actual, capacity = (_numbers(frame, name, file) for name in NEEDED)
    if "time" not in frame.columns:
        return Pairs(forecast, actual, capacity, None)
    shown = _clock(frame, file)
    order = np.argsort(shown, kind="stable")
    return Pairs(forecast[order], actual[order], capacity[order], shown[order])


def _numbers(frame: pd.DataFrame, name: str, file: Path) -> Floats:
    numbers = pd.to_numeric(frame[name], errors="coerce")
    wrong = np.flatnonzero((numbers.isna() & frame[name].notna()) | np.isinf(numbers))
    if len(wrong):
        raise Unusable(f"{file} row {wrong[0] + 2}: {name} is {frame[name].iloc[wrong[0]]!r}, no number", field=name)
    read: Floats = numbers.to_numpy(dtype=np.float64)
    if name == "capacity_mw" and (read <= 0).any():
        raise Unusable(f"{file} row {int((read <= 0).argmax()) + 2}: capacity_mw must be above 0", field=name)
    return read


def _clock(frame: pd.DataFrame, file: Path) -> Moments:
    """The wall clock as it is written, whatever its offset: rules speak of local hours and days."""
    shown = []
    for row, text in enumerate(frame["time"].astype(str), start=2):
        try:
            shown.append(datetime.fromisoformat(text).replace(tzinfo=None))
        except ValueError:
            raise Unusable(
                f"{file} row {row}: time is {text!r}; write it like 2030-07-15T08:30:00", field="time"
            ) from None
    return np.array(shown, dtype="datetime64[s]")
