"""Wind, sun and water that stand in the province, and what wind and sun could give."""

import numpy as np

from grid_models.provinces.facts import ProvinceFacts, WindFact, at
from grid_models.provinces.years.weather import Weather
from grid_models.quantities import Floats

SHARE_OF = {
    "onshore wind": "onshore wind",
    "offshore wind": "offshore wind",
    "photovoltaic plants": "solar",
    "distributed photovoltaics": "solar",
}
"""Which series of the weather a technology follows."""


def installed_mw(facts: ProvinceFacts, year: int) -> dict[str, float]:
    """Wind, sun and conventional hydro at the end of the year."""
    found = {
        "photovoltaic plants": at(facts.solar.plants_mw, year),
        "distributed photovoltaics": at(facts.solar.roofs_mw, year),
    }
    for technology, fact in _wind(facts).items():
        found[technology] = at(fact.mw, year)
    if facts.hydro is not None:
        found["hydro"] = at(facts.hydro.mw, year)
    return found


def _wind(facts: ProvinceFacts) -> dict[str, WindFact]:
    both = {"onshore wind": facts.onshore_wind, "offshore wind": facts.offshore_wind}
    return {name: fact for name, fact in both.items() if fact is not None}


def available_mw(facts: ProvinceFacts, year: int, weather: Weather) -> dict[str, Floats]:
    """What wind and sun could give, hour by hour."""
    mw = installed_mw(facts, year)
    return {
        technology: np.asarray(mw[technology] * weather.shares[SHARE_OF[technology]])
        for technology in SHARE_OF
        if mw.get(technology, 0.0) > 0 and SHARE_OF[technology] in weather.shares
    }
