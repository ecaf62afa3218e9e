"""The load of a year: typical days through seasons, holidays and weather, with the peak and the energy of that year."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from grid_models.errors import BadInput
from grid_models.provinces.facts import Dated, Load, ProvinceFacts
from grid_models.provinces.nation import Nation
from grid_models.provinces.years.calendar import DAYS, month_of_day, rest_factor, through_months
from grid_models.provinces.years.weather import HOURS, Weather
from grid_models.quantities import Floats

COMFORT_C = (15.0, 23.0)
"""Daily means between which the load does not feel the weather."""
NEAR_PEAK = 0.95
BELOW_PEAK, SPELL_KEPT = 0.985, 0.05
"""Where the load of another season begins to be bent below the season of the peak, and what is left of more (ours)."""
SEASON_MIDDLES = {"winter": 15, "spring": 105, "summer": 196, "autumn": 288}
"""Day of the year on which a typical curve holds as it is."""


@dataclass(frozen=True)
class Outlook:
    """Peak and energy of a year as the card expects them."""

    year: int
    peak_mw: float
    peak_p10_mw: float
    peak_p90_mw: float
    energy_mwh: float


def outlook(load: Load, year: int) -> Outlook:
    """Between the dated figures in equal rates, after the last by the growth of the card."""
    peak = {rate: _grown(load.peak_mw, year, getattr(load.growth, rate)) for rate in ("p10", "p50", "p90")}
    energy_twh = _grown(load.energy_twh, year, load.growth.p50)
    return Outlook(year, peak["p50"], peak["p10"], peak["p90"], energy_twh * 1e6)


def _grown(path: tuple[Dated, ...], year: int, rate: float) -> float:
    known = sorted(path, key=lambda one: one.year)
    last = known[-1]
    if year >= last.year:
        return float(last.value * (1 + rate) ** (year - last.year))
    logs = [np.log(one.value) for one in known]
    return float(np.exp(np.interp(year, [one.year for one in known], logs)))


def raw_shape(facts: ProvinceFacts, nation: Nation, year: int, weather: Weather) -> Floats:
    """Hourly load over the mean of the year, before peak and energy are set."""
    days = through_months(facts.load.months.values) * rest_factor(year, facts.load.days, nation)
    shape = (days[:, None] * daily_curves(facts.load)).ravel() + weather_effect(facts, weather)
    return peaking_in(shape, facts.load.near_peak.month, month_of_day(year))


def peaking_in(shape: Floats, month: int, month_of: NDArray[np.int64]) -> Floats:
    """The shape with its highest hour in or next to that month: a harsh spell elsewhere is bent below it."""
    near = np.repeat(np.isin(month_of, [(month - 2) % 12, month - 1, month % 12]), 24)
    roof = BELOW_PEAK * float(shape[near].max())
    bent = roof + SPELL_KEPT * (shape - roof)
    return np.asarray(np.where(~near & (shape > roof), np.minimum(bent, shape), shape))


def daily_curves(load: Load) -> Floats:
    """A curve for every day, between those of the seasons that the card gives."""
    known = sorted((SEASON_MIDDLES[one.season], one.values) for one in load.curves)
    middles = np.array([known[-1][0] - DAYS, *(day for day, _ in known), known[0][0] + DAYS])
    curves = np.array([known[-1][1], *(values for _, values in known), known[0][1]])
    day = np.arange(DAYS)
    return np.column_stack([np.interp(day, middles, curves[:, hour]) for hour in range(24)])


def weather_effect(facts: ProvinceFacts, weather: Weather) -> Floats:
    """What warmer or colder days than usual add, as a share of the mean load: the usual is in the months already."""
    usual_c, now_c = through_months(facts.climate.mean_c), weather.day_means_c
    more = facts.climate.cooling_per_c * (_above(now_c) - _above(usual_c))
    more = more + facts.climate.heating_per_c * (_below(now_c) - _below(usual_c))
    return np.repeat(more, 24)


def _above(temperature_c: Floats) -> Floats:
    return np.maximum(0.0, temperature_c - COMFORT_C[1])


def _below(temperature_c: Floats) -> Floats:
    return np.maximum(0.0, COMFORT_C[0] - temperature_c)


def calibrated(shape: Floats, peak_mw: float, energy_mwh: float, valley_share: float, near_peak_h: float) -> Floats:
    """The shape with its order of hours kept: peak, energy, valley, and the hours near the peak as stated.

    The hour of rank `near_peak_h` gets 95 % of the peak, straight lines above it, a power of the rank order below it.
    """
    low, high = float(shape.min()), float(shape.max())
    edge = float(np.sort(shape)[-min(len(shape) - 1, max(2, round(near_peak_h)))])
    # Equal highest hours are all the peak, however many of them there are.
    rise = np.where(shape >= high, 1.0, (shape - edge) / max(high - edge, 1e-12))
    top = NEAR_PEAK + (1 - NEAR_PEAK) * rise
    below = np.clip((shape - low) / max(edge - low, 1e-12), 0.0, 1.0)
    mean = energy_mwh / HOURS / peak_mw
    valley = min(valley_share, 0.97 * mean)

    def bent(power: float) -> Floats:
        return np.asarray(np.where(shape >= edge, np.minimum(top, 1.0), valley + (NEAR_PEAK - valley) * below**power))

    return np.asarray(peak_mw * bent(_solved(lambda power: float(bent(power).mean()) - mean)))


def _solved(excess: Callable[[float], float]) -> float:
    """Where a falling excess meets 0 between a three-hundredth and three hundred."""
    low, high = np.log(1 / 300), np.log(300.0)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(float(np.exp(middle))) > 0 else (low, middle)
    return float(np.exp((low + high) / 2))


def stretched(load_mw: Floats, peak_mw: float, energy_mwh: float) -> Floats:
    """A given year brought to the energy, then stretched about its mean to the peak."""
    scaled = load_mw * (energy_mwh / load_mw.sum())
    mean = scaled.mean()
    return np.asarray(mean + (scaled - mean) * (peak_mw - mean) / (scaled.max() - mean))


def on_weekdays_of(load_mw: Floats, given: date, year: int) -> Floats:
    """A given year moved by whole days so that its weekdays are those of the year that is studied."""
    shift = (date(year, 1, 1).weekday() - given.weekday()) % 7
    shift -= 7 if shift > 3 else 0
    return np.roll(load_mw, -24 * shift)


def checked_year(year: int, nation: Nation) -> int:
    known = nation.spring_festival.days
    if year not in known:
        raise BadInput(str(year), f"is no year that can be built; {min(known)} to {max(known)} can")
    return year
