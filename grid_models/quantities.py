"""Numbers that carry their limits: what a field of a case may hold, and series over the horizon."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, gt=0, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Efficiency = Annotated[float, Field(strict=True, gt=0, le=1, allow_inf_nan=False)]
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]

Series = Finite | tuple[Finite, ...]
"""One number for the whole horizon, or one per step."""
NonNegativeSeries = NonNegative | tuple[NonNegative, ...]
ShareSeries = Share | tuple[Share, ...]

Floats = NDArray[np.float64]


class Data(BaseModel):
    """A frozen piece of a case; unknown fields are refused, so a typing error is never a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Period(Data):
    """A stretch of time, from its start up to (not including) its end."""

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _runs_forward(self) -> "Period":
        if self.end <= self.start:
            raise ValueError(f"ends at {self.end.isoformat()}, not after its start {self.start.isoformat()}")
        return self


def per_step(series: float | tuple[float, ...], steps: int) -> Floats:
    """The series as one number per step."""
    values: Floats = np.asarray(series, dtype=np.float64)
    return np.broadcast_to(values, (steps,))
