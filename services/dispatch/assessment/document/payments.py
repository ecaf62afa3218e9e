"""What standing by is paid by the capacity rules of 2026."""

from grid_models.quantities import Data


class StoreCredit(Data):
    """What stores of one duration are credited by the notice: share of the capacity price of coal."""

    discharge_h: float
    power_mw: float
    credit: float
    cny_per_kw_year: float
    """That share of the price of coal."""


class CapacityFee(Data):
    """What a province pays a kilowatt of coal power, factor by factor."""

    price_cny_per_kw_year: float
    reliable_factor: float
    auxiliary_share: float
    supply_demand_factor: float
    fee_cny_per_kw_year: float
    """Their product, own use taken off."""
    coal_mw: float
    """That stands in the province."""
    source: str

    @property
    def total_cny_per_year(self) -> float:
        return self.fee_cny_per_kw_year * self.coal_mw * 1000


class Payments(Data):
    """Of storage on the grid's side, and of coal where the province has a rule of its own."""

    longest_net_peak_h: float
    coal_price_cny_per_kw_year: float
    credits: tuple[StoreCredit, ...]
    fee: CapacityFee | None = None
