"""A year from reference tables: their hourly shapes and unit lists, and the card for what they do not hold."""

from datetime import date
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from grid_models.errors import BadInput
from grid_models.provinces.facts import Dated, IndustryFact, ProvinceFacts, SolarFact, WindFact
from grid_models.provinces.reading import card_names, read_facts, read_nation
from grid_models.provinces.years import unit_tables, yearly_tables
from grid_models.provinces.years.build import assembled
from grid_models.provinces.years.calendar import DAYS
from grid_models.provinces.years.load import NEAR_PEAK, Outlook, calibrated, on_weekdays_of, outlook, stretched
from grid_models.provinces.years.province_year import ProvinceYear
from grid_models.provinces.years.reference import LOAD, SHARES, TEMPERATURE, Reference, key
from grid_models.provinces.years.weather import SUN_MOST, WIND_MOST, Weather, made_up, scaled
from grid_models.quantities import Floats

NEWER = "newer"
"""Source of units on the card that are younger than the unit lists."""
Stand = TypeVar("Stand", bound=Dated)
FIRST_DAY = date(2018, 1, 1)
"""Of the load in the tables."""
EMPTIEST = 0.1
"""Of the peak, what no hour of a province falls below."""
MOST_JUMP_C = 10.0
"""Between two hours the mean temperature of a province does not change by more: such a series is not used."""
BLOCK_DAYS, NEIGHBOUR_DAYS = 5, 15
"""Other years of weather are made of stretches of the given one, moved by up to so many days."""


def build_from_tables(reference: Reference, name: str, year: int, weather_years: int) -> ProvinceYear:
    """The province of the tables in the year; what they do not hold comes from its card."""
    province = reference.named(name)
    card = card_of(province)
    load_2018 = reference.hourly(LOAD, province)
    if load_2018.min() <= 0:
        hour = int(load_2018.argmin())
        raise BadInput(
            LOAD, f"line {hour + 2}, {province}: a load of {load_2018[hour]:g} MW; a province always draws some"
        )
    facts = with_tables(card, reference, province, load_2018)
    expected = outlook(facts.load, year)
    weather, note = weather_of(reference, province, facts)
    load_mw = brought_to(on_weekdays_of(load_2018, FIRST_DAY, year), expected)
    others = [shuffled(weather, facts, seed) for seed in range(1, weather_years)]
    words = f"Built from reference tables: load of 2018 stretched to {year}, wind and sun of 2020{note}."
    return assembled(facts, read_nation(), expected, weather, load_mw, others, words)


def brought_to(load_mw: Floats, expected: Outlook) -> Floats:
    """The given year with the peak and energy of the study: stretched, or bent where stretching would empty an hour."""
    found = stretched(load_mw, expected.peak_mw, expected.energy_mwh)
    if found.min() > EMPTIEST * expected.peak_mw:
        return found
    peak_mw = load_mw.max()
    near_peak_h = float((load_mw >= NEAR_PEAK * peak_mw).sum())
    return calibrated(load_mw, expected.peak_mw, expected.energy_mwh, float(load_mw.min() / peak_mw), near_peak_h)


def card_of(province: str) -> ProvinceFacts:
    if key(province) not in card_names():
        raise BadInput(province, f"stands in the tables but has no card; there are {', '.join(card_names())}")
    return read_facts(key(province))


def with_tables(card: ProvinceFacts, reference: Reference, province: str, load_2018: Floats) -> ProvinceFacts:
    """The card with what the tables know better."""
    on_land, at_sea = yearly_tables.wind(reference, province)
    return card.model_copy(
        update={
            "thermal": (
                *unit_tables.thermal(reference, province),
                *(one for one in card.thermal if one.source == NEWER),
            ),
            "pumped_hydro": unit_tables.pumped_hydro(reference, province),
            "hydro": yearly_tables.hydro(reference, province) or card.hydro,
            "onshore_wind": _wind(on_land, card.onshore_wind),
            "offshore_wind": _wind(at_sea, card.offshore_wind),
            "solar": _solar(yearly_tables.solar(reference, province), card.solar),
            "storage": overridden(card.storage, yearly_tables.storage(reference, province, card.storage)),
            "industry": _industry(card.industry, yearly_tables.smelters(reference, province)),
            "load": card.load.model_copy(
                update={
                    "energy_twh": overridden(
                        card.load.energy_twh, yearly_tables.energy(reference, province, load_2018)
                    ),
                    "peak_mw": overridden(card.load.peak_mw, yearly_tables.peaks(reference, province, load_2018)),
                }
            ),
        }
    )


def _wind(known: WindFact | None, card: WindFact | None) -> WindFact | None:
    if known is None or card is None:
        return known or card
    return known.model_copy(update={"mw": continued(known.mw, card.mw)})


def _solar(known: SolarFact | None, card: SolarFact) -> SolarFact:
    if known is None:
        return card
    paths = {field: continued(getattr(known, field), getattr(card, field)) for field in ("plants_mw", "roofs_mw")}
    return known.model_copy(update=paths)


def _industry(card: tuple[IndustryFact, ...], smelters: tuple[IndustryFact, ...]) -> tuple[IndustryFact, ...]:
    return (*smelters, *(one for one in card if one.technology != "aluminium smelting"))


def continued(known: tuple[Dated, ...], expected: tuple[Dated, ...]) -> tuple[Dated, ...]:
    """What the tables know, then what the card expects after it."""
    last = max((one.year for one in known), default=0)
    return (*known, *(one for one in expected if one.year > last))


def overridden(expected: tuple[Stand, ...], known: tuple[Stand, ...]) -> tuple[Stand, ...]:
    """What the card says, less the years of which the tables speak."""
    years = {one.year for one in known}
    return tuple(sorted((*known, *(one for one in expected if one.year not in years)), key=lambda one: one.year))


def weather_of(reference: Reference, province: str, facts: ProvinceFacts) -> tuple[Weather, str]:
    """Wind and sun of the tables with the yield of the card; and, in words, where the temperature cannot be theirs."""
    made = made_up(facts, 0)
    shares = {}
    hours = {"solar": facts.solar.full_load_hours}
    hours |= {"onshore wind": facts.onshore_wind.full_load_hours} if facts.onshore_wind else {}
    hours |= {"offshore wind": facts.offshore_wind.full_load_hours} if facts.offshore_wind else {}
    for name, full_load_hours in hours.items():
        if reference.has(SHARES[name], province):
            most = SUN_MOST if name == "solar" else WIND_MOST
            shares[name] = scaled(reference.hourly(SHARES[name], province), full_load_hours, most)
        else:
            shares[name] = made.shares[name]
    temperature_c = reference.hourly(TEMPERATURE, province)
    if np.abs(np.diff(temperature_c)).max() > MOST_JUMP_C:
        return Weather(made.temperature_c, shares), ", the temperature of the card, since that of the tables jumps"
    return Weather(temperature_c, shares), ""


def shuffled(weather: Weather, facts: ProvinceFacts, seed: int) -> Weather:
    """Another year out of the given one: stretches of days, each from about the same time of the year."""
    chance = np.random.default_rng([seed, *facts.name.encode()])
    starts = np.arange(0, DAYS, BLOCK_DAYS)
    moved = starts + chance.integers(-NEIGHBOUR_DAYS, NEIGHBOUR_DAYS + 1, len(starts))
    days = (moved[:, None] + np.arange(BLOCK_DAYS)).ravel()[:DAYS] % DAYS
    shares = {name: _days(values, days) for name, values in weather.shares.items()}
    return Weather(_days(weather.temperature_c, days), shares)


def _days(values: Floats, days: NDArray[np.int64]) -> Floats:
    return np.asarray(values.reshape(DAYS, 24)[days].ravel())
