"""Whether supply suffices, in probabilities."""

from grid_models.quantities import Data


class Adequacy(Data):
    """How often and how much supply falls short in a year of the load."""

    lolh_h: float
    lole_days: float
    eue_mwh: float
    lolh_error_h: float = 0.0
    lole_error_days: float = 0.0
    eue_error_mwh: float = 0.0
    """Standard errors of the means; 0 for an enumeration."""
    years: int = 0
    """Sampled; 0 for an enumeration."""


class ClassWorth(Data):
    """One class of what answers, in firm megawatts; at a margin where something is short."""

    name: str
    rated_mw: float
    firm_mw: float
    """EFC: firm megawatts that leave the same energy unserved."""
    carried_mw: float
    """ELCC: load that it carries at the energy unserved of before."""
    firm_error_mw: float = 0.0
    carried_error_mw: float = 0.0
    """Standard errors."""

    @property
    def of_rated(self) -> float:
        return self.firm_mw / self.rated_mw


class Risk(Data):
    """Whether supply suffices over a year, in probabilities."""

    hours: int
    """Of the load."""
    weather_years: int
    sampled_years: int
    units: int
    capacity_mw: float
    without: Adequacy
    """Nobody on the demand side is called; stores on the grid's side and pumped hydro stay."""
    answered: Adequacy
    yardstick_h: float
    moved_mw: float
    """Load that was added (below 0: taken away) before worth was measured."""
    worth: tuple[ClassWorth, ...]
    """Each class on top of all others, and all together on top of none."""
    shortage_h: float
    """How long supply is short at a stretch at that margin before any store or call, weighted by what is missing."""
    unserved_by_hour_mwh: tuple[float, ...]
    """Without response, by hour of the day: when the risk is."""
    unserved_by_month_mwh: tuple[float, ...]
    notes: tuple[str, ...] = ()
