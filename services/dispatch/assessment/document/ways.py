"""What it takes to close a gap, by when, and what the answer hinges on."""

from grid_models.quantities import Data


class CostStep(Data):
    """A slice of the cost curve."""

    option: str
    accredited_mw: float
    cumulated_mw: float
    cny_per_kw_year: float
    """Of accredited power: the marginal cost up to here."""
    total_cny_per_year: float
    """Of everything up to here."""


class Portfolio(Data):
    """What to have in each year, and what is missing still."""

    years: tuple[int, ...]
    contracted_mw: dict[str, tuple[float, ...]]
    """By option, in place in each year."""
    missing_mw: tuple[float, ...]
    cost_cny_per_year: tuple[float, ...]


class Closed(Data):
    """A portfolio for one year that was assessed again."""

    portfolio: Portfolio
    accredited: dict[str, float]
    """Share of contracted power that counts, by option, alone on top of the fleet."""
    curve: tuple[CostStep, ...]
    target_mw: float
    before_mw: float
    after_mw: float
    """Assessed with the portfolio."""
    gap_mw: float
    """That is left."""
    rounds: int


Outlook = tuple[float, float, float]
"""P10, P50 and P90."""


class PathYear(Data):
    """One year on the way: what is asked, what is there, what is missing, each as P10, P50 and P90."""

    year: int
    share: float
    peak_mw: Outlook
    capability_mw: Outlook
    gap_mw: Outlook
    met: float
    """Probability that nothing is missing."""


class Closing(Data):
    """The cheapest response that closes the gap of one definition."""

    profile: str
    year: int
    call_h: float
    """Full hours of calls a year that are paid: what lies above the threshold."""
    closed: Closed


class PathTo(Data):
    """Year by year under one definition: what is asked, what is there, what is missing."""

    profile: str
    source: str
    years: tuple[PathYear, ...]


class Held(Data):
    """What the strict definition would hold for another time."""

    duration_h: float
    deliverable_mw: float
    by_class: dict[str, float]
    """Adds up to it; as at the step that binds."""


class Sensitivity(Data):
    """The strict answer with one thing changed."""

    what: str
    """Which thing; `as it is` in the first row."""
    value: str
    deliverable_mw: float
    peak_mw: float
    ratio: float
    change_mw: float
    """Against the answer as it is."""
    gap_mw: float
    """To the share of that peak which is asked."""
