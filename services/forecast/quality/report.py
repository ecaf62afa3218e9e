"""What was found in values that arrived, and what was done about it."""

from typing import Literal

from pydantic import AwareDatetime, Field

from grid_models.quantities import Data, Name
from services.forecast.quality.flags import Doubt

Action = Literal["kept", "masked", "corrected"]
"""Masked: kept as it came, but missing for training and forecasts."""


class Finding(Data):
    """One doubt about some values of one series."""

    series: Name
    doubt: Doubt | Literal["gap"]
    values: int
    """How many; of a gap: how many are missing."""
    first: AwareDatetime
    last: AwareDatetime
    action: Action
    detail: str
    """What was expected, what was there, and the way out."""


class QualityReport(Data):
    """What became of a batch: every value is kept as it came, and what is doubtful is named."""

    received: int = 0
    new: int = 0
    corrected: int = 0
    """Values that differ from what was known before; the earlier ones stay known as of then."""
    repeated: int = 0
    """Values that were known already and changed nothing."""
    masked: int = 0
    """Values that are missing for training, for the reasons below."""
    findings: tuple[Finding, ...] = Field(default=())
    repeated_batch: bool = False
    """The very same batch came before; this is the answer that it got."""
