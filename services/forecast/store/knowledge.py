"""What was known at one moment about many series and what drives them, gathered in a handful of statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.known import Known, Moment, Observed, Vintages
from services.forecast.store.forecasts import brought
from services.forecast.store.observations import readings_of
from services.forecast.store.series import described, series_ids
from services.forecast.store.statements import BEGINNING, moment_at, moments
from services.forecast.store.tables import Series
from services.forecast.store.weather import Said, said

NEAR_KM = 100
"""Weather further away than this is not taken for that of a plant."""
EARTH_RADIUS_KM = 6371.0
T = TypeVar("T")
Places = slice | NDArray[np.intp]
Drivers = tuple[int, ...]
"""The weather series that drive a series."""


@dataclass(frozen=True)
class _Weather:
    """Everything that was known about the weather, by series."""

    variables: Mapping[int, tuple[str, str]]
    """Variable and name of the series."""
    forecasts: Mapping[int, Mapping[str, Said]]
    observed: Mapping[int, Observed]


def gather(
    connection: Connection,
    names: Sequence[str],
    origin: Moment,
    since: Moment | None = None,
    weather_since: Moment | None = None,
) -> list[Known]:
    """In the order of the names; see `Store.known`."""
    ids = series_ids(connection, names)
    series = described(connection, list(ids.values()), origin)
    drivers = _drivers(connection, {identity: series[identity] for identity in ids.values()}, origin)
    weather = _weather(
        connection, sorted({one for some in drivers.values() for one in some}), origin, since, weather_since
    )
    observed = readings_of(connection, list(ids.values()), since, None, origin)
    others = brought(connection, list(ids.values()), since, origin)
    forecasts_of = _once(lambda some: _forecasts(some, weather))
    observed_of = _once(lambda some: _observed(some, weather))
    return [
        Known(
            series[identity],
            origin,
            observed[identity].observed(),
            forecasts_of(drivers[identity]),
            observed_of(drivers[identity]),
            others.get(identity, {}),
        )
        for identity in (ids[name] for name in names)
    ]


def _once(make: Callable[[Drivers], T]) -> Callable[[Drivers], T]:
    """Plants at one point share their weather: it is put together once."""
    made: dict[Drivers, T] = {}

    def of(drivers: Drivers) -> T:
        if drivers not in made:
            made[drivers] = make(drivers)
        return made[drivers]

    return of


def _drivers(connection: Connection, series: Mapping[int, SeriesDescription], origin: Moment) -> dict[int, Drivers]:
    """What each description names, or else all weather series at the nearest point."""
    wanted = {name for one in series.values() for name in one.weather}
    named = series_ids(connection, sorted(wanted))
    lost = {identity: one for identity, one in series.items() if not one.weather and one.latitude is not None}
    nearest = _nearest(connection, {i: one for i, one in lost.items() if one.kind != "weather"}, origin)
    return {i: tuple(named[name] for name in one.weather) or nearest.get(i, ()) for i, one in series.items()}


def _nearest(connection: Connection, series: Mapping[int, SeriesDescription], origin: Moment) -> dict[int, Drivers]:
    points = _points(connection, origin) if series else {}
    if not points:
        return {}
    places = np.radians(np.array(list(points)))
    at = np.radians(np.array([(one.latitude, one.longitude) for one in series.values()], dtype=np.float64))
    distance_km = _distance_km(at[:, None], places[None])
    series_at = list(points.values())
    return {
        identity: series_at[int(row.argmin())]
        for identity, row in zip(series, distance_km, strict=True)
        if row.min() <= NEAR_KM
    }


def _points(connection: Connection, origin: Moment) -> dict[tuple[float, float], Drivers]:
    """Where weather is known, and its series there."""
    ids = list(connection.execute(select(Series.id).where(Series.kind == "weather").order_by(Series.name)).scalars())
    points: dict[tuple[float, float], Drivers] = {}
    for identity, one in described(connection, ids, origin).items():
        if one.latitude is not None and one.longitude is not None:
            place = (one.latitude, one.longitude)
            points[place] = (*points.get(place, ()), identity)
    return points


def _distance_km(here: Floats, there: Floats) -> Floats:
    """Along the surface (haversine); latitude and longitude in radians along the last axis."""
    half = np.sin((there - here) / 2) ** 2
    share = half[..., 0] + np.cos(here[..., 0]) * np.cos(there[..., 0]) * half[..., 1]
    distance: Floats = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(share, 1)))
    return distance


def _weather(
    connection: Connection,
    ids: Sequence[int],
    origin: Moment,
    since: Moment | None,
    weather_since: Moment | None,
) -> _Weather:
    variables = {i: (one.variable or one.name, one.name) for i, one in described(connection, ids, origin).items()}
    readings = readings_of(connection, ids, since, None, origin)
    observed = {identity: some.observed() for identity, some in readings.items() if len(some)}
    return _Weather(variables, said(connection, ids, since, origin, weather_since), observed)


def _forecasts(drivers: Drivers, weather: _Weather) -> dict[str, Vintages]:
    """By source: all variables side by side."""
    by_source: dict[str, dict[int, Said]] = {}
    for identity in drivers:
        for source, some in weather.forecasts.get(identity, {}).items():
            by_source.setdefault(source, {})[identity] = some
    return {source: _side_by_side(columns, weather) for source, columns in sorted(by_source.items())}


def _side_by_side(columns: Mapping[int, Said], weather: _Weather) -> Vintages:
    rows, places = _rows([*columns.values()])
    spread = {
        identity: _spread(some.values, place, len(rows.times))
        for (identity, some), place in zip(columns.items(), places, strict=True)
    }
    return Vintages.sorted(rows.times, rows.issued, rows.known_at, _by_variable(spread, weather))


def _rows(columns: Sequence[Said]) -> tuple[Said, list[Places]]:
    """The rows that any of the columns has, and where each column's own are among them."""
    first = columns[0]
    if all(_alike(first, other) for other in columns[1:]):
        latest = np.maximum.reduce([some.known_at for some in columns])
        return Said(first.times, first.issued, latest, first.values), [slice(None)] * len(columns)
    keys = [np.stack([some.issued.astype(np.int64), some.times.astype(np.int64)]) for some in columns]
    every, inverse = np.unique(np.concatenate(keys, axis=1), axis=1, return_inverse=True)
    known_at = np.full(every.shape[1], np.iinfo(np.int64).min)
    # A row is known when the last of its variables is: nothing in it came later.
    np.maximum.at(known_at, inverse.ravel(), np.concatenate([some.known_at.astype(np.int64) for some in columns]))
    ends = np.cumsum([len(some.times) for some in columns])
    rows = Said(moments(every[1]), moments(every[0]), moments(known_at), np.array([]))
    return rows, [*np.split(inverse.ravel(), ends[:-1])]


def _alike(first: Said, other: Said) -> bool:
    return np.array_equal(first.issued, other.issued) and np.array_equal(first.times, other.times)


def _spread(values: Floats, place: Places, rows: int) -> Floats:
    if isinstance(place, slice):
        return values
    spread = np.full(rows, np.nan)
    spread[place] = values
    return spread


def _by_variable(columns: Mapping[int, Floats], weather: _Weather) -> dict[str, Floats]:
    """One entry per variable; where several points measure the same one, their mean, and each as `variable@series`."""
    gathered: dict[str, dict[str, Floats]] = {}
    for identity, values in columns.items():
        variable, name = weather.variables[identity]
        gathered.setdefault(variable, {})[name] = values
    entries = {variable: _mean(list(points.values())) for variable, points in gathered.items()}
    several = {variable: points for variable, points in gathered.items() if len(points) > 1}
    return entries | {f"{variable}@{name}": of for variable, points in several.items() for name, of in points.items()}


def _mean(points: Sequence[Floats]) -> Floats:
    """Over the points that say something; NaN where none does."""
    if len(points) == 1:
        return points[0]
    stacked = np.stack(points)
    there = np.isfinite(stacked)
    count = there.sum(axis=0)
    mean: Floats = np.where(count > 0, np.where(there, stacked, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan)
    return mean


def _observed(drivers: Drivers, weather: _Weather) -> dict[str, Observed]:
    """Measured weather by variable; several points as in forecasts."""
    gathered: dict[str, dict[str, Observed]] = {}
    for identity in drivers:
        if identity in weather.observed:
            variable, name = weather.variables[identity]
            gathered.setdefault(variable, {})[name] = weather.observed[identity]
    entries = {variable: _mean_observed(list(points.values())) for variable, points in gathered.items()}
    several = {variable: points for variable, points in gathered.items() if len(points) > 1}
    return entries | {f"{variable}@{name}": of for variable, points in several.items() for name, of in points.items()}


def _mean_observed(points: Iterable[Observed]) -> Observed:
    given = list(points)
    if len(given) == 1:
        return given[0]
    times = np.unique(np.concatenate([some.times for some in given]))
    known_at = np.full(len(times), moment_at(BEGINNING))
    for some in given:
        place = np.searchsorted(times, some.times)
        known_at[place] = np.maximum(known_at[place], some.known_at)
    return Observed(times, _mean([some.at(times) for some in given]), known_at)
