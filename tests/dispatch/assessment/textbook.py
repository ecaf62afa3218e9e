"""Worked example 1 of PEAK_RESPONSE.md: a peak day of 10,000 MW and five kinds of response."""

from datetime import datetime

import numpy as np

from services.dispatch.assessment.capability import Fleet
from services.dispatch.assessment.peaks import LoadYear
from services.dispatch.assessment.profiles import Profile, profile_of
from services.dispatch.assessment.responders import Responder

STEEL = Responder("steel", 200, (150.0,), availability=0.95, delivery=0.9, duration_h=2)
COOLING = Responder("cooling", 180, delivery=0.8, duration_h=4, rebound_share=0.5, rebound_window_h=2)
CHARGING = Responder("charging", 120, availability=0.6, delivery=0.9)
BATTERY = Responder("battery", 100, availability=0.97, energy_mwh=180, programme="store")
CAPTIVE = Responder("captive", 150, (40.0,), delivery=0.95, programme="captive")
ALL = (STEEL, COOLING, CHARGING, BATTERY, CAPTIVE)
PEAK_MW = (9400, 9700, 10000, 9900, 9600, 9300, 9300)


def peak_day(valley_mw: float = 7000.0) -> LoadYear:
    """13:00 to 19:00 as in the example, a low load around it."""
    load_mw = np.full(24, valley_mw)
    load_mw[13:20] = PEAK_MW
    return LoadYear(load_mw, datetime(2030, 7, 15))  # noqa: DTZ001 - local time, as the load curves have it


def fleet(*responders: Responder) -> Fleet:
    return Fleet(peak_day(), responders or ALL, {})


def strict(hours: float) -> Profile:
    return profile_of("STRICT").model_copy(update={"duration_h": hours})
