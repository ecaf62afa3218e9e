"""From a card and a year to the province in that year."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from grid_models.errors import BadInput
from grid_models.provinces.facts import ProvinceFacts
from grid_models.provinces.nation import Nation
from grid_models.provinces.reading import card_names, read_facts, read_nation
from grid_models.provinces.years import flexible
from grid_models.provinces.years.balancing import MARGIN_SHARE, Exchange, Tightness, balanced
from grid_models.provinces.years.fleet import Block, blocks, expected_mw
from grid_models.provinces.years.load import Outlook, calibrated, checked_year, outlook, raw_shape, weather_effect
from grid_models.provinces.years.province_year import ProvinceYear, WeatherYear
from grid_models.provinces.years.reference import Reference, key
from grid_models.provinces.years.renewables import SHARE_OF, available_mw
from grid_models.provinces.years.weather import Weather, made_up
from grid_models.quantities import Floats

WEATHER_YEARS = 20
YIELD_SPREAD = {"solar": 0.03, "onshore wind": 0.06, "offshore wind": 0.06}
"""How much the yield of a year differs from the usual one (assumed, near reanalyses)."""


def build_province(
    name: str, year: int = 2025, data: Path | None = None, weather_years: int = WEATHER_YEARS
) -> ProvinceYear:
    """The province in the year: from its card, or from the reference tables of a folder where one is given.

    `year` is 2018 to 2030; `weather_years` is how many there are for adequacy, the planned one counted.
    """
    nation = read_nation()
    checked_year(year, nation)
    if data is not None:
        from grid_models.provinces.years.from_tables import build_from_tables

        return build_from_tables(Reference(data), name, year, weather_years)
    facts = read_facts(known_name(name))
    weather = made_up(facts, 0)
    expected = outlook(facts.load, year)
    load_mw = hours_of_load(facts, nation, expected, weather)
    others = [made_up(facts, seed) for seed in range(1, weather_years)]
    note = f"Built from the card: load of {year} by typical days, seeded weather."
    return assembled(facts, nation, expected, weather, load_mw, others, note)


def known_name(name: str) -> str:
    """The card of a name however it is written; `BadInput` where there is none."""
    found = card_called(name)
    if found is None:
        raise BadInput(name, f"is not a province with a card; there are {', '.join(card_names())}")
    return found


def card_called(name: str) -> str | None:
    """The card of a name, English or Chinese; None where there is none."""
    if not name.isascii():
        return next((card for card in card_names() if read_facts(card).name_zh == name.removesuffix("省")), None)
    return key(name) if key(name) in card_names() else None


def hours_of_load(facts: ProvinceFacts, nation: Nation, expected: Outlook, weather: Weather) -> Floats:
    """The load of the year from typical days, with the figures of the card."""
    shape = raw_shape(facts, nation, expected.year, weather)
    valley = 1 - facts.load.peak_valley.annual
    return calibrated(shape, expected.peak_mw, expected.energy_mwh, valley, facts.load.near_peak.hours_above_95)


def assembled(
    facts: ProvinceFacts, nation: Nation, expected: Outlook, weather: Weather, load_mw: Floats, others: list[Weather],
    note: str,
) -> ProvinceYear:  # fmt: skip
    """Load and weather brought together with the fleet, the water and the lines of the year."""
    fleet = blocks(facts, nation, expected.year)
    worst = tightness(facts, nation, expected, fleet)
    given = balanced(facts, expected.year, load_mw, available_mw(facts, expected.year, weather), worst)
    study = ProvinceYear(
        facts, nation, expected, weather, load_mw, given.renewable_mw, given.given_mw, fleet, note=note
    )
    years = (_another(study, one, seed, worst, given.exchange) for seed, one in enumerate(others, start=1))
    return replace(study, other_weather=tuple(years))


def tightness(facts: ProvinceFacts, nation: Nation, expected: Outlook, fleet: tuple[Block, ...]) -> Tightness:
    """What meets the worst hour: the fleet as it usually is, stores full, reserves held."""
    stations = flexible.stations_in(facts, expected.year)
    battery_mw, battery_h = flexible.storage_mw_and_hours(facts, expected.year)
    up = sum(item.share_of_demand for item in nation.reserves if item.product in ("regulation_up", "spinning"))
    largest = max((block.rating_mw / block.together for block in fleet), default=0.0)
    return Tightness(
        firm_mw=expected_mw(fleet),
        store_mw=battery_mw + sum(one.mw for one in stations),
        store_mwh=battery_mw * battery_h + sum(one.mw * one.hours for one in stations),
        wanted_mw=(up + MARGIN_SHARE) * expected.peak_mw + largest,
    )


def _another(study: ProvinceYear, weather: Weather, seed: int, worst: Tightness, agreed: Exchange) -> WeatherYear:
    """The year as other weather would have had it: load, wind and sun, and what water and neighbours do about it."""
    more = weather_effect(study.facts, weather) - weather_effect(study.facts, study.weather)
    load_mw = np.maximum(study.load_mw + more * study.load_mw.mean(), 0.5 * study.load_mw.min())
    available = available_mw(study.facts, study.year, weather)
    chance = np.random.default_rng([seed, 7])
    factors = {name: 1 + spread * chance.standard_normal() for name, spread in YIELD_SPREAD.items()}
    wind_and_sun = {name: np.asarray(mw * factors[SHARE_OF[name]]) for name, mw in available.items()}
    given = balanced(study.facts, study.year, load_mw, wind_and_sun, worst, agreed)
    return WeatherYear(load_mw, given.renewable_mw, given.given_mw)
