"""What is issued without being asked for: the next hours every quarter of an hour, tomorrow before the deadline.

Whatever has arrived by then is what is used; a forecast that is late is worth less than one on thin ground. The store
says what was issued last, so any number of workers may keep the schedule.
"""

import numpy as np
import structlog

from grid_models.forecast import NINETEEN, SeriesDescription, SeriesKind
from services.forecast.adapting import ADAPTED, adapted, document
from services.forecast.champions import Champions, slot_of
from services.forecast.horizons import HORIZONS, Horizon
from services.forecast.issuing import Question, forecasts
from services.forecast.known import Moment
from services.forecast.settings import Settings
from services.forecast.store import Store
from services.forecast.training import all_of

log = structlog.get_logger(__name__)
EVERY_MIN = {"intraday": 15, "day-ahead": 360, "ten-days": 1440}
FORECAST_KINDS: tuple[SeriesKind, ...] = ("load", "wind", "solar", "hydro_inflow")
ARRIVED_AFTER_H = 6
"""After the last step of a forecast its actual values are there."""
LOOK_BACK_DAYS = 400
_OFFSET_MIN = {"intraday": 0, "day-ahead": 30, "ten-days": 30}
"""After midnight UTC: 00:30 UTC is 08:30 in Beijing."""
_CHAMPIONS: dict[int, Champions] = {}


def due(store: Store, settings: Settings, now: Moment) -> int:
    """Issues what the clock asks for and nobody has issued yet; how many forecasts that were."""
    issued = sum([_issue(store, HORIZONS[name], now) for name in settings.scheduled])
    for name in settings.scheduled:
        _adapt(store, HORIZONS[name], now)
    return issued


def _adapt(store: Store, horizon: Horizon, now: Moment) -> None:
    """Once a day, champions learn from the forecasts of the last day whose steps have all come."""
    reach = np.timedelta64(round((horizon.last_lead_h + ARRIVED_AFTER_H) * 3600), "s")
    origin = (now - reach).astype("datetime64[D]").astype("datetime64[s]") + np.timedelta64(
        _OFFSET_MIN[horizon.name], "m"
    )
    slots: dict[str, list[str]] = {}
    for name, slot in _with_champion(store, horizon):
        slots.setdefault(slot, []).append(name)
    for slot, names in slots.items():
        _adapt_slot(store, slot, names, origin, now)


def _adapt_slot(store: Store, slot: str, names: list[str], origin: Moment, now: Moment) -> None:
    record = store.models.champion(slot)
    if (
        record is None
        or origin < record.trained_until
        or str(origin) <= record.scores.get(ADAPTED, {}).get("until", "")
    ):
        return
    champion = _CHAMPIONS.setdefault(id(store), Champions(store)).of(slot)
    assert champion is not None
    known = store.known_many(names, now, origin - np.timedelta64(LOOK_BACK_DAYS, "D"))
    ensemble = adapted(champion[1], known, origin)
    store.models.score(slot, record.version, {ADAPTED: document(ensemble, origin)})
    log.info("calibration adapted", slot=slot, series=len(names), origin=str(origin))


def origin_of(horizon: Horizon, now: Moment) -> Moment:
    """The last moment at which this horizon was to be issued."""
    every = np.timedelta64(EVERY_MIN[horizon.name] * 60, "s")
    start = np.datetime64(0, "s") + np.timedelta64(_OFFSET_MIN[horizon.name] * 60, "s")
    return start + (now - start) // every * every


def _issue(store: Store, horizon: Horizon, now: Moment) -> int:
    origin = origin_of(horizon, now)
    names = [name for name, slot in _with_champion(store, horizon) if not _is_issued(store, name, slot, origin)]
    if not names:
        return 0
    champions = _CHAMPIONS.setdefault(id(store), Champions(store))
    kept = store.save_forecasts(forecasts(store, champions, names, Question(horizon, origin, NINETEEN)), known_at=now)
    log.info("forecasts issued", horizon=horizon.name, series=len(names), origin=str(origin))
    return kept


def _with_champion(store: Store, horizon: Horizon) -> list[tuple[str, str]]:
    """The series whose kind has learned this horizon; baselines are given when asked for, not on schedule."""
    series: list[SeriesDescription] = [one for kind in FORECAST_KINDS for one in all_of(store, kind)]
    slots = {one.name: slot_of(one.kind, horizon, horizon.step_of(one)) for one in series}
    trained = {slot for slot in set(slots.values()) if store.models.champion(slot) is not None}
    return [(name, slot) for name, slot in slots.items() if slot in trained]


def _is_issued(store: Store, name: str, slot: str, origin: Moment) -> bool:
    issues = store.forecasts.issues([name], origin, origin + np.timedelta64(1, "s"))
    return any(issue.model.startswith(slot) for issue in issues)
