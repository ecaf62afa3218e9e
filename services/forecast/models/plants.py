"""The plants of one kind as a shared model sees them: the answer of each to the weather, and the features of that."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Self

import numpy as np

from grid_models.forecast import SeriesKind, SolarSite, WindSite
from grid_models.quantities import Floats
from services.forecast.features import solar, wind
from services.forecast.features.questions import Questions
from services.forecast.features.table import Table, longitudes
from services.forecast.models.base import NotEnoughHistory
from services.forecast.physical import farm_response, panel_response
from services.forecast.physical.farm_response import FarmResponse
from services.forecast.physical.panel_response import PanelResponse
from services.forecast.physical.solar import light
from services.forecast.physical.sun import Sun
from services.forecast.physical.wind import FarmCurve
from services.forecast.probabilistic.quantile_functions import at_levels

USUAL_LEVELS = np.array([0.02, *np.arange(0.05, 0.96, 0.05), 0.98])


@dataclass(frozen=True)
class Seen:
    """Features of some questions."""

    table: Table
    expected: Floats
    """Output over capacity by physics alone, rows x steps; NaN where there is no weather."""
    possible: np.ndarray
    """Whether there can be output at all: no sun at night."""


@dataclass(frozen=True)
class Plants:
    """What was learned about every plant by its name, before any trees."""

    kind: SeriesKind
    sources: tuple[str, ...]
    responses: Mapping[str, Any]
    usual: Floats
    """Quantiles of output over capacity by hour of the sun: 24 x levels, for when there is no weather."""

    @classmethod
    def learned(cls, kind: SeriesKind, asked: Questions, actual: Floats, sources: tuple[str, ...]) -> Self:
        if kind == "solar":
            _placed(asked)
        responses = KINDS[kind].learned(asked, actual, sources) if np.isfinite(actual).any() else {}
        return cls(kind, sources, responses, _usual(asked, actual))

    def without(self, names: Collection[str]) -> Self:
        """As if some plants had never been seen."""
        return replace(self, responses={name: of for name, of in self.responses.items() if name not in names})

    def seen(self, asked: Questions) -> Seen:
        if self.kind == "solar":
            _placed(asked)
        return KINDS[self.kind].seen(asked, self.sources, self.responses)

    def expected(self, asked: Questions) -> Seen:
        """The same with no other feature than the output under a clear sky: all that physics needs."""
        if self.kind == "solar":
            _placed(asked)
        return KINDS[self.kind].expected(asked, self.sources, self.responses)

    def usual_shares(self, asked: Questions, levels: Floats) -> Floats:
        """Climatology: rows x steps x levels."""
        return np.clip(at_levels(self.usual[_solar_hour(asked)], USUAL_LEVELS, levels), 0, 1)

    def document(self) -> dict[str, Any]:
        """All but `usual`, as JSON."""
        responses = {name: KINDS[self.kind].written(of) for name, of in self.responses.items()}
        return {"kind": self.kind, "sources": self.sources, "responses": responses}

    @classmethod
    def from_document(cls, document: Mapping[str, Any], usual: Floats) -> Self:
        kind: SeriesKind = document["kind"]
        responses = {name: KINDS[kind].read(of) for name, of in document["responses"].items()}
        return cls(kind, tuple(document["sources"]), responses, usual)


@dataclass(frozen=True)
class Kind:
    """What differs between wind and sun."""

    learned: Callable[[Questions, Floats, tuple[str, ...]], Mapping[str, Any]]
    seen: Callable[[Questions, tuple[str, ...], Mapping[str, Any]], Seen]
    expected: Callable[[Questions, tuple[str, ...], Mapping[str, Any]], Seen]
    written: Callable[[Any], Any]
    read: Callable[[Any], Any]
    parameters: Mapping[str, Any]
    """Of the trees."""


def _farms_learned(asked: Questions, actual: Floats, sources: tuple[str, ...]) -> dict[str, FarmResponse]:
    """Twice: the second time every farm is held to the factor that proved usual among them."""
    winds = wind.wind_on_grids(asked, sources)
    hubs = {lag_h: wind.hub_of(asked, winds, lag_h) for lag_h in farm_response.LAGS_H}
    responses: dict[str, FarmResponse] = {}
    for _ in range(2):
        usual = wind.usual_factor(responses)
        responses = {
            asked.known[one].series.name: farm_response.learned(
                farm_response.as_described(asked.known[one].series.wind or WindSite()),
                actual[asked.rows_of(one)].ravel(),
                {lag_h: hub[asked.rows_of(one)].ravel() for lag_h, hub in hubs.items()},
                usual,
            )
            for one in np.unique(asked.who)
        }
    return responses


@lru_cache(maxsize=64)
def _curve(step_m_per_s: float, shares: tuple[float, ...]) -> FarmCurve:
    """Farms of one turbine share their curve also when they were kept as bytes."""
    return FarmCurve(np.arange(len(shares), dtype=np.float64) * step_m_per_s, np.array(shares))


def _farms_seen(asked: Questions, sources: tuple[str, ...], responses: Mapping[str, FarmResponse]) -> Seen:
    table, expected = wind.wind_table(asked, sources, responses)
    return Seen(table, expected, np.ones(asked.times.shape, dtype=bool))


def _farms_expected(asked: Questions, sources: tuple[str, ...], responses: Mapping[str, FarmResponse]) -> Seen:
    expected = wind.expected_at_steps(asked, sources, responses)
    return Seen(Table(), expected, np.ones(asked.times.shape, dtype=bool))


def _panels_learned(asked: Questions, actual: Floats, sources: tuple[str, ...]) -> dict[str, PanelResponse]:
    sky = solar.sky_of(asked)
    level, air_c = solar.level_and_air(asked, sources, sky)
    lit_actual = np.where(sky.daylight, actual, np.nan)
    responses = {}
    for one in np.unique(asked.who):
        rows, series = asked.rows_of(one), asked.known[one].series
        of = Sun(sky.sun.zenith_deg[rows].ravel(), sky.sun.azimuth_deg[rows].ravel())
        described = panel_response.as_described(series.solar or SolarSite())
        parts = light(level[rows].ravel(), of)
        responses[series.name] = panel_response.learned(
            described, lit_actual[rows].ravel(), parts, of, air_c[rows].ravel()
        )
    return responses


def _panels_seen(asked: Questions, sources: tuple[str, ...], responses: Mapping[str, PanelResponse]) -> Seen:
    table, expected, sky = solar.solar_table(asked, sources, responses)
    return Seen(table, expected, sky.daylight)


def _panels_expected(asked: Questions, sources: tuple[str, ...], responses: Mapping[str, PanelResponse]) -> Seen:
    expected, best, sky = solar.expected_at_steps(asked, sources, responses)
    return Seen(Table({"under_clear_sky": best}), expected, sky.daylight)


def _placed(asked: Questions) -> None:
    """Refuses panels that stand nowhere: without a place nobody knows when it is night."""
    for one in asked.known:
        if one.series.latitude is None:
            raise NotEnoughHistory(
                f"{one.series.name}: needs latitude and longitude to know the sun; climatology does without"
            )


def _usual(asked: Questions, actual: Floats) -> Floats:
    hour, known = _solar_hour(asked), np.isfinite(actual)
    every = actual[known] if known.any() else np.array([0.0, 1.0])
    by_hour = [actual[known & (hour == one)] for one in range(24)]
    return np.array([np.quantile(of if len(of) >= 50 else every, USUAL_LEVELS) for of in by_hour])


def _solar_hour(asked: Questions) -> np.ndarray:
    seconds = asked.times.astype("datetime64[s]").astype(np.int64) % 86_400
    hour: np.ndarray = ((seconds / 3600 + longitudes(asked)[:, None] / 15) % 24).astype(np.intp)
    return hour


TREES: Mapping[str, Any] = {
    "learning_rate": 0.1,
    "rounds": 100,
    "num_leaves": 24,
    "bagging_freq": 5,
    "bagging_fraction": 0.6,
}
"""Half the steps of twice the size: as good on the development months of GEFCom2012 and 2014, in half the time."""

KINDS: Mapping[str, Kind] = {
    "wind": Kind(
        _farms_learned,
        _farms_seen,
        _farms_expected,
        lambda one: [
            one.factor,
            one.gain,
            one.lag_h,
            one.curve.speeds_m_per_s[1],
            [round(v, 6) for v in one.curve.shares.tolist()],
        ],
        lambda of: FarmResponse(_curve(of[3], tuple(of[4])), *of[:3]),
        {**TREES, "extra_trees": True},
    ),
    "solar": Kind(
        _panels_learned,
        _panels_seen,
        _panels_expected,
        lambda one: [one.turning, one.gains.tolist()],
        lambda of: PanelResponse(np.array(of[1]), of[0]),
        TREES,
    ),
}
