"""Forecasts as files: one row per series and step, one column per level."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from services.forecast.errors import Unusable
from services.forecast.store.forecasts import Issue


def write(issues: Sequence[Issue], path: Path) -> None:
    """As .csv, .parquet or .json, by the suffix."""
    if not path.parent.is_dir():
        raise Unusable(f"{path}: there is no folder {path.parent}")
    frame = pd.concat([_frame(issue) for issue in issues], ignore_index=True)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    elif path.suffix == ".json":
        frame.to_json(path, orient="records", date_format="iso")
    else:
        raise Unusable(f"{path}: forecasts are written as .csv, .parquet or .json; give the file one of these suffixes")


def _frame(issue: Issue) -> pd.DataFrame:
    told = {
        "series": issue.series,
        "time": pd.DatetimeIndex(issue.times, tz="UTC"),
        "unit": issue.unit,
        "basis": issue.basis,
    }
    levels = {f"q{level:g}": issue.quantiles[:, place].round(3) for place, level in enumerate(issue.levels)}
    return pd.DataFrame(told | levels)
