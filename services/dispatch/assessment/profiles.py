"""What "can answer 5 % of its peak" may mean: named definitions, each a complete set of answers with its source.

No document defines the share completely, so every verdict is shown under several of these. What a document leaves open
is our choice, and `chosen` names it. The definitions themselves are data: `profiles.yaml`.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import Field

from grid_models.quantities import Data, NonNegative, Positive, Share

Level = Literal["contracted", "theoretical", "deliverable", "verified"]
LEVELS: tuple[Level, ...] = ("contracted", "theoretical", "deliverable", "verified")
Scope = Literal["D", "D+S", "D+S+P"]
Source = Literal["D", "S", "P"]
"""Demand side (user-side storage included), storage on the grid's side, pumped hydro."""
Statistic = Literal["at peak", "mean", "min", "p10"]
DEFAULT = "CN-DSM-2023"
_DAYS_PER_MONTH = 365.25 / 12


class UnknownProfile(ValueError):
    """No definition has that name."""

    status = 422


class Target(Data):
    """The share of the peak that is asked for."""

    share: Share
    raised_share: Share | None = None
    """Asked where the peak-valley rate is above `raised_above`."""
    raised_above: Share | None = None
    reading: Literal["annual", "max day", "peak day"] = "max day"
    """Which peak-valley rate is meant."""

    def at(self, peak_valley_rate: float) -> float:
        """The share asked of a province with this peak-valley rate."""
        if self.raised_share is None or self.raised_above is None:
            return self.share
        return self.raised_share if peak_valley_rate > self.raised_above else self.share


class TestRules(Data):
    """What a measured event proves, and for how long."""

    __test__ = False  # no test case of pytest's

    valid_months: Positive = 12.0
    confidence: Share = 0.9
    untested: Literal["zero", "not tested"] = "not tested"

    def counts(self, tested: date, today: date) -> bool:
        """Whether a test of that day is still valid."""
        return tested <= today < tested + timedelta(days=round(self.valid_months * _DAYS_PER_MONTH))


class Profile(Data):
    """One definition, complete."""

    id: str
    title: str
    title_zh: str = ""
    source: str
    source_zh: str = ""
    certainty: Literal["sourced", "partly sourced", "unverified", "ours"]
    chosen: tuple[str, ...] = ()
    """Fields that the source leaves open and we chose."""
    load_measure: Literal["society", "dispatched", "net"] = "society"
    """Whose maximum counts: all consumption, what the dispatch centre serves, or load less wind and sun."""
    year: int | None = None
    """From when the share is due; None: now."""
    peak_threshold: Share = 0.95
    merge_gap_h: NonNegative = 0.0
    """Peak hours no farther apart than this are one event."""
    duration_h: Positive = 1.0
    notice_h: NonNegative = 24.0
    scope: Scope = "D"
    theoretical_statistic: Statistic = "at peak"
    deliverable_statistic: Literal["min", "p10"] = "min"
    level: Level = "contracted"
    tests: TestRules = TestRules()
    target: Target

    @property
    def counted(self) -> frozenset[Source]:
        """What counts under this definition."""
        return counted_in(self.scope)


class _Table(Data):
    profiles: Annotated[tuple[Profile, ...], Field(min_length=1)]


def counted_in(scope: Scope) -> frozenset[Source]:
    """The sources that a scope counts."""
    known: tuple[Source, ...] = ("D", "S", "P")
    return frozenset(source for source in known if source in scope.split("+"))


@cache
def profiles() -> dict[str, Profile]:
    """Every definition by its id, in the order of the file."""
    text = files("services.dispatch.assessment").joinpath("profiles.yaml").read_text(encoding="utf-8")
    return {item.id: item for item in _Table.model_validate(yaml.safe_load(text)).profiles}


def profile_of(name: str) -> Profile:
    """The definition of that id."""
    known = profiles()
    if name not in known:
        raise UnknownProfile(f"there is no definition '{name}'; accepted are {', '.join(known)}")
    return known[name]


def chosen(names: Sequence[str] = ()) -> tuple[Profile, ...]:
    """The definitions of these ids; all of them where none is named."""
    return tuple(profile_of(name) for name in names) or tuple(profiles().values())
