"""What storage and reliable capacity are paid for standing by: the rules of 2026, as formulas."""

from dataclasses import dataclass

import numpy as np

from services.dispatch.assessment.peaks import LoadYear, events

COAL_PRICE_CNY_PER_KW_YEAR = 165.0
"""Half of the fixed cost of 330: the least capacity price of coal by 发改价格〔2026〕114号; provinces may pay more."""


def storage_credit(discharge_h: float, longest_net_peak_h: float) -> float:
    """Share of the coal capacity price that independent storage earns: full-power hours over the longest net peak.

    Source: 发改价格〔2026〕114号 (30 January 2026): grid-side independent storage, at most 1.
    """
    if longest_net_peak_h <= 0:
        raise ValueError("the longest net-load peak must last longer than 0 h")
    return min(1.0, discharge_h / longest_net_peak_h)


def longest_net_peak_h(net_load: LoadYear, threshold: float = 0.95) -> float:
    """How long the longest peak of the net load lasts; the notice leaves the threshold open, 95 % is our choice."""
    return max(event.hours(net_load.step_h) for event in events(net_load, threshold))


@dataclass(frozen=True)
class GansuRule:
    """The capacity fee of Gansu for 2026 (fxbaogao 5230580)."""

    price_cny_per_kw_year: float = 330.0
    reliable_factor: float = 0.475
    """Of the kind of plant; coal in the source's example."""
    auxiliary_share: float = 0.0174
    """Of output that the plant uses itself."""
    supply_demand_factor: float = 0.8953
    """Of the province and year."""
    source: str = "Gansu, capacity fee of 2026 (fxbaogao 5230580)"

    def fee_cny_per_kw_year(self) -> float:
        """Per kilowatt of rated output."""
        net = self.reliable_factor * (1 - self.auxiliary_share)
        return float(np.prod([net, self.price_cny_per_kw_year, self.supply_demand_factor]))
