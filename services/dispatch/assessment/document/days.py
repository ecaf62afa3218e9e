"""A worst day, planned twice."""

from grid_models.plan import Call
from grid_models.quantities import Data
from services.dispatch.assessment.document.levels import Loss
from services.dispatch.assessment.document.warnings import WarningLevel, warning_level


class Layer(Data):
    """What one group of resources gives to the grid, step by step; below 0 where it draws."""

    name: str
    power_mw: tuple[float, ...]


class Bound(Data):
    """A limit that costs money: one more megawatt would save `worth` an hour."""

    what: str
    name: str
    worth: float
    steps: int


class Commitment(Data):
    """One day planned by unit commitment, with or without response."""

    response: bool
    cost: float
    gap: float
    status: str
    unserved_mwh: float
    reserve_short_mwh: float
    peak_left_mw: float
    """Highest demand less what the demand side gives, rebound included."""
    response_max_mw: float
    called_mwh: float
    calls: int
    curtailed_share: float | None = None
    price_mean: float
    price_max: float
    seconds: float
    layers: tuple[Layer, ...]
    price: tuple[float, ...]
    """Per MWh, step by step, the dearest zone."""
    response_cost: float = 0.0
    """Of the cost, what is paid to contracts and virtual power plants."""
    standing_cost: float = 0.0
    """Of that, what standing ready costs, called or not."""
    called: tuple[Call, ...] = ()
    binding: tuple[Bound, ...] = ()


class PlannedDay(Data):
    """One day: planned twice, and what the fleet could hold on it."""

    date: str
    case_hash: str
    times: tuple[str, ...]
    demand_mw: tuple[float, ...]
    currency: str
    without: Commitment
    answered: Commitment
    held_mw: float
    """What the demand side can hold on this day, for the hours and at the notice of the strict definition."""
    losses: tuple[Loss, ...]
    """From contracted to held: why deliveries fail."""

    @property
    def warning(self) -> WarningLevel | None:
        """What the shortage without response would be called."""
        short = next((layer.power_mw for layer in self.without.layers if layer.name == "unserved"), (0.0,))
        return warning_level(max(short), max(self.demand_mw))

    @property
    def saved(self) -> float:
        """Cost that response spares."""
        return self.without.cost - self.answered.cost
