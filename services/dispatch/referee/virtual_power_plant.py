"""What a meter at the connection of a virtual power plant would object to."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from grid_models.quantities import Floats, per_step
from grid_models.resources import VirtualPowerPlant
from grid_models.resources.base import PriceStep
from grid_models.resources.virtual_power_plant import Composition, Envelope
from services.dispatch.referee import battery, interruptible_load, profile, renewable, thermal
from services.dispatch.referee.verdict import Finding, Violation
from services.dispatch.referee.yard import Yard

MEMBERS: dict[str, Callable[[Any, Yard], Finding]] = {
    "thermal": thermal.inspect,
    "renewable": renewable.inspect,
    "battery": battery.inspect,
    "interruptible_load": interruptible_load.inspect,
    "profile": profile.inspect,
}


def inspect(plant: VirtualPowerPlant, yard: Yard) -> Finding:
    """Judge an envelope from outside, a composition by every member and the sum at the connection."""
    power_mw = yard.readings.resources[plant.name]["power_mw"]
    standing = plant.standing_cost_per_h * yard.horizon.hours
    if isinstance(plant.model, Envelope):
        bids = _bids(plant.model, power_mw) * yard.step_h
        violations = tuple(_envelope(plant, plant.model, yard, power_mw))
        return Finding(power_mw, {"bids": bids, "standing": standing}, violations)
    members = {member.name: MEMBERS[member.kind](member, yard) for member in plant.members}
    own = tuple(_connection(plant, plant.model, yard, power_mw, members))
    inside = tuple(violation for finding in members.values() for violation in finding.violations)
    return Finding(power_mw, {"bids": 0.0, "standing": standing}, own + inside, members=members)


def _connection(
    plant: VirtualPowerPlant, model: Composition, yard: Yard, power_mw: Floats, members: dict[str, Finding]
) -> Iterator[Violation]:
    """The sum of the members, with all that they hold ready, passes the connection."""
    total_mw = sum((finding.injection_mw for finding in members.values()), np.zeros(yard.steps))
    awards = [yard.awards(name) for name in members]
    up_mw = sum((award.up_mw for award in awards), np.zeros(yard.steps))
    down_mw = sum((award.down_mw for award in awards), np.zeros(yard.steps))
    share, own = per_step(plant.availability, yard.steps), yard.awards(plant.name)
    high_mw, low_mw = power_mw + up_mw, power_mw - down_mw
    yield from yard.equal("sum of members", plant.name, "power of the connection", power_mw, total_mw)
    yield from yard.at_most(
        "connection limit", plant.name, "injection with up-reserve", high_mw, share * model.export_max_mw
    )
    yield from yard.at_most(
        "connection limit", plant.name, "draw with down-reserve", -low_mw, share * model.import_max_mw
    )
    what = "reserve in the name of the plant instead of its members"
    yield from yard.at_most("reserve of members", plant.name, what, own.up_mw + own.down_mw, 0.0)


def _envelope(plant: VirtualPowerPlant, band: Envelope, yard: Yard, power_mw: Floats) -> Iterator[Violation]:
    """Power, cumulative energy and moves stay in the band, with and without what is held ready."""
    share, awards, name = per_step(plant.availability, yard.steps), yard.awards(plant.name), plant.name
    low_mw, high_mw = (per_step(mw, yard.steps) * share for mw in (band.power_min_mw, band.power_max_mw))
    yield from yard.at_least("power band", name, "power", power_mw, low_mw)
    yield from yard.at_most("power band", name, "power", power_mw, high_mw)
    yield from _moves(band, yard, name, "ramp", power_mw, np.zeros(yard.steps), np.zeros(yard.steps))
    yield from _energy(band, share, yard, name, power_mw)
    if awards.each:
        low_up_mw, low_down_mw = np.maximum(high_mw - power_mw, 0.0), np.maximum(power_mw - low_mw, 0.0)
        yield from yard.at_most("up reserve", name, "up-reserve", awards.up_mw, low_up_mw)
        yield from yard.at_most("down reserve", name, "down-reserve", awards.down_mw, low_down_mw)
        yield from _moves(band, yard, name, "reserve ramp", power_mw, awards.up_mw, awards.down_mw)
        yield from _response(band, yard, name)


def _moves(
    band: Envelope, yard: Yard, name: str, rule: str, power_mw: Floats, up_mw: Floats, down_mw: Floats
) -> Iterator[Violation]:
    """The ramp either way, from 0 before the horizon; with reserve only where some is held."""
    if band.ramp_mw_per_h is None:
        return
    reach_mw, rise_mw = band.ramp_mw_per_h * yard.step_h, power_mw - yard.before(power_mw, 0.0)
    held = rule != "reserve ramp"
    up_move_mw = np.where((up_mw > 0) | held, rise_mw + up_mw, 0.0)
    down_move_mw = np.where((down_mw > 0) | held, down_mw - rise_mw, 0.0)
    yield from yard.at_most(rule, name, "the rise of power", up_move_mw, reach_mw)
    yield from yard.at_most(rule, name, "the fall of power", down_move_mw, reach_mw)


def _energy(band: Envelope, share: Floats, yard: Yard, name: str, power_mw: Floats) -> Iterator[Violation]:
    """Cumulative energy adds up and stays in the band."""
    energy_mwh, what = yard.readings.resources[name]["energy_mwh"], "cumulative energy"
    yield from yard.equal(what, name, what, energy_mwh, np.cumsum(power_mw) * yard.step_h, "MWh")
    if band.energy_min_mwh is not None:
        low_mwh = per_step(band.energy_min_mwh, yard.steps) * share
        yield from yard.at_least("energy band", name, what, energy_mwh, low_mwh, "MWh")
        yield from _lasts(yard, name, "down", low_mwh - energy_mwh)
    if band.energy_max_mwh is not None:
        high_mwh = per_step(band.energy_max_mwh, yard.steps) * share
        yield from yard.at_most("energy band", name, what, energy_mwh, high_mwh, "MWh")
        yield from _lasts(yard, name, "up", energy_mwh - high_mwh)


def _lasts(yard: Yard, name: str, way: str, beyond_mwh: Floats) -> Iterator[Violation]:
    """What is held ready stays in the band from the beginning of its step, and from its end.

    `beyond_mwh` is how far the level at the end of each step is beyond the band there: below 0, its room.
    At the beginning of a step the band of the step before holds; before the first none does.
    """
    awards = yard.awards(name)
    award_mwh = awards.up_mwh if way == "up" else awards.down_mwh
    for room_mwh in (-beyond_mwh, yard.before(-beyond_mwh, np.inf)):
        yield from yard.at_most(
            f"{way} reserve energy", name, f"energy of the {way}-reserve", award_mwh, np.maximum(room_mwh, 0.0), "MWh"
        )


def _response(band: Envelope, yard: Yard, name: str) -> Iterator[Violation]:
    """An award is at most the ramp per minute times the response minutes of its product."""
    for award in yard.awards(name).each:
        if band.ramp_mw_per_h is not None and award.product.response_min is not None:
            reach_mw = band.ramp_mw_per_h / 60 * award.product.response_min
            yield from yard.at_most("response time", name, f"the award of {award.product.name}", award.mw, reach_mw)


def _bids(band: Envelope, power_mw: Floats) -> float:
    """What the hours at these powers cost: slices up for injection, slices down paid for what it absorbs."""
    up, down = np.maximum(power_mw, 0.0), np.maximum(-power_mw, 0.0)
    return float((_slices(band.up_bids, up) + _slices(band.down_bids, down)).sum())


def _slices(bids: tuple[PriceStep, ...], power_mw: Floats) -> Floats:
    total, left_mw = np.zeros_like(power_mw), power_mw
    for index, bid in enumerate(bids):
        endless = index == len(bids) - 1
        taken_mw = left_mw if endless else np.minimum(left_mw, bid.mw)
        total, left_mw = total + bid.price_per_mwh * taken_mw, left_mw - taken_mw
    return total
