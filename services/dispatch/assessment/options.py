"""What more response could be had: named options as data, at the size of a province."""

from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

import yaml
from pydantic import Field

from grid_models.quantities import Data, NonNegative, Positive, Share
from services.dispatch.assessment.closing import Option
from services.dispatch.assessment.profiles import Profile, Source
from services.dispatch.assessment.responders import Responder


class Behaviour(Data):
    """How a megawatt of the option answers; symbols as in `Responder`."""

    programme: str = "contract"
    availability: Share = 1.0
    delivery: Share = 1.0
    notice_h: NonNegative = 0.0
    duration_h: Positive | None = None
    energy_h: Positive | None = None
    """Hours of full power that a store lasts."""
    calls_per_day: int | None = None
    calls_per_year: int | None = None
    rest_h: NonNegative = 0.0
    rebound_share: Share = 0.0
    rebound_window_h: NonNegative = 0.0


class OptionFact(Data):
    """An option in shares of the peak, with its source."""

    name: str
    counts: Source = "D"
    potential_share: Share
    fixed_cny_per_kw_year: NonNegative
    called_cny_per_kwh: NonNegative
    lead_years: Annotated[int, Field(ge=0)]
    build_share_per_year: Share
    like: Behaviour
    source: str
    source_zh: str
    certainty: Literal["sourced", "assumed"]
    note: str = ""

    def of(self, peak_mw: float) -> Option:
        """For a province with this peak."""
        return Option(
            name=self.name,
            like=self._responder(),
            potential_mw=self.potential_share * peak_mw,
            fixed_cny_per_kw_year=self.fixed_cny_per_kw_year,
            called_cny_per_kwh=self.called_cny_per_kwh,
            lead_years=self.lead_years,
            build_max_mw_per_year=self.build_share_per_year * peak_mw,
            source=self.source,
        )

    def _responder(self) -> Responder:
        behaviour = self.like.model_dump(exclude={"energy_h"})
        return Responder(self.name, 1.0, source=self.counts, energy_mwh=self.like.energy_h, **behaviour)


class _Table(Data):
    options: tuple[OptionFact, ...]


@cache
def option_facts() -> tuple[OptionFact, ...]:
    """All of them, in the order of the file."""
    text = files("services.dispatch.assessment").joinpath("options.yaml").read_text(encoding="utf-8")
    return _Table.model_validate(yaml.safe_load(text)).options


def options_for(profile: Profile, peak_mw: float) -> tuple[Option, ...]:
    """Those that the definition counts, at the size of the province."""
    return tuple(fact.of(peak_mw) for fact in option_facts() if fact.counts in profile.counted)
