"""What is wanted of an assessment: of which province or case, and how thorough. Loads nothing of the engine."""

from typing import Annotated

from pydantic import Field, Strict

from grid_models.quantities import Data
from services.dispatch.assessment.register import Register
from services.dispatch.assessment.study_years import FIRST_YEAR, LAST_YEAR, YEAR

DAYS = 5
REST_S = 900.0
"""Of an assessment, what is beside the commitments: levels, adequacy, outlook."""


class AssessmentWish(Data):
    """Of what an assessment is wanted, and how."""

    province: Annotated[str, Field(min_length=1, max_length=40)] | None = None
    """A province with a card; None: the case that is given beside."""
    year: Annotated[int, Strict(), Field(ge=FIRST_YEAR, le=LAST_YEAR)] = YEAR
    """Of a province: which year is judged."""
    profiles: Annotated[tuple[str, ...], Field(max_length=20)] = ()
    """Definitions by their ids; none: all of them."""
    commitment: bool = True
    """Plan the worst days without and with response."""
    peak_days: Annotated[int, Strict(), Field(ge=1, le=30)] = DAYS
    """Of a province: how many days are planned."""
    gap: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1e-3
    time_limit_s: Annotated[float, Field(ge=1, le=1e5, allow_inf_nan=False)] = 150.0
    """For each unit commitment."""
    threads: Annotated[int, Strict(), Field(ge=1, le=64)] = 2
    sample_years: Annotated[int, Strict(), Field(ge=0, le=100_000)] = 1000
    """Years of outages in the adequacy; 0: none."""

    registered: Register | None = None
    """What a register knows of who responds: delivery ratios, meters, captive units, tests."""

    @property
    def seconds(self) -> float:
        """That it may take."""
        plans = 2 * (self.peak_days if self.province else 1) if self.commitment else 0
        return plans * self.time_limit_s + REST_S
