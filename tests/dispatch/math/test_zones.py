"""Zones, the corridors between them, and what is unserved or spilled, by hand."""

from typing import Any

from building import SPILLED, UNSERVED, approx, case, given, solve, thermal

from grid_models.case import Case, Zone
from grid_models.resources import Resource


def pair(north: float, south: float, *resources: Resource, **link: Any) -> Case:
    """Two zones for an hour and a corridor of 100 MW each way."""
    zones = [Zone(name="north", demand_mw=(north,)), Zone(name="south", demand_mw=(south,))]
    tie = {"name": "tie", "from_zone": "north", "to_zone": "south", "forward_max_mw": 100, "back_max_mw": 100}
    return case([0], *resources, zones=zones, links=[tie | link])


COAL, GAS = thermal(high=500, zone="north", was=0), thermal("gas", high=500, price=900, zone="south", was=0)


def test_what_is_missing_and_what_is_spare_have_a_price() -> None:
    """
    80 MW of coal against 100 then of a given 120 against 100: 20 unserved, 20 spilled.

    By hand: 80 * 300 + 20 * 10,000 + 20 * 1,000.
    """
    coal = thermal(high=80, was=0, commitment=[None, False])
    plan = solve(case([100, 100], coal, given([0, 120])))
    assert 24_000 + 20 * UNSERVED + 20 * SPILLED == approx(plan.cost)
    assert "relaxed" == plan.status
    assert {"system": [20, 0]} == plan.shortage.unserved_mw
    assert {"system": [0, 20]} == plan.shortage.spilled_mw


def test_the_corridor_limits_what_flows_and_parts_the_prices() -> None:
    """
    150 MW of demand in the south, coal at 300 in the north, 100 MW between: 30,000 + 50 * 900.

    Without the limit 45,000. Prices: 300 in the north, 900 in the south.
    """
    plan = solve(pair(0, 150, COAL, GAS))
    assert 30_000 + 45_000 == approx(plan.cost)
    assert {"tie": [100]} == plan.flows_mw
    assert ([300], [900]) == (plan.prices["north"], plan.prices["south"])


def test_the_way_back_has_its_own_limit() -> None:
    """20 MW back: the north's 50 MW are served by 20 MW of the south's coal and 30 MW of its own gas."""
    coal, gas = thermal(zone="south", was=0), thermal("gas", price=900, zone="north", was=0)
    plan = solve(pair(50, 0, coal, gas, back_max_mw=20))
    assert 6_000 + 27_000 == approx(plan.cost)
    assert {"tie": [-20]} == plan.flows_mw


def test_losses_are_borne_where_the_flow_arrives() -> None:
    """
    10 % is lost: 100 MW enter, 90 arrive; the south's 100 MW need 10 MW of gas: 30,000 + 9,000.

    Lossless: 30,000. With 81 MW of demand 90 enter: 27,000.
    """
    assert 39_000 == approx(solve(pair(0, 100, COAL, GAS, loss=0.1)).cost)
    assert 27_000 == approx(solve(pair(0, 81, COAL, GAS, loss=0.1)).cost)


def test_a_lossy_corridor_cannot_burn_what_is_spare() -> None:
    """
    50 MW too many in the north, spilled at 1,000: flowing round in circles would burn 20 % of up to 200 MW.

    By hand: sent south 10 MW are lost and 40 spilled there. Both ways at once: less, with all 50 burnt.
    """
    assert 40 * SPILLED == approx(solve(pair(0, 0, given(50, zone="north"), loss=0.2)).cost)


def test_a_zone_without_anything_is_served_from_outside() -> None:
    """120 MW in a zone with nothing but a corridor of 100: 20 unserved there, none in the other."""
    plan = solve(pair(50, 120, COAL))
    assert 150 * 300 + 20 * UNSERVED == approx(plan.cost)
    assert {"north": [0], "south": [20]} == plan.shortage.unserved_mw
