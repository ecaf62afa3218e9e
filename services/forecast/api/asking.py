"""What forecasts, scenarios and odds have in common: of which series, how far, seen from when."""

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import Depends, Request
from pydantic import AwareDatetime, Field, field_validator, model_validator

from grid_models.forecast import NINETEEN, Levels, SeriesKind, StepMinutes, rising
from grid_models.quantities import Data, Name
from services.forecast.champions import Champions
from services.forecast.errors import Unusable
from services.forecast.horizons import HORIZONS, HorizonName, horizon_of
from services.forecast.issuing import Question
from services.forecast.known import moment, steps_from
from services.forecast.store import Store
from services.forecast.store.series import now
from services.forecast.training import all_of

STEPS_MAX = 1000


class Asked(Data):
    """Either a named horizon, or a start and a number of steps."""

    series: Annotated[tuple[Name, ...], Field(max_length=5000)] = ()
    """Names; empty: all of `kind`, or of `zone`."""
    kind: SeriesKind | None = None
    zone: Name | None = None
    horizon: HorizonName | None = None
    """intraday: the next 4 hours; day-ahead: tomorrow's local day; ten-days: by the hour. Default: day-ahead."""
    start: AwareDatetime | None = None
    """Beginning of the first step, where no horizon is named."""
    steps: Annotated[int, Field(ge=1, le=STEPS_MAX)] | None = None
    step_min: StepMinutes | None = None
    origin: AwareDatetime | None = None
    """Nothing that became known later is used; None: now."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "Asked":
        if not self.series and self.kind is None and self.zone is None:
            raise ValueError("series: name some, or give a kind or a zone")
        by_steps = (self.start, self.steps, self.step_min)
        if any(part is not None for part in by_steps) and None in by_steps:
            raise ValueError("start, steps and step_min belong together")
        if self.start is not None and self.horizon is not None:
            raise ValueError("horizon: give it, or start with steps and step_min, not both")
        return self

    def names(self, store: Store) -> tuple[str, ...]:
        """The series that are meant, without weather."""
        if self.series:
            return tuple(dict.fromkeys(self.series))
        kinds: Sequence[SeriesKind] = (self.kind,) if self.kind else ("load", "wind", "solar", "hydro_inflow")
        found = [one for kind in kinds for one in all_of(store, kind)]
        names = tuple(one.name for one in found if self.zone is None or one.zone == self.zone)
        if not names:
            raise Unusable("series: there is none of this kind in this zone; GET /v1/series lists them", field="series")
        return names

    def meant(self, levels: tuple[float, ...] = NINETEEN) -> Question:
        """As the service asks itself."""
        origin = now() if self.origin is None else moment(self.origin)
        if origin > now():
            raise Unusable(f"origin: {self.origin} lies in the future; nothing can be known then", field="origin")
        if self.start is None or self.steps is None or self.step_min is None:
            return Question(HORIZONS[self.horizon or "day-ahead"], origin, levels)
        start = moment(self.start)
        if start.astype(np.int64) % (self.step_min * 60):
            raise Unusable(f"start: {self.start} is no full multiple of {self.step_min} min", field="start")
        if start < origin:
            raise Unusable(f"start: {self.start} lies before the origin; ask from the origin on", field="start")
        times = steps_from(start, self.steps, self.step_min)
        lead_h = float((times[-1] - origin) / np.timedelta64(3600, "s")) + self.step_min / 60
        return Question(horizon_of(lead_h, self.step_min), origin, levels, times, self.step_min)


class AskedWithLevels(Asked):
    levels: Levels = NINETEEN
    """Of the quantiles, rising."""

    @field_validator("levels")
    @classmethod
    def _rise(cls, levels: tuple[float, ...]) -> tuple[float, ...]:
        rising(levels)
        return levels


def _champions(request: Request) -> Champions:
    champions: Champions = request.app.state.champions
    return champions


TheChampions = Annotated[Champions, Depends(_champions)]
