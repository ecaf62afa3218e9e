"""What a card states of a province, for whoever checks the assessment against it."""

from typing import Literal

from grid_models.quantities import Data


class Stated(Data):
    """A figure of the card, as of a year where it has one."""

    what: str
    year: int | None
    value: float
    unit: Literal["MW", "TWh", "million", "% a year"]
    certainty: str
    source: str
