"""A province in a year as the subject of an assessment: its load, its worst days, its fleet in probabilities."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from grid_models.case import Case
from grid_models.provinces.facts import ResponseFact, at
from grid_models.provinces.years.build import WEATHER_YEARS, build_province
from grid_models.provinces.years.flexible import VEHICLES_NAME
from grid_models.provinces.years.names import names_zh
from grid_models.provinces.years.province_year import ProvinceYear
from grid_models.resources import ThermalUnit
from services.dispatch.assessment.adequacy import System, Unit
from services.dispatch.assessment.parts import answering
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.responders import responders_of
from services.dispatch.assessment.stated import stated
from services.dispatch.assessment.subject import Growth, Subject
from services.dispatch.assessment.wish import DAYS

ZONE = ZoneInfo("Asia/Shanghai")
CARD_ENDS = 2030
"""The last year for which the cards expect a figure of response."""
LATER_GROWTH = 0.12
"""Of the response of then, what is added a year from 2030 on (assumed)."""
SLOW, FAST = 0.4, 1.6
"""P10 and P90 of the pace of response, over its P50 (assumed)."""
AS_EXPECTED = (
    "load grows as the card says; response to what the card expects in 2030, at 0.4 to 1.6 of that pace (assumed)"
)
LATER = "load grows as the card says; response by 12 % of today a year, at 0.4 to 1.6 of that pace (assumed)"
MADE_UP = "hours of load, wind and sun are made up from the facts of the card and seeded weather: they are no record"

WEATHER_MADE_UP = "hours are as good as the tables that they come from; other years of weather are seeded"


def subject_of_province(name: str, year: int, days: int = DAYS, data: Path | None = None) -> Subject:
    """The province in that year, from its card or from the reference tables of a folder."""
    return subject_of_year(build_province(name, year, data), days, data)


def subject_of_year(study: ProvinceYear, days: int = DAYS, data: Path | None = None) -> Subject:
    """The day of the highest load names the fleet."""
    cases = tuple(study.day(day) for day in worst_days(study, max(1, days)))
    return Subject(
        name=study.name,
        case=cases[0],
        load=LoadYear(study.load_mw, study.start.replace(tzinfo=ZONE)),
        supply=_supply(study),
        answering=answering(cases[0]),
        renewable_mw=np.asarray(np.sum(list(study.renewable_mw.values()), axis=0)),
        days=cases[:days],
        year=study.year,
        growth=_growth(study),
        title=study.facts.title,
        title_zh=study.facts.name_zh,
        stated=stated(study.facts, study.nation.sources, study.year),
        names_zh=names_zh(study.facts, study.nation, (one.name for one in cases[0].resources)),
        notes=(study.note, MADE_UP if data is None else WEATHER_MADE_UP, _what_is_signed(study, cases[0])),
        coal_mw=study.capacity_mw().get("coal", 0.0),
        temperature_c=study.weather.temperature_c,
        other_loads_mw=tuple(one.load_mw for one in study.other_weather),
    )


def worst_days(study: ProvinceYear, count: int) -> tuple[date, ...]:
    """The days of the highest load and those of the highest net load in turn: the definitions mean the first, what
    is short is short on the second."""
    by_load, by_net = study.peak_days(count), study.peak_days(count, net=True)
    in_turn = [day for pair in zip(by_load, by_net, strict=True) for day in pair]
    return tuple(dict.fromkeys(in_turn))[:count]


def _supply(study: ProvinceYear) -> System:
    units = tuple(Unit(one.mw, one.outage_rate, one.repair_h) for one in study.failing_units)
    return System(units, study.net_load_years_mw(WEATHER_YEARS))


def _growth(study: ProvinceYear) -> Growth:
    growth = study.facts.load.growth
    pace = pace_of(study.facts.response, study.year)
    source = AS_EXPECTED if study.year < CARD_ENDS else LATER
    return Growth((growth.p10, growth.p50, growth.p90), (SLOW * pace, pace, FAST * pace), source)


def pace_of(response: ResponseFact, year: int) -> float:
    """Share of the response of that year that is added every year."""
    if year >= CARD_ENDS:
        return LATER_GROWTH
    now_mw, then_mw = (signed_mw(response, one) for one in (year, CARD_ENDS))
    return (then_mw / now_mw - 1) / (CARD_ENDS - year)


def signed_mw(response: ResponseFact, year: int) -> float:
    """Contracts and virtual power plants together, as the card has them."""
    return at(response.contracts_mw, year) + at(response.virtual_power_plants_mw, year)


def _what_is_signed(study: ProvinceYear, case: Case) -> str:
    """What counts as contracted, and what could but has no contract that anybody could show."""
    captive_mw = sum(one.max_mw for one in case.resources if isinstance(one, ThermalUnit) and one.name in study.captive)
    vehicles_mw = sum(one.contracted_mw for one in responders_of(case) if one.name == VEHICLES_NAME)
    signed = signed_mw(study.facts.response, study.year)
    return (
        f"contracted are {signed:,.0f} MW of contracts and virtual power plants as the card states, and "
        f"{vehicles_mw:,.0f} MW of managed charging as its potential (assumed); {captive_mw:,.0f} MW of users' own "
        "plants count for nothing until a register names those under contract"
    )
