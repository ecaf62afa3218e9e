"""The figures of a card on which an assessment rests most, each with its source and whether it is sourced."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from grid_models.provinces.card import Fact
from grid_models.provinces.facts import Dated, ProvinceFacts
from services.dispatch.assessment.document.stated import Stated

Unit = Literal["MW", "TWh", "million"]


def stated(facts: ProvinceFacts, sources: Mapping[str, str], year: int) -> tuple[Stated, ...]:
    """Load, response, stores and plants: of dated figures those on either side of the year."""
    texts = {**sources, **facts.sources}
    load, response = facts.load, facts.response
    paths: tuple[tuple[str, Unit, Sequence[Dated]], ...] = (
        ("highest load", "MW", load.peak_mw),
        ("consumption of electricity", "TWh", load.energy_twh),
        ("contracts to shed", "MW", response.contracts_mw),
        ("virtual power plants", "MW", response.virtual_power_plants_mw),
        ("electric vehicles", "million", facts.electric_vehicles.millions),
        ("new-type storage", "MW", facts.storage),
    )
    stations = ((one, one.mw) for one in facts.pumped_hydro if one.year <= year)
    units = ((one, one.mw) for one in facts.thermal if (one.since or 0) <= year)
    return (
        *(_dated(what, one, unit, texts) for what, unit, path in paths for one in _around(path, year)),
        _growth(facts, texts),
        *_together("pumped hydro in operation", stations, texts),
        *_together("thermal and nuclear units", units, texts),
    )


def _around(path: Sequence[Dated], year: int) -> Iterator[Dated]:
    """The last figure up to the year, and the first one after it."""
    known = sorted(path, key=lambda one: one.year)
    before, after = ([one for one in known if (one.year <= year) == past] for past in (True, False))
    yield from (*before[-1:], *after[:1])


def _dated(what: str, one: Dated, unit: Unit, texts: Mapping[str, str]) -> Stated:
    source = texts.get(one.source, one.source)
    return Stated(what=what, year=one.year, value=one.value, unit=unit, certainty=one.certainty, source=source)


def _growth(facts: ProvinceFacts, texts: Mapping[str, str]) -> Stated:
    growth = facts.load.growth
    return Stated(
        what="growth of the load, P50", year=None, value=100 * growth.p50, unit="% a year",
        certainty=growth.certainty, source=texts.get(growth.source, growth.source),
    )  # fmt: skip


def _together(what: str, given: Iterable[tuple[Fact, float]], texts: Mapping[str, str]) -> Iterator[Stated]:
    """Megawatts of many entries, by where they come from."""
    total: dict[tuple[str, str], float] = {}
    for fact, mw in given:
        total[fact.certainty, fact.source] = total.get((fact.certainty, fact.source), 0.0) + mw
    for (certainty, source), mw in total.items():
        yield Stated(what=what, year=None, value=mw, unit="MW", certainty=certainty, source=texts.get(source, source))
