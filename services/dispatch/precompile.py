"""Compile the pricing ahead of its first use: `python -m services.dispatch.precompile`, as the set-up does.

An image does the same when it is built, for any processor of its architecture, and its root may then be read-only. Both
variables must be set when it is built and when it runs:

    NUMBA_CPU_NAME=generic
    NUMBA_CACHE_LOCATOR_CLASSES=services.dispatch.shipped_cache.ShippedCache

The first is part of the cache's key; without the second, numba passes over a cache that it cannot write.
"""

from datetime import date

from grid_models.case import Case, ReserveProduct, Zone
from grid_models.horizon import Horizon
from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import CostPoint, ThermalState
from services.dispatch.planning import Options, plan_case


def tiny_case() -> Case:
    """One unit with ramps and a reserve: enough to reach every compiled function."""
    unit = ThermalUnit(
        name="unit",
        min_mw=10,
        max_mw=100,
        cost=(CostPoint(mw=10, cost_per_h=100), CostPoint(mw=50, cost_per_h=600), CostPoint(mw=100, cost_per_h=1500)),
        ramp_up_mw_per_h=30,
        ramp_down_mw_per_h=30,
        initial=ThermalState(on=False, hours=9),
    )
    return Case(
        horizon=Horizon.of_days(date(2026, 1, 1)),
        zones=(Zone(name="system", demand_mw=60.0),),
        resources=(unit,),
        reserves=(ReserveProduct(name="spinning", product="spinning", requirement_mw=5.0),),
    )


if __name__ == "__main__":
    plan_case(tiny_case(), Options(method="decomposed", time_limit_s=120))
