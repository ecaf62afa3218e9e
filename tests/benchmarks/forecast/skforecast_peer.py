"""The peer, run by the Python of its own environment: skforecast, recursive, with LightGBM, lags and the calendar.

Reads and writes what `mlforecast_peer.py` does, and sees the same. Intervals are conformal, on residuals out of sample
and binned by what was predicted, as its guide to probabilistic forecasting advises; the residuals are those of the last
two windows as long as the forecast, by a model that had not seen them.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
from skforecast.preprocessing import CalendarFeatures
from skforecast.recursive import ForecasterRecursive

LEVELS = list(range(2, 99, 2))
"""Central intervals; with the median they are the 99 quantiles."""
WINDOWS = 2


def main(folder: Path) -> None:
    table = pd.read_parquet(folder / "series.parquet").set_index("ds").asfreq("h")
    said = [answer for task in json.loads((folder / "tasks.json").read_text()) for answer in answers(table, task)]
    pd.concat(said).to_parquet(folder / "said.parquet")


def answers(table: pd.DataFrame, task: dict[str, Any]) -> Iterator[pd.DataFrame]:
    learnt = table[table.index < task["fit_before"]]
    model = fitted(learnt)
    if task["quantiles"]:
        model.set_out_sample_residuals(*unseen(learnt, task["hours"]), random_state=1)
    for cut in task["cuts"]:
        asked = {
            "steps": task["hours"],
            "last_window": table["y"][table.index < cut].tail(model.window_size),
            "exog": ahead(table, pd.Timestamp(cut), task["hours"]),
        }
        yield (quantiles if task["quantiles"] else point)(model, asked).rename_axis("ds").reset_index().assign(cut=cut)


def fitted(learnt: pd.DataFrame) -> ForecasterRecursive:
    model = ForecasterRecursive(
        lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1),
        lags=[1, 2, 3, 24, 48, 168],
        calendar_features=CalendarFeatures(features=["hour", "day_of_week", "day_of_year"], encoding=None),
    )
    known_ahead = learnt.drop(columns="y")
    model.fit(learnt["y"], exog=None if known_ahead.empty else known_ahead)
    return model


def unseen(learnt: pd.DataFrame, hours: int) -> tuple[np.ndarray, np.ndarray]:
    """What came and what was predicted in the last windows, by a model of what lies before them."""
    starts = [learnt.index[-hours * back] for back in range(WINDOWS, 0, -1)]
    model = fitted(learnt[learnt.index < starts[0]])
    predicted = pd.concat(
        [
            model.predict(
                hours,
                last_window=learnt["y"][learnt.index < start].tail(model.window_size),
                exog=ahead(learnt, start, hours),
            )
            for start in starts
        ]
    )
    return learnt["y"].loc[predicted.index].to_numpy(), predicted.to_numpy()


def ahead(table: pd.DataFrame, start: pd.Timestamp, hours: int) -> pd.DataFrame | None:
    known_ahead = table.drop(columns="y")
    return None if known_ahead.empty else known_ahead.reindex(pd.date_range(start, periods=hours, freq="h"))


def point(model: ForecasterRecursive, asked: dict[str, Any]) -> pd.DataFrame:
    return model.predict(**asked).to_frame("q50")


def quantiles(model: ForecasterRecursive, asked: dict[str, Any]) -> pd.DataFrame:
    """Columns q01 to q99."""
    columns = {}
    for level in LEVELS:
        interval = model.predict_interval(
            **asked, method="conformal", interval=level / 100, use_in_sample_residuals=False, use_binned_residuals=True
        )
        columns |= {"q50": interval["pred"]}
        columns |= {
            f"q{50 - level // 2:02d}": interval["lower_bound"],
            f"q{50 + level // 2:02d}": interval["upper_bound"],
        }
    return pd.DataFrame(columns)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
