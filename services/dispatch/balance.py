"""What goes in comes out: the balance of every zone, the corridors between them, energy missing or spare."""

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.dispatch.algebra import Linear, zero
from services.dispatch.fleet import column, series
from services.dispatch.model import Block, Model, Payment

BALANCE = "power balance"


def require(model: Model) -> None:
    """Injection and net import meet demand in every zone, less what is unserved, plus what is spilled (S1)."""
    case = model.case
    zones = [zone.name for zone in case.zones]
    block = model.block("zone", zones)
    # Whatever is lacking: also for what the data force to be drawn (an export, a store that must end full).
    unserved = block.publish("unserved_mw", block.variable("unserved_mw"))
    spilled = block.publish("spilled_mw", block.variable("spilled_mw"))
    step_h, prices = case.horizon.step_h, case.prices
    model.payments.append(Payment("unserved", "unserved", unserved * (prices.unserved_per_mwh * step_h)))
    model.payments.append(Payment("spilled", "spilled", spilled * (prices.spilled_per_mwh * step_h)))
    names = [resource.name for resource in case.resources]
    rows = np.array([case.zone_index[resource.zone] for resource in case.resources], dtype=int)
    labels = (rows[:, None] * case.steps + np.arange(case.steps)).ravel()
    supplied = model.injection(names).grouped(labels, block.shape) if names else zero(block.shape)
    block.require(BALANCE, (supplied + _net_import(model) + unserved - spilled).equals(case.demand_mw))


def _net_import(model: Model) -> Linear:
    """What corridors bring to each zone (S2)."""
    case = model.case
    shape = (len(case.zones), case.steps)
    if not case.links:
        return zero(shape)
    block = model.block("link", [link.name for link in case.links])
    most = (
        series(case.links, lambda link: link.forward_max_mw, case.steps),
        series(case.links, lambda link: link.back_max_mw, case.steps),
    )
    forward, back = block.variable("forward_mw", 0.0, most[0]), block.variable("back_mw", 0.0, most[1])
    block.publish("flow_mw", forward - back)
    _one_way(block, forward, back, most)
    arrives = 1 - column(case.links, lambda link: link.loss)
    origin, target = _ends(model, "from_zone"), _ends(model, "to_zone")
    at_origin, at_target = back * arrives - forward, forward * arrives - back
    return at_origin.grouped(origin, shape) + at_target.grouped(target, shape)


def _one_way(block: Block, forward: Linear, back: Linear, most: tuple[Floats, Floats]) -> None:
    """A corridor that loses energy carries it one way at a time, or it could burn what is spare (S3)."""
    lossy = np.array([[link.loss > 0] for link in block.model.case.links])
    if not lossy.any():
        return
    rows = np.flatnonzero(lossy)
    names = [block.names[row] for row in rows]
    ahead = block.binary("ahead", shape=(rows.size, block.steps), resources=names)
    block.require("forward", forward[rows] <= ahead * most[0][rows], resources=names)
    block.require("back", back[rows] <= (1 - ahead) * most[1][rows], resources=names)


def _ends(model: Model, end: str) -> NDArray[np.int64]:
    case = model.case
    zones = np.array([case.zone_index[getattr(link, end)] for link in case.links])
    labels: NDArray[np.int64] = (zones[:, None] * case.steps + np.arange(case.steps)).ravel()
    return labels
