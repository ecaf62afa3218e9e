"""The load that is judged, in figures and in the few series that a reader draws."""

import numpy as np

from grid_models.quantities import Floats
from services.dispatch.assessment.document.load import LoadFacts, PeakRun, PeakTable, Weather
from services.dispatch.assessment.peaks import (
    LoadYear,
    PeakEvent,
    duration_curve,
    events,
    is_peak,
    peak_hours,
    peak_valley_rates,
)
from services.dispatch.assessment.weather_sensitivity import weather_sensitivity

THRESHOLDS = (0.97, 0.95, 0.90)
CALENDAR_THRESHOLD = 0.95
CURVE_POINTS = 200
DAYS_FOR_WEATHER = 60
"""Fewer days say nothing of the weather."""


def load_facts(year: LoadYear, temperature_c: Floats | None = None) -> LoadFacts:
    """The load in figures."""
    rates = peak_valley_rates(year)
    hours = len(year.load_mw) * year.step_h
    return LoadFacts(
        peak_mw=year.peak_mw,
        peak_at=year.moment(year.peak_step).isoformat(),
        hours=hours,
        energy_mwh=year.energy_mwh,
        load_factor=year.energy_mwh / (year.peak_mw * hours),
        peak_valley_annual=rates.annual,
        peak_valley_max_day=rates.max_day,
        peak_valley_peak_day=rates.peak_day,
        thresholds=tuple(_peak_table(year, threshold) for threshold in THRESHOLDS),
        duration_curve_mw=_curve(year),
        peak_hours_by_month=_calendar(year),
        weather=_weather(year, temperature_c),
        temperature_c=_at(temperature_c, year.peak_step),
        runs=tuple(_run(year, one, temperature_c) for one in events(year, CALENDAR_THRESHOLD)),
    )


def _run(year: LoadYear, event: PeakEvent, temperature_c: Floats | None) -> PeakRun:
    load_mw = year.load_mw[event.first : event.end]
    return PeakRun(
        start=year.moment(event.first).isoformat(),
        hours=event.hours(year.step_h),
        highest_mw=float(load_mw.max()),
        above_mwh=float((load_mw - CALENDAR_THRESHOLD * year.peak_mw).sum()) * year.step_h,
        temperature_c=_at(temperature_c, event.first + int(load_mw.argmax())),
    )


def _at(temperature_c: Floats | None, step: int) -> float | None:
    return None if temperature_c is None else round(float(temperature_c[step]), 1)


def _peak_table(year: LoadYear, threshold: float) -> PeakTable:
    fields = vars(peak_hours(year, threshold))
    return PeakTable(**{name: fields[name] for name in PeakTable.model_fields})


def _curve(year: LoadYear) -> tuple[float, ...]:
    curve = duration_curve(year)
    places = np.linspace(0, len(curve) - 1, min(CURVE_POINTS, len(curve))).round().astype(int)
    return tuple(round(float(mw), 1) for mw in curve[places])


def _calendar(year: LoadYear) -> tuple[tuple[int, ...], ...]:
    counts = np.zeros((12, 24), dtype=int)
    for step in np.flatnonzero(is_peak(year, CALENDAR_THRESHOLD)):
        moment = year.moment(int(step))
        counts[moment.month - 1, moment.hour] += 1
    return tuple(tuple(row) for row in counts.tolist())


def _weather(year: LoadYear, temperature_c: Floats | None) -> Weather | None:
    if temperature_c is None or len(year.days) < DAYS_FOR_WEATHER:
        return None
    return Weather(**vars(weather_sensitivity(year, temperature_c)))
