"""Doubts about the clock of the sender: the sun and the habits of people tell what time it is."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats
from services.forecast.known import Moments
from services.forecast.quality.flags import Flag
from services.forecast.quality.sample import Doubted, Sample

NIGHT_ZENITH_DEG = 97.0
"""Below this there is no light that a panel would feel, nor at the ends of the step."""
NIGHT_OUTPUT_MAX = 0.02
"""Share of the largest output that a plant may show at night."""
SHIFT_MAX_H = 12
GAIN_MIN = 0.015
"""By how much the correlation must be better at another hour."""
DAYS_MIN, USUAL_DAYS_MIN = 3, 14
HOURS_MAX = 24 * 366 * 20
"""More than twenty years at once are values of which some have an impossible time."""
DAY_S = 86_400


def night_output(sample: Sample) -> Iterator[Doubted]:
    """Power from the sun while there is none."""
    if not _has_sun(sample):
        return
    zenith_deg = np.degrees(np.arccos(_height_of_sun(sample, sample.times + np.timedelta64(sample.step_s // 2, "s"))))
    largest = np.nanmax(np.concatenate([np.abs(sample.values), sample.capacity_mw, [1e-9]]))
    rows = sample.told & (zenith_deg > NIGHT_ZENITH_DEG) & (sample.values > NIGHT_OUTPUT_MAX * largest)
    yield Doubted(
        Flag.NIGHT_OUTPUT, rows, "output while the sun is down; check the clock, the position, a store behind"
    )


def solar_clock(sample: Sample) -> Iterator[Doubted]:
    """Output that follows the sun of another hour."""
    if not _has_sun(sample) or not 24 * DAYS_MIN <= sample.span_h() <= HOURS_MAX or not sample.told.any():
        return
    steps = ((sample.times - sample.times[0]).astype(np.int64) // sample.step_s)[sample.told]
    lags_s = _lags(sample.step_s)
    # The light of all steps is computed once, half a day more on either side, and looked up for each shift.
    reach = len(lags_s) // 2
    grid = sample.times[0] + (np.arange(-reach, steps[-1] + reach + 1) * sample.step_s).astype("timedelta64[s]")
    light = _light(sample, grid + np.timedelta64(sample.step_s // 2, "s"))
    fits = np.array([_alike(sample.values[sample.told], light[steps + shift]) for shift in range(len(lags_s))])
    yield from _shifted(sample, lags_s, fits, "the sun")


def load_clock(sample: Sample) -> Iterator[Doubted]:
    """A load whose days look as before, but at another hour."""
    enough = sample.span_h() >= 24 * DAYS_MIN - 1 and len(sample.usual) * sample.step_s >= USUAL_DAYS_MIN * DAY_S
    if sample.series.kind != "load" or not enough:
        return
    usual = _profile(sample.before.times, sample.before.usable, sample.step_s)
    here = _profile(sample.times, sample.values, sample.step_s)
    lags_s = _lags(sample.step_s)
    fits = np.array([_alike(here, np.roll(usual, -int(lag // sample.step_s))) for lag in lags_s])
    yield from _shifted(sample, lags_s, fits, "its own days before")


def _shifted(sample: Sample, lags_s: Floats, fits: Floats, against: str) -> Iterator[Doubted]:
    if not np.isfinite(fits).any():
        return
    best, none = int(np.nanargmax(fits)), int(np.flatnonzero(lags_s == 0)[0])
    late_min = -lags_s[best] / 60
    # Less than half an hour may be the way the plant stands; a clock is wrong by half hours and hours.
    if abs(late_min) < 30 or fits[best] - fits[none] < GAIN_MIN or fits[best] < 0.7:
        return
    detail = (
        f"the values fit {against} if moved by {-late_min:+.0f} min; check time zone and clock, and send them again"
    )
    yield Doubted(Flag.CLOCK, sample.told.copy(), detail)


def _lags(step_s: int) -> Floats:
    """Shifts to try, in seconds: steps of the series, up to half a day."""
    reach = SHIFT_MAX_H * 3600 // step_s
    lags: Floats = np.arange(-reach, reach + 1, dtype=np.float64) * step_s
    return lags


def _alike(one: Floats, other: Floats) -> float:
    """Correlation; NaN where one of them does not change."""
    both = np.isfinite(one) & np.isfinite(other)
    if both.sum() < 8 or np.ptp(one[both]) == 0 or np.ptp(other[both]) == 0:
        return float("nan")
    return float(np.corrcoef(one[both], other[both])[0, 1])


def _profile(times: Moments, values: Floats, step_s: int) -> Floats:
    """The mean of each step of the day (UTC)."""
    slot = times.astype(np.int64) % DAY_S // step_s
    told = np.isfinite(values)
    count = np.bincount(slot[told], minlength=DAY_S // step_s)
    total = np.bincount(slot[told], values[told], minlength=DAY_S // step_s)
    profile: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return profile


def _has_sun(sample: Sample) -> bool:
    return sample.series.kind == "solar" and sample.series.latitude is not None and len(sample.times) > 0


def _height_of_sun(sample: Sample, times: Moments) -> Floats:
    """Cosine of the zenith angle, by Spencer's series as pvlib has it: a third of a degree, and quick."""
    from pvlib import solarposition

    day = _day_of_year(times)
    latitude, declination = np.radians(sample.series.latitude or 0.0), solarposition.declination_spencer71(day)
    hour_angle = _hour_angle(sample, times, solarposition.equation_of_time_spencer71(day))
    zenith = solarposition.solar_zenith_analytical(latitude, hour_angle, declination)
    height: Floats = np.cos(zenith)
    return height


def _hour_angle(sample: Sample, times: Moments, equation_of_time_min: Floats) -> Floats:
    minutes = times.astype(np.int64) % DAY_S / 60
    angle: Floats = np.radians((minutes + equation_of_time_min - 720) / 4 + (sample.series.longitude or 0.0))
    return angle


def _day_of_year(times: Moments) -> Floats:
    days = times.astype("datetime64[D]")
    day: Floats = (days - days.astype("datetime64[Y]")).astype(np.float64) + 1
    return day


def _light(sample: Sample, times: Moments) -> Floats:
    """Clear-sky light on the panels, roughly: on level ground, and by the side to which fixed panels lean."""
    from pvlib import solarposition

    height = _height_of_sun(sample, times)
    site = sample.series.solar
    if site is None or site.tracking != "fixed":
        return np.maximum(height, 0)
    day = _day_of_year(times)
    angle = _hour_angle(sample, times, solarposition.equation_of_time_spencer71(day))
    # The sun's direction east of the panels' north-south plane; what leans east is lit earlier.
    east = -np.cos(solarposition.declination_spencer71(day)) * np.sin(angle)
    lean = np.sin(np.radians(site.tilt_deg)) * np.sin(np.radians(site.azimuth_deg))
    return np.where(height > 0, np.maximum(height + lean * east, 0), 0)
