"""What the reserve desk would object to: who holds what ready, whether it adds up, and what missing it costs."""

from collections.abc import Iterator

import numpy as np

from grid_models.case import ReserveProduct
from grid_models.quantities import Floats, per_step
from grid_models.resources import Resource
from services.dispatch.referee.readings import plants
from services.dispatch.referee.verdict import Violation
from services.dispatch.referee.yard import Yard


def objections(yard: Yard) -> Iterator[Violation]:
    """Judge every product: its providers, its requirement, its shortage."""
    places = _places(yard)
    for product in yard.case.reserves:
        awards_mw = yard.readings.awards_mw[product.name]
        for name, mw in awards_mw.items():
            yield from yard.at_least("reserve sign", name, f"the award of {product.name}", mw, 0.0)
            if not product.admits(places[name]):
                what = f"the award of {product.name}, which does not admit it,"
                yield from yard.at_most("reserve admission", name, what, mw, 0.0)
        yield from _requirement(product, sum(awards_mw.values(), np.zeros(yard.steps)), yard)


def cost(yard: Yard) -> dict[str, float]:
    """The bill of missing reserve, by product."""
    return {
        product.name: float(_price_per_h(product, _missing_mw(product, yard), yard).sum()) * yard.step_h
        for product in yard.case.reserves
    }


def _places(yard: Yard) -> dict[str, Resource]:
    """Every resource by name; a member of a plant counts at the plant's zone."""
    places: dict[str, Resource] = {resource.name: resource for resource in yard.case.resources}
    for plant in plants(yard.case):
        places |= {member.name: member.model_copy(update={"zone": plant.zone}) for member in plant.members}
    return places


def _requirement(product: ReserveProduct, held_mw: Floats, yard: Yard) -> Iterator[Violation]:
    required_mw, missing_mw = per_step(product.requirement_mw, yard.steps), _missing_mw(product, yard)
    yield from yard.at_least("reserve shortage", product.name, "missing reserve", missing_mw, 0.0)
    what = "reserve held and declared missing"
    yield from yard.at_least("reserve requirement", product.name, what, held_mw + missing_mw, required_mw)


def _missing_mw(product: ReserveProduct, yard: Yard) -> Floats:
    return yard.readings.reserve_shortage_mw.get(product.name, np.zeros(yard.steps))


def _price_per_h(product: ReserveProduct, missing_mw: Floats, yard: Yard) -> Floats:
    """What an hour of so much missing reserve costs, slice by slice; beyond them never less than the last."""
    total, left_mw = np.zeros_like(missing_mw), np.maximum(missing_mw, 0.0)
    for piece in product.shortage:
        taken_mw = left_mw if piece.mw is None else np.minimum(left_mw, piece.mw)
        total, left_mw = total + piece.price_per_mwh * taken_mw, left_mw - taken_mw
    beyond = max([yard.case.prices.reserve_shortage_per_mwh, *(piece.price_per_mwh for piece in product.shortage)])
    return total + beyond * left_mw
