"""What a meter at a wind, solar or run-of-river plant would object to."""

from collections.abc import Iterator

import numpy as np

from grid_models.quantities import Floats, per_step
from grid_models.resources import Renewable
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Yard


def inspect(plant: Renewable, yard: Yard) -> Finding:
    """Judge output against what is available, and what is held ready against what is curtailed."""
    power_mw = yard.readings.resources[plant.name]["power_mw"]
    available_mw = per_step(plant.available_mw, yard.steps)
    cost = {
        "production": plant.cost_per_mwh * float(power_mw.sum()) * yard.step_h,
        "curtailment": plant.curtailment_price_per_mwh * float((available_mw - power_mw).sum()) * yard.step_h,
    }
    return Finding(power_mw, cost, tuple(_objections(plant, yard, power_mw, available_mw)))


def _objections(plant: Renewable, yard: Yard, power_mw: Floats, available_mw: Floats) -> Iterator[Violation]:
    name, min_mw, awards = plant.name, per_step(plant.min_mw, yard.steps), yard.awards(plant.name)
    yield from yard.at_least("minimum output", name, "output", power_mw, min_mw)
    yield from yard.at_most("available power", name, "output", power_mw, available_mw)
    if plant.utilisation_min is not None:
        used_mwh = np.array([power_mw.sum() * yard.step_h])
        due_mwh = plant.utilisation_min * float(available_mw.sum()) * yard.step_h
        yield from yard.at_least("utilisation", name, "energy used over the horizon", used_mwh, due_mwh, "MWh")
    if awards.each:
        room_mw = np.maximum(available_mw - power_mw, 0.0)
        yield from yard.at_most("up reserve", name, "up-reserve", awards.up_mw, room_mw)
        yield from yard.at_most("down reserve", name, "down-reserve", awards.down_mw, np.maximum(power_mw - min_mw, 0))
