"""What the capacity rules of 2026 pay the stores and the coal plants of a subject."""

from collections.abc import Iterable, Mapping

from services.dispatch.assessment.adequacy import Member, Store
from services.dispatch.assessment.credits import (
    COAL_PRICE_CNY_PER_KW_YEAR,
    GansuRule,
    longest_net_peak_h,
    storage_credit,
)
from services.dispatch.assessment.document.payments import CapacityFee, Payments, StoreCredit
from services.dispatch.assessment.peaks import LoadYear

GRID_STORAGE = "S: store"
"""The notice speaks of independent storage on the grid's side; pumped hydro and users' batteries have other rules."""
RULES: Mapping[str, GansuRule] = {"gansu": GansuRule()}


def payments(name: str, answering: Mapping[str, Iterable[Member]], net: LoadYear, coal_mw: float) -> Payments:
    """Stores by how long they last, to the half hour, before the longest peak of this net load."""
    longest_h = longest_net_peak_h(net)
    rule = RULES.get(name)
    price = rule.price_cny_per_kw_year if rule else COAL_PRICE_CNY_PER_KW_YEAR
    power: dict[float, float] = {}
    for one in answering.get(GRID_STORAGE, ()):
        if isinstance(one, Store) and one.discharge_mw > 0:
            duration_h = round(2 * one.energy_mwh / one.discharge_mw) / 2
            power[duration_h] = power.get(duration_h, 0.0) + one.discharge_mw
    return Payments(
        longest_net_peak_h=longest_h,
        coal_price_cny_per_kw_year=price,
        credits=tuple(_credit(hours, mw, longest_h, price) for hours, mw in sorted(power.items())),
        fee=_fee(rule, coal_mw) if rule else None,
    )


def _credit(hours: float, mw: float, longest_h: float, price: float) -> StoreCredit:
    credit = storage_credit(hours, longest_h)
    return StoreCredit(discharge_h=hours, power_mw=mw, credit=credit, cny_per_kw_year=credit * price)


def _fee(rule: GansuRule, coal_mw: float) -> CapacityFee:
    return CapacityFee(**vars(rule), fee_cny_per_kw_year=rule.fee_cny_per_kw_year(), coal_mw=coal_mw)
