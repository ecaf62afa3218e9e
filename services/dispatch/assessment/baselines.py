"""What a consumer would have used had nobody asked: baselines over metered load, and the response that they prove.

Every rule is data: which earlier days are looked at, which of them are kept, and how the event's own day corrects the
result. The sources stand beside the rules in `BASELINES`; PEAK_RESPONSE.md has the worked example.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from grid_models.quantities import Floats

Days = Literal["working", "all"]
Ranking = Literal["none", "highest", "middle", "nearest"]
AdjustmentForm = Literal["none", "additive", "multiplicative"]


class NoBaseline(ValueError):
    """The metered days do not suffice for this rule; the message says what is missing."""

    status = 422


@dataclass(frozen=True)
class Metering:
    """Metered load of one consumer, whole days in equal steps; NaN where the meter is silent."""

    dates: tuple[date, ...]
    """Rising."""
    load_mw: Floats
    """Days x steps."""
    not_working: frozenset[date] = frozenset()
    """Weekends and holidays among them (make-up workdays are working days)."""
    events: frozenset[date] = frozenset()
    """Days on which response was called: they say nothing of an ordinary day."""

    @property
    def step_h(self) -> float:
        return 24 / len(self.load_mw[0])

    def of(self, day: date) -> Floats:
        """The load of that day, step by step."""
        try:
            return np.asarray(self.load_mw[self.dates.index(day)])
        except ValueError:
            raise NoBaseline(f"there is no metered load of {day.isoformat()}") from None

    def ordinary_days_before(self, day: date, kind: Days, skip: int) -> list[date]:
        """Latest first, without events, days with silence, and the `skip` days just before."""
        known = [bool(np.isfinite(of_day).all()) for of_day in self.load_mw]
        earlier = [of for of, whole in zip(self.dates, known, strict=True) if of < day and whole]
        late_enough = [of for of in reversed(earlier) if (day - of).days > skip and of not in self.events]
        return [of for of in late_enough if kind == "all" or of not in self.not_working]


@dataclass(frozen=True)
class Event:
    """A call of response within one day: steps from `first` up to, not including, `end`."""

    day: date
    first: int
    end: int

    @property
    def steps(self) -> slice:
        return slice(self.first, self.end)


@dataclass(frozen=True)
class Adjustment:
    """How the hours before the event correct the baseline to the day itself."""

    form: AdjustmentForm = "none"
    window_h: float = 2.0
    """How many hours are looked at."""
    gap_h: float = 1.0
    """Between them and the event: the notice may already have changed the load."""
    cap: float | None = None
    """Largest correction, as a share of the baseline."""

    def adjusted(self, baseline_mw: Floats, measured_mw: Floats, event: Event, step_h: float) -> Floats:
        """The whole day's baseline, corrected."""
        if self.form == "none":
            return baseline_mw
        end = event.first - round(self.gap_h / step_h)
        window = slice(end - round(self.window_h / step_h), end)
        if window.start < 0 or end <= 0:
            raise NoBaseline(f"the event begins too early for an adjustment over {self.window_h:g} h before it")
        return self._corrected(baseline_mw, float(measured_mw[window].mean()), float(baseline_mw[window].mean()))

    def _corrected(self, baseline_mw: Floats, measured_mw: float, expected_mw: float) -> Floats:
        if self.form == "additive":
            limit = np.inf if self.cap is None else self.cap * expected_mw
            return np.asarray(baseline_mw + np.clip(measured_mw - expected_mw, -limit, limit))
        if expected_mw <= 0:
            raise NoBaseline("the baseline is zero in the adjustment window; a factor cannot correct it")
        limit = np.inf if self.cap is None else self.cap
        return np.asarray(baseline_mw * np.clip(measured_mw / expected_mw, 1 - limit, 1 + limit))


@dataclass(frozen=True)
class DayAverage:
    """The mean of some earlier days, step by step."""

    id: str
    source: str
    certainty: Literal["sourced", "unverified"]
    days: int
    """Looked at."""
    keep: int
    """Of those, averaged."""
    ranking: Ranking = "none"
    """Which are kept: those of the highest energy, the middle ones, or those nearest to the event day's other hours."""
    kind: Days = "working"
    skip: int = 0
    """Days just before the event that are not looked at."""
    adjustment: Adjustment = Adjustment()

    def baseline_mw(self, metering: Metering, event: Event) -> Floats:
        """Load without response, over the steps of the event."""
        chosen = self._chosen(metering, event)
        mean = np.mean([metering.of(day) for day in chosen], axis=0)
        return self.adjustment.adjusted(mean, metering.of(event.day), event, metering.step_h)[event.steps]

    def _chosen(self, metering: Metering, event: Event) -> list[date]:
        candidates = metering.ordinary_days_before(event.day, self.kind, self.skip)[: self.days]
        if len(candidates) < self.days:
            raise NoBaseline(
                f"{self.id} needs {self.days} ordinary {'working ' if self.kind == 'working' else ''}days before "
                f"{event.day.isoformat()}; the meter has {len(candidates)}"
            )
        if self.ranking == "none":
            return candidates[: self.keep]
        ranked = sorted(candidates, key=lambda day: self._rank(metering, event, day))
        if self.ranking == "middle":
            spare = (self.days - self.keep) // 2
            return ranked[spare : spare + self.keep]
        return ranked[: self.keep]

    def _rank(self, metering: Metering, event: Event, day: date) -> float:
        load_mw = metering.of(day)
        if self.ranking != "nearest":
            return -float(load_mw.sum())
        hour = round(1 / metering.step_h)
        others = np.ones(len(load_mw), dtype=bool)
        others[max(0, event.first - hour) : event.end + hour] = False
        return float(np.abs(load_mw - metering.of(event.day))[others].mean())


@dataclass(frozen=True)
class SameDay:
    """The mean of hours before and after the event, on its own day: one flat level."""

    id: str
    source: str
    certainty: Literal["sourced", "unverified"]
    before_h: float
    after_h: float = 0.0
    gap_h: float = 0.0
    """Left out on each side."""

    def baseline_mw(self, metering: Metering, event: Event) -> Floats:
        """Load without response, over the steps of the event."""
        load_mw, step_h = metering.of(event.day), metering.step_h
        gap = round(self.gap_h / step_h)
        first = event.first - gap - max(1, round(self.before_h / step_h))
        last = event.end + gap + round(self.after_h / step_h)
        if first < 0 or last > len(load_mw):
            raise NoBaseline(f"{self.id}: the event lies too near to the end of the day")
        around = np.concatenate((load_mw[first : event.first - gap], load_mw[event.end + gap : last]))
        return np.full(event.end - event.first, around.mean())


@dataclass(frozen=True)
class Regression:
    """Load by hour and temperature, fitted on ordinary days: a + b x warm + c x cold for every step of the event."""

    id: str
    source: str
    certainty: Literal["sourced", "unverified"]
    temperature_c: Mapping[date, Floats]
    """Of every metered day, step by step."""
    days: int = 60
    comfort_c: tuple[float, float] = (18.0, 24.0)
    """Heating begins below the first, cooling above the second."""

    def baseline_mw(self, metering: Metering, event: Event) -> Floats:
        """Load without response, over the steps of the event."""
        days = [day for day in metering.ordinary_days_before(event.day, "working", 0) if day in self.temperature_c]
        if len(days) < 10 or event.day not in self.temperature_c:
            raise NoBaseline(f"{self.id} needs the temperature of the event and of 10 ordinary days; has {len(days)}")
        days = days[: self.days]
        return np.array([self._at(step, days, metering, event) for step in range(event.first, event.end)])

    def _at(self, step: int, days: list[date], metering: Metering, event: Event) -> float:
        features = np.array([self._features(float(self.temperature_c[day][step])) for day in days])
        loads = np.array([metering.of(day)[step] for day in days])
        factors, *_ = np.linalg.lstsq(features, loads, rcond=None)
        return float(factors @ self._features(float(self.temperature_c[event.day][step])))

    def _features(self, temperature_c: float) -> Floats:
        cold, warm = self.comfort_c
        return np.array([1.0, max(0.0, temperature_c - warm), max(0.0, cold - temperature_c)])


Baseline = DayAverage | SameDay | Regression

_JIANGSU = "Jiangsu demand response rules 2015 (chinasmartgrid.com.cn 609866-3)"
_PJM = "PJM manual as reported by rtowww.com/23098"
_ADDITIVE = Adjustment("additive", window_h=3, gap_h=1)
_CAPPED = Adjustment("multiplicative", window_h=3, gap_h=1, cap=0.2)

BASELINES: Mapping[str, Baseline] = {
    rule.id: rule
    for rule in (
        DayAverage("CN_JS_AVG5", _JIANGSU, "sourced", days=5, keep=5),
        SameDay("CN_JS_RT15", _JIANGSU, "sourced", before_h=0.25),
        DayAverage("CN_BJ_HIGH5OF10", _JIANGSU, "sourced", days=10, keep=5, ranking="highest", skip=1),
        DayAverage("AVG10", "mean of ten ordinary days; ten of ten without adjustment", "unverified", 10, 10),
        SameDay("PJM_SAMEDAY_3+2", _PJM, "sourced", before_h=3, after_h=2, gap_h=1),
        DayAverage("PJM_MATCH3", _PJM, "sourced", days=20, keep=3, ranking="nearest"),
        DayAverage("HIGH4OF5", "PJM economic response, without adjustment", "unverified", 5, 4, "highest"),
        DayAverage("PJM_HIGH4OF5", "PJM manual 11", "unverified", 5, 4, "highest", adjustment=_ADDITIVE),
        DayAverage(
            "CAISO_10OF10", "CAISO proxy demand resource; cap of 20 %", "unverified", 10, 10, adjustment=_CAPPED
        ),
        DayAverage("NYISO_HIGH5OF10", "NYISO customer baseline load", "unverified", 10, 5, "highest"),
        DayAverage("ERCOT_MID8OF10", "ERCOT default baseline", "sourced", 10, 8, "middle", adjustment=_ADDITIVE),
    )
}


def rule_of(name: str) -> Baseline:
    """The baseline rule of that name."""
    if name not in BASELINES:
        raise NoBaseline(f"there is no baseline rule '{name}'; accepted are {', '.join(BASELINES)}")
    return BASELINES[name]


def response_mw(rule: Baseline, metering: Metering, event: Event) -> float:
    """Mean of baseline less measured load over the event: the energy not used, over its duration."""
    measured_mw = metering.of(event.day)[event.steps]
    return float((rule.baseline_mw(metering, event) - measured_mw).mean())
