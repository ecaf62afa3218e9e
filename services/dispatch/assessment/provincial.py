"""A province in a year as the subject of an assessment: its load, its worst days, its fleet in probabilities."""

from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from grid_models.provinces.years.build import WEATHER_YEARS, build_province
from grid_models.provinces.years.province_year import ProvinceYear
from services.dispatch.assessment.adequacy import System, Unit
from services.dispatch.assessment.parts import answering
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.subject import Growth, Register, Subject
from services.dispatch.assessment.wish import DAYS

ZONE = ZoneInfo("Asia/Shanghai")
RESPONSE_GROWTH = (0.05, 0.12, 0.20)
"""P10, P50 and P90 of the share of today's response that is added a year (assumed)."""
GROWTH_SOURCE = "load grows as the card says; response by 5, 12 and 20 % of today a year (P10, P50, P90; assumed)"
MADE_UP = "hours of load, wind and sun are made up from the facts of the card and seeded weather: they are no record"

WEATHER_MADE_UP = "hours are as good as the tables that they come from; other years of weather are seeded"


def subject_of_province(name: str, year: int, days: int = DAYS, data: Path | None = None) -> Subject:
    """The province in that year, from its card or from the reference tables of a folder."""
    return subject_of_year(build_province(name, year, data), days, data)


def subject_of_year(study: ProvinceYear, days: int = DAYS, data: Path | None = None) -> Subject:
    """The day of the highest load names the fleet."""
    cases = tuple(study.day(day) for day in worst_days(study, max(1, days)))
    register = Register(captive=study.captive)
    return Subject(
        name=study.name,
        case=cases[0],
        load=LoadYear(study.load_mw, study.start.replace(tzinfo=ZONE)),
        supply=_supply(study),
        answering=answering(cases[0]),
        renewable_mw=np.asarray(np.sum(list(study.renewable_mw.values()), axis=0)),
        days=cases[:days],
        register=register,
        year=study.year,
        growth=_growth(study),
        title=study.facts.title,
        title_zh=study.facts.name_zh,
        notes=(study.note, MADE_UP if data is None else WEATHER_MADE_UP),
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
    return Growth((growth.p10, growth.p50, growth.p90), RESPONSE_GROWTH, GROWTH_SOURCE)
