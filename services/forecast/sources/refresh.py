"""The newest weather for every weather series that a service can tell about, fetched and kept."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from grid_models.forecast import SeriesDescription
from services.forecast.known import Moment
from services.forecast.sources.fallback import Fallback, NoSourceAnswered
from services.forecast.sources.open_meteo import VARIABLES
from services.forecast.store import Store

POINTS_AT_ONCE = 50
"""So that the address of the question stays short enough for every server in between."""
PAGE = 1000


@dataclass(frozen=True)
class Refreshed:
    """What came of it."""

    asked: int
    """Weather series."""
    new: int
    """Issues that said something new."""
    reasons: tuple[str, ...]
    """What failed on the way; a source that failed may have been stood in for."""


def refresh(store: Store, sources: Fallback, now: Moment, days: int = 10) -> Refreshed:
    """Asks for all points, some at a time: those that fail leave the others as they are."""
    asked = new = 0
    reasons: dict[str, None] = {}
    for some in _groups(list(_offered(store))):
        asked += len(some)
        try:
            answer = sources.latest(some, now, days)
        except NoSourceAnswered as error:
            reasons[error.detail] = None
        else:
            reasons |= dict.fromkeys(answer.reasons)
            new += store.weather.add(answer.issues)
    return Refreshed(asked, new, tuple(reasons))


def _offered(store: Store) -> Iterator[SeriesDescription]:
    page = store.series.page(limit=PAGE, kind="weather")
    while page:
        yield from (one for one in page if one.latitude is not None and one.variable in VARIABLES)
        page = store.series.page(after=page[-1].name, limit=PAGE, kind="weather")


def _groups(series: list[SeriesDescription]) -> Iterator[list[SeriesDescription]]:
    """All series of a point stay together."""

    def point(one: SeriesDescription) -> tuple[float, float]:
        return one.latitude or 0.0, one.longitude or 0.0

    points = [list(some) for _, some in itertools.groupby(sorted(series, key=point), key=point)]
    for begin in range(0, len(points), POINTS_AT_ONCE):
        yield [one for some in points[begin : begin + POINTS_AT_ONCE] for one in some]
