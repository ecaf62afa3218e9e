"""Descriptions of series on their way in: what cannot be meant is refused before anything rests on it."""

from collections.abc import Sequence

from grid_models.forecast import SeriesDescription
from services.forecast.errors import Unusable
from services.forecast.ingest import FIRST_YEAR, LAST_YEAR
from services.forecast.physical.turbines import known_turbine
from services.forecast.store import Store


def describe_all(store: Store, described: Sequence[SeriesDescription]) -> tuple[int, ...]:
    """Keeps all of them or none; the number of the new version of each, 0 where it says nothing new."""
    for one in described:
        _possible(one)
    return store.series.put(described)


def _possible(one: SeriesDescription) -> None:
    wrong = [entry.since for entry in one.capacity_mw if not FIRST_YEAR <= entry.since.year < LAST_YEAR]
    if wrong:
        words = f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
        raise Unusable(f"capacity_mw: {one.name} has {wrong[0].isoformat()}; it {words}", field="capacity_mw")
    if one.wind is not None and one.wind.turbine is not None:
        known_turbine(one.wind.turbine)
