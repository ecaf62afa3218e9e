"""Zones, links, fuels and shortage before the referee."""

import numpy as np
import pytest

from grid_models.case import Case, Link, Prices, Zone
from grid_models.plan import Shortage
from grid_models.resources import Profile
from services.dispatch.referee import judge

from .conftest import draft, horizon, rules

PRICES = Prices(unserved_per_mwh=1000, spilled_per_mwh=10)


def two_zones(east_mw, west_mw, supply_mw):
    """A supply in the west; a link of 50 MW to the east and 30 MW back that loses a tenth."""
    return Case(
        horizon=horizon(len(supply_mw)),
        zones=(Zone(name="west", demand_mw=tuple(west_mw)), Zone(name="east", demand_mw=tuple(east_mw))),
        links=(Link(name="tie", from_zone="west", to_zone="east", forward_max_mw=50, back_max_mw=30, loss=0.1),),
        resources=(Profile(name="supply", zone="west", power_mw=tuple(supply_mw)),),
        prices=PRICES,
    )


def verdict(case, flow_mw, **shortage):
    supply = {"supply": {"power_mw": list(np.broadcast_to(case.resources[0].power_mw, case.steps))}}
    plan = draft(case, supply, flows_mw={"tie": list(flow_mw)}, shortage=Shortage(**shortage))
    return judge(plan, case)


def test_a_flow_loses_its_share_where_it_arrives():
    """West gives 50 and east gets 45; then east gives 30 and west gets 27."""
    case = two_zones(east_mw=[45, -30], west_mw=[50, 127], supply_mw=[100, 100])
    assert verdict(case, [50, -30]).violations == ()


@pytest.mark.parametrize(
    ("east_mw", "west_mw", "flow_mw"),
    [([45.9], [49], [51]), ([-31], [127.9], [-31])],
)
def test_a_link_has_a_limit_each_way(east_mw, west_mw, flow_mw):
    assert {"link limit"} == rules(verdict(two_zones(east_mw, west_mw, [100]), flow_mw))


def test_every_zone_must_balance():
    found = verdict(two_zones(east_mw=[50], west_mw=[50], supply_mw=[100]), [50])
    assert [("balance", "east", 0)] == [(item.rule, item.name, item.step) for item in found.violations]
    assert pytest.approx(5) == found.violations[0].amount


def test_shortage_by_zone_has_a_price():
    """5 MW unserved at 1000 in the east, 7 MW spilled at 10 in the west."""
    case = two_zones(east_mw=[50], west_mw=[43], supply_mw=[100])
    found = verdict(case, [50], unserved_mw={"east": [5]}, spilled_mw={"west": [7]})
    assert found.violations == ()
    assert {"west": 0, "east": 5000} == found.cost_by_kind["unserved"]
    assert {"west": 70, "east": 0} == found.cost_by_kind["spilled"]
    assert pytest.approx(5070) == found.cost


@pytest.mark.parametrize(
    ("rule", "east_mw", "shortage"),
    [
        ("unserved energy", -45 + 90, {"unserved_mw": {"east": [-1]}, "spilled_mw": {"east": [-1]}}),
        ("spilled energy", 46, {"spilled_mw": {"east": [-1]}}),
    ],
)
def test_shortage_is_no_source_and_no_sink(rule, east_mw, shortage):
    found = verdict(two_zones(east_mw=[east_mw], west_mw=[50], supply_mw=[100]), [50], **shortage)
    assert rule in rules(found)
    assert "balance" not in rules(found)
