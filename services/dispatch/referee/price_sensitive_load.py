"""What a meter at a price-sensitive load would object to."""

import numpy as np

from grid_models.quantities import per_step
from grid_models.resources import PriceSensitiveLoad
from services.dispatch.referee.verdict import Finding
from services.dispatch.referee.yard import Yard


def inspect(load: PriceSensitiveLoad, yard: Yard) -> Finding:
    """Judge that it takes no more than it would, and never gives; its value lowers the bill."""
    name = load.name
    served_mw = yard.readings.resources[name]["served_mw"]
    awards = yard.awards(name)
    violations = (
        *yard.at_least("served load", name, "load served", served_mw, 0.0),
        *yard.at_most("served load", name, "load served", served_mw, per_step(load.demand_mw, yard.steps)),
        *yard.at_most("no reserve", name, "reserve of a load", awards.up_mw + awards.down_mw, 0.0),
    )
    value = float(np.sum(served_mw * per_step(load.value_per_mwh, yard.steps))) * yard.step_h
    return Finding(-served_mw, {"value": -value}, violations)
