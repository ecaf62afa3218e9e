"""Seeded weather: temperature, sun and wind of a year, hour by hour, with the yield that the card states."""

from dataclasses import dataclass, field

import numpy as np

from grid_models.provinces.facts import Climate, PlaceFact, ProvinceFacts
from grid_models.provinces.years.calendar import DAYS, through_months
from grid_models.quantities import Floats

HOURS = 8760
DAY_TO_DAY = 0.7
"""How much of the deviation of a day the next one keeps."""
HOUR_TO_HOUR = 0.97
"""The same of the wind, hour by hour: a spell lasts a day or two."""
CLOUD_CORRELATION = 0.35
"""A clear day is a warm one."""
BEIJING_MERIDIAN = 120.0
SUN_MOST, WIND_MOST = 0.82, 0.92
"""Most that the fleet of a province gives at once, over its capacity."""


@dataclass(frozen=True)
class Weather:
    """One year of it."""

    temperature_c: Floats
    shares: dict[str, Floats] = field(repr=False)
    """Available power over capacity, by technology."""

    @property
    def day_means_c(self) -> Floats:
        return np.asarray(self.temperature_c.reshape(DAYS, 24).mean(axis=1))


def made_up(facts: ProvinceFacts, seed: int) -> Weather:
    """A year of weather with this seed: seed 0 is the year that the study plans."""
    chance = np.random.default_rng([seed, *facts.name.encode()])
    anomaly = _persistent(chance, DAYS, DAY_TO_DAY)
    cloud = CLOUD_CORRELATION * anomaly + np.sqrt(1 - CLOUD_CORRELATION**2) * _persistent(chance, DAYS, 0.5)
    shares = {"solar": sun(facts.place, cloud, facts.solar.full_load_hours)}
    for name, fact in (("onshore wind", facts.onshore_wind), ("offshore wind", facts.offshore_wind)):
        spell = _persistent(chance, HOURS, HOUR_TO_HOUR)
        if fact is not None:
            shares[name] = wind(spell, fact.full_load_hours, at_night=0.1 if name == "onshore wind" else 0.0)
    return Weather(temperature(facts.climate, anomaly), shares)


def _persistent(chance: np.random.Generator, count: int, keeps: float) -> Floats:
    """Deviations of unit spread that fade at a rate."""
    shocks = chance.standard_normal(count) * np.sqrt(1 - keeps**2)
    values = np.empty(count)
    now = chance.standard_normal()
    for step in range(count):
        now = keeps * now + shocks[step]
        values[step] = now
    return values


def temperature(climate: Climate, anomaly: Floats) -> Floats:
    """The mean of the month, warmer and colder spells, and a day that is warmest at three in the afternoon."""
    mean_c = through_months(climate.mean_c)
    # Spells reach from the mean of the hottest month to the hottest day about two and a half times a spread.
    warm_c = max(1.0, climate.hottest_day_c - max(climate.mean_c)) / 2.5
    cold_c = max(1.0, min(climate.mean_c) - climate.coldest_day_c) / 2.5
    level = (mean_c - min(climate.mean_c)) / max(1.0, max(climate.mean_c) - min(climate.mean_c))
    spread_c = cold_c + (warm_c - cold_c) * level
    hour = np.arange(24)
    day = np.cos(2 * np.pi * (hour - 15) / 24) * climate.day_night_c / 2
    return np.asarray(((mean_c + spread_c * anomaly)[:, None] + day[None, :]).ravel())


def clear_sky(place: PlaceFact) -> Floats:
    """Height of the sun as power over that of noon at the zenith, by the geometry of the place."""
    day, hour = np.divmod(np.arange(HOURS) + 0.5, 24)
    declination = np.radians(23.45) * np.sin(2 * np.pi * (284 + day + 1) / 365)
    sun_time_h = hour + (place.longitude - BEIJING_MERIDIAN) / 15
    latitude = np.radians(place.latitude)
    height = np.sin(latitude) * np.sin(declination)
    height = height + np.cos(latitude) * np.cos(declination) * np.cos(np.radians(15 * (sun_time_h - 12)))
    return np.asarray(np.clip(height, 0, 1) ** 1.15)


def sun(place: PlaceFact, cloud: Floats, full_load_hours: float) -> Floats:
    """Clear sky dimmed by the clouds of the day, with so many full-load hours."""
    brightness = 1 / (1 + np.exp(-1.2 * (cloud + 0.6)))
    return _yielding(clear_sky(place) * np.repeat(brightness, 24), full_load_hours, SUN_MOST)


def wind(spell: Floats, full_load_hours: float, at_night: float) -> Floats:
    """Spells of wind, stronger in winter and spring and, on land, at night."""
    day, hour = np.divmod(np.arange(HOURS), 24)
    season = 1 + 0.2 * np.cos(2 * np.pi * (day - 60) / 365)
    night = 1 + at_night * np.cos(2 * np.pi * (hour - 2) / 24)
    strength = 1 / (1 + np.exp(-1.3 * (spell - 0.4)))
    return _yielding(strength * season * night, full_load_hours, WIND_MOST)


def _yielding(shape: Floats, full_load_hours: float, most: float) -> Floats:
    """The shape scaled to its yield; what would exceed the most that a fleet gives is shared among the other hours."""
    values = shape * (full_load_hours / shape.sum())
    for _ in range(20):
        values = np.minimum(most, values * (full_load_hours / values.sum()))
    return np.asarray(values)


def scaled(shares: Floats, full_load_hours: float, most: float) -> Floats:
    """Given shares with the yield that the card states."""
    return _yielding(np.maximum(shares, 0.0), full_load_hours, most) if shares.sum() > 0 else shares
