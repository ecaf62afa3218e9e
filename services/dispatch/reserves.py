"""Reserve products: who is awarded how much, and what is missing.

A unit's awards in the same direction share one headroom; no megawatt counts twice. Each kind says in its own
formulation what backs its awards; here the awards become variables and the requirements become rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case, ReserveProduct
from grid_models.quantities import Floats, per_step
from grid_models.resources import Resource, VirtualPowerPlant
from services.dispatch.algebra import Linear, Shape, total
from services.dispatch.model import Block, Model, Payment

ENDLESS_MW = np.inf
REQUIREMENT = "requirement"


@dataclass(frozen=True)
class Awards:
    """The awards of one kind, resources x steps."""

    case: Case
    shape: Shape
    by_product: dict[str, Linear]

    def of(self, up: bool) -> Linear:
        """All awards in one direction."""
        return total([self.by_product[item.name] for item in self._products(up)], self.shape)

    def energy_mwh(self, up: bool) -> Linear:
        """What it would take to deliver all awards in one direction for their whole duration."""
        parts = [self.by_product[item.name] * item.duration_h for item in self._products(up)]
        return total(parts, self.shape)

    def held_by(self, up: bool) -> NDArray[np.bool_]:
        """Which resources may hold an award in this direction, as a column."""
        rows = np.diff(self.of(up).matrix.indptr).reshape(self.shape)
        held: NDArray[np.bool_] = (rows > 0).any(axis=1, keepdims=True)
        return held

    def any(self, up: bool) -> bool:
        return bool(self._products(up))

    def _products(self, up: bool) -> list[ReserveProduct]:
        return [item for item in self.case.reserves if item.up == up and item.name in self.by_product]


def wanted(case: Case) -> tuple[ReserveProduct, ...]:
    """The products that somebody requires at some step."""
    return tuple(item for item in case.reserves if np.max(item.requirement_mw) > 0)


def award(
    block: Block,
    resources: Sequence[Resource],
    *,
    up_mw_per_min: Floats | None = None,
    down_mw_per_min: Floats | None = None,
    may: NDArray[np.bool_] | None = None,
    only_up: bool = False,
) -> Awards:
    """New award variables of every product that these resources may serve, bounded by ramp x response time (Q1).

    `may` masks resources x products (in the order of `wanted`) that a kind rules out by itself.
    """
    case = block.model.case
    places = admitted_zones(case)
    awards: dict[str, Linear] = {}
    for index, product in enumerate(wanted(case)):
        if only_up and not product.up:
            continue
        admits = np.array([admits_at(case, product, resource, places) for resource in resources], dtype=bool)
        admits &= True if may is None else may[:, index]
        chosen = np.flatnonzero(admits)
        if not chosen.size:
            continue
        ramp = up_mw_per_min if product.up else down_mw_per_min
        awards[product.name] = _award_variables(block, product, chosen, ramp)
    return Awards(case, block.shape, awards)


def _award_variables(block: Block, product: ReserveProduct, chosen: NDArray[np.int64], ramp: Floats | None) -> Linear:
    names = [block.names[index] for index in chosen]
    limit = np.full((chosen.size, 1), np.inf)
    if ramp is not None and product.response_min is not None:
        limit = ramp[chosen] * product.response_min
    variable = block.variable(f"award_{product.name}_mw", 0.0, limit, shape=(chosen.size, block.steps), resources=names)
    block.model.awards.setdefault(product.name, []).append((tuple(names), variable))
    return variable.scattered(chosen, len(block.names))


def admitted_zones(case: Case) -> dict[str, str]:
    """The zone at which each resource counts: a member of a virtual power plant counts at the plant's."""
    zones = {resource.name: resource.zone for resource in case.resources}
    for resource in case.resources:
        if isinstance(resource, VirtualPowerPlant):
            zones |= {member.name: resource.zone for member in resource.members}
    return zones


def admits_at(case: Case, product: ReserveProduct, resource: Resource, zones: dict[str, str]) -> bool:
    """Whether the product admits the resource, members counting at their plant's zone."""
    return product.admits(resource.model_copy(update={"zone": zones[resource.name]}))


def require(model: Model) -> None:
    """Every requirement is met by awards, or its shortage is paid for (Q2)."""
    for product in model.case.reserves:
        _require(model, product)


def _require(model: Model, product: ReserveProduct) -> None:
    case = model.case
    needed_mw = per_step(product.requirement_mw, case.steps).reshape(1, -1)
    block = model.block(f"reserve {product.name}", [product.name])
    awarded = total([linear.sum(0)[None, :] for _, linear in model.awards.get(product.name, [])], block.shape)
    widths = [step.mw or ENDLESS_MW for step in product.shortage] + [ENDLESS_MW]
    prices = [step.price_per_mwh for step in product.shortage]
    prices.append(max([case.prices.reserve_shortage_per_mwh, *prices]))  # beyond the slices it never gets cheaper
    missing = total([], block.shape)
    for index, (width, price) in enumerate(zip(widths, prices, strict=True)):
        upper = np.minimum(width, needed_mw)
        slice_mw = block.variable(f"shortage_{index}_mw", 0.0, upper)
        model.payments.append(Payment("reserve_shortage", product.name, slice_mw * (price * case.horizon.step_h)))
        missing = missing + slice_mw
        if width == ENDLESS_MW:
            break
    block.publish("shortage_mw", missing)
    block.require(REQUIREMENT, awarded + missing >= needed_mw)
