"""The peer, run by the Python of its own environment: mlforecast with LightGBM, lags and the calendar.

Reads series.parquet (ds, y and columns known ahead) and tasks.json from a folder, writes said.parquet there. A task is
`{"fit_before": T, "cuts": [T, ...], "hours": H, "quantiles": bool}`: learn from what lies before `fit_before`, then
forecast so many hours from each cut on.
"""

import json
import sys
from pathlib import Path

import lightgbm
import pandas as pd
from mlforecast import MLForecast
from mlforecast.utils import PredictionIntervals

LEVELS = list(range(2, 99, 2))
"""Central intervals; with the median they are the 99 quantiles."""


def main(folder: Path) -> None:
    table = pd.read_parquet(folder / "series.parquet").assign(unique_id="one")
    said = [answer for task in json.loads((folder / "tasks.json").read_text()) for answer in answers(table, task)]
    pd.concat(said).to_parquet(folder / "said.parquet")


def answers(table: pd.DataFrame, task: dict):
    hours, learnt = task["hours"], table[table["ds"] < task["fit_before"]]
    model = MLForecast(
        {"q50": lightgbm.LGBMRegressor(n_jobs=1, verbosity=-1)},
        freq="h",
        lags=[1, 2, 3, 24, 48, 168],
        date_features=["hour", "dayofweek", "dayofyear"],
    )
    intervals = PredictionIntervals(n_windows=2, h=hours) if task["quantiles"] else None
    model.fit(learnt, static_features=[], prediction_intervals=intervals)
    known_ahead = [name for name in table.columns if name not in ("unique_id", "ds", "y")]
    for cut in task["cuts"]:
        past = table[table["ds"] < cut].tail(24 * 30)
        ahead = pd.DataFrame({"unique_id": "one", "ds": pd.date_range(cut, periods=hours, freq="h")})
        ahead = ahead.merge(table[["ds", *known_ahead]], how="left", on="ds")
        future = {"X_df": ahead} if known_ahead else {}
        new = {} if task["quantiles"] else {"new_df": past}
        answer = model.predict(hours, level=LEVELS if task["quantiles"] else None, **new, **future)
        yield renamed(answer).assign(cut=cut)


def renamed(answer: pd.DataFrame) -> pd.DataFrame:
    """Columns q01 to q99."""
    names = {f"q50-lo-{level}": f"q{50 - level // 2:02d}" for level in LEVELS}
    names |= {f"q50-hi-{level}": f"q{50 + level // 2:02d}" for level in LEVELS}
    return answer.rename(columns=names)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
