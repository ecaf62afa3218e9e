"""GEFCom2014 load: a month at a time, nothing known of its weather; mean pinball loss over 99 quantiles.

Each task learns from everything before the month. The file's last twelve months are scored, as tasks 4 to 15 were.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd

from benchmarks.forecast import peer
from benchmarks.forecast.peer import Peer
from benchmarks.forecast.protocol import Row, file_in, honesty, seasons
from grid_models.forecast import SeriesDescription
from services.forecast.known import Known, Observed, moment
from services.forecast.models.base import Task
from services.forecast.models.load_weather_scenarios import LoadWeatherScenarios
from services.forecast.scoring.scores import mean_pinball

FILE = "gefcom2014_load.parquet"
LEVELS = np.arange(1, 100) / 100
MONTHS = 12
OFFICIAL_LAST = pd.Timestamp("2011-12-01")
STATIONS = tuple(f"w{number}" for number in range(1, 26))
Method = Callable[[pd.DataFrame, pd.DatetimeIndex], np.ndarray]


def rows(data: Path) -> Iterator[Row]:
    table = read(file_in(data, FILE))
    months = pd.date_range(table["load_mw"].last_valid_index().to_period("M").start_time, periods=MONTHS, freq="-1MS")[
        ::-1
    ]
    yield from scored(table, months)


def read(path: Path) -> pd.DataFrame:
    """By the beginning of the hour, which the file counts by its end."""
    table = pd.read_parquet(path).set_index("t_end")
    table.index = table.index - pd.Timedelta(hours=1)
    return table.astype(float)


def scored(table: pd.DataFrame, months: pd.DatetimeIndex) -> Iterator[Row]:
    """All methods on these months."""
    windows = f"{len(months)} months to {months[-1]:%Y-%m}"
    naive = {month: pinball(table, month, benchmark) for month in months}
    yield from _rows("same month last year", table, months, benchmark, naive, windows)
    references = list(_rows("untuned LightGBM and weather scenarios", table, months, untuned, naive, windows))
    yield from references
    for other in peer.installed():
        yield from _rows(other.name, table, months, partial(by_peer, other), naive, windows)
    official = months[-1] == OFFICIAL_LAST
    reach = {"pinball99 MW": 7.10 if official else 0.96 * references[0].value, "rating": 0.53 if official else None}
    for row in _rows("gridflex", table, months, ours, naive, windows):
        yield Row(**{**vars(row), "must_reach": reach[row.metric]})


def hours_of(month: pd.Timestamp) -> pd.DatetimeIndex:
    return pd.date_range(month, month + pd.offsets.MonthBegin(1), freq="h", inclusive="left")


def pinball(table: pd.DataFrame, month: pd.Timestamp, method: Method) -> float:
    hours = hours_of(month)
    return mean_pinball(table["load_mw"][hours].to_numpy(), method(table, hours), LEVELS)


def _rows(
    name: str,
    table: pd.DataFrame,
    months: pd.DatetimeIndex,
    method: Method,
    naive: dict[pd.Timestamp, float],
    windows: str,
) -> Iterator[Row]:
    started_s = time.monotonic()
    hours = [hours_of(month) for month in months]
    said = [method(table, of_month) for of_month in hours]
    came = [table["load_mw"][of_month].to_numpy() for of_month in hours]
    losses = np.array([mean_pinball(actual, quantiles, LEVELS) for actual, quantiles in zip(came, said, strict=True)])
    benchmarks = np.array([naive[month] for month in months])
    every, actual, times = np.concatenate(said), np.concatenate(came), np.concatenate([of.to_numpy() for of in hours])
    lead = np.concatenate([np.where(np.arange(len(of)) < 168, "first week", "later") for of in hours])
    honest = honesty(actual, every[:, 4], every[:, 94], {"season": seasons(times), "lead": lead})
    seconds = time.monotonic() - started_s
    yield Row("GEFCom2014 load", name, "pinball99 MW", float(losses.mean()), windows, **honest, seconds=seconds)
    yield Row("GEFCom2014 load", name, "rating", rating(losses, benchmarks), windows)


def rating(losses: np.ndarray, benchmarks: np.ndarray) -> float:
    """The competition's: later tasks weigh more."""
    weights = np.arange(1, len(losses) + 1)
    return float((weights * (1 - losses / benchmarks)).sum() / weights.sum())


def benchmark(table: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    """The competition's: the same month of last year, every quantile the same."""
    load = table["load_mw"].reindex(hours - pd.DateOffset(years=1)).to_numpy()
    return np.repeat(load[:, None], len(LEVELS), axis=1)


def untuned(table: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    """The reference measurement: LightGBM with default parameters, all stations' mean, weather of past years.

    Years are shifted by up to four days; the model's own errors in training are spread around each scenario.
    """
    past = table[table.index < hours[0]]
    features = _untuned_features(table)
    learnt = past.index[past["load_mw"].notna()]
    matrix = np.column_stack([_untuned_calendar(learnt), features.loc[learnt]])
    load = past["load_mw"][learnt].to_numpy()
    parameters = {"num_threads": 1, "verbose": -1}
    model = lightgbm.train(parameters, lightgbm.Dataset(matrix, load), 100)
    errors = np.quantile(load - model.predict(matrix), (np.arange(20) + 0.5) / 20)
    calendar = _untuned_calendar(hours)
    said = [model.predict(np.column_stack([calendar, weather])) for weather in _untuned_weather(features, hours)]
    spread = np.array(said)[:, None, :] + errors[None, :, None]
    return np.quantile(spread.reshape(-1, len(hours)), LEVELS, axis=0).T


def _untuned_features(table: pd.DataFrame) -> pd.DataFrame:
    temperature = table[list(STATIONS)].mean(axis=1)
    lags = {f"{lag} h ago": temperature.shift(lag) for lag in (1, 2, 3, 24)}
    means = {f"mean of {span} h": temperature.rolling(span).mean() for span in (24, 72)}
    return pd.DataFrame({"now": temperature, **lags, **means}).bfill()


def _untuned_calendar(hours: pd.DatetimeIndex) -> np.ndarray:
    trend = (hours - pd.Timestamp("2005-01-01")).days / 365.25
    return np.column_stack([hours.hour, hours.dayofweek, hours.dayofyear, hours.month, trend])


def _untuned_weather(features: pd.DataFrame, hours: pd.DatetimeIndex) -> Iterator[np.ndarray]:
    first_year, last = features.index[0].year, hours[0]
    for year in range(first_year, last.year):
        for shift in range(-4, 5):
            start = hours[0].replace(year=year) + pd.Timedelta(days=shift)
            end = start + pd.Timedelta(hours=len(hours))
            if start >= features.index[0] and end <= last:
                yield features[start : end - pd.Timedelta(hours=1)].to_numpy()


def by_peer(other: Peer, table: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    """A peer: it has no place for weather that is not known ahead, so it sees load alone."""
    load = table["load_mw"].dropna()
    series = pd.DataFrame({"ds": load.index, "y": load.to_numpy()})
    cut = hours[0].isoformat()
    said = other.said(series, [{"fit_before": cut, "cuts": [cut], "hours": len(hours), "quantiles": True}])
    return np.sort(said[[f"q{level:02d}" for level in range(1, 100)]].to_numpy(), axis=1)


def ours(table: pd.DataFrame, hours: pd.DatetimeIndex) -> np.ndarray:
    origin = moment(hours[0].isoformat())
    seen = known(table, origin)
    task = Task(60, 0.0, float(len(hours)), threads=1)
    trained = LoadWeatherScenarios().train([seen], task)
    return trained.quantiles([seen], hours.to_numpy().astype("datetime64[s]"), LEVELS)[0]


def known(table: pd.DataFrame, origin: np.datetime64) -> Known:
    """The file's clock is taken as UTC: it knows no summer time."""
    series = SeriesDescription(name="utility", kind="load", timezone="UTC", region="US", step_min=60, delay_min=0.0)
    times = table.index.to_numpy().astype("datetime64[s]")
    load = Observed.promptly(times, table["load_mw"].to_numpy())
    weather = {f"temperature_f {name}": Observed.promptly(times, table[name].to_numpy()) for name in STATIONS}
    return Known(series, np.datetime64("9999-01-01", "s"), load, weather_observed=weather).as_of(origin)
