"""A plan of two units and a battery over two half hours, read at a glance; every number by hand."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from grid_models.case import Case, ReserveProduct, Zone
from grid_models.horizon import Horizon
from grid_models.plan import Assumptions, Binding, Call, Plan, Shortage
from grid_models.resources import Battery, ThermalUnit
from grid_models.resources.thermal import CostPoint, ThermalState
from services.dispatch.rendering import print_report
from services.dispatch.report import Report, as_json, report

NOON = datetime(2024, 7, 29, 4, tzinfo=UTC)
LATER = datetime(2024, 7, 29, 4, 30, tzinfo=UTC)


def unit(name: str, on: bool | None) -> ThermalUnit:
    initial = None if on is None else ThermalState(on=on, hours=5, power_mw=10 if on else 0)
    cost = (CostPoint(mw=10, cost_per_h=100), CostPoint(mw=100, cost_per_h=1000))
    return ThermalUnit(name=name, zone="north", technology="coal", min_mw=10, max_mw=100, cost=cost, initial=initial)


def case() -> Case:
    battery = Battery(
        name="store", zone="north", charge_max_mw=20, discharge_max_mw=20, energy_max_mwh=20, energy_start_mwh=10
    )
    return Case(
        horizon=Horizon(start=NOON, step_min=30, steps=2, timezone="UTC"),
        zones=(Zone(name="north", demand_mw=(100.0, 140.0)),),
        resources=(unit("ran", True), unit("rested", False), unit("unknown", None), battery),
        reserves=(ReserveProduct(name="spin", product="spinning", requirement_mw=10),),
    )


def plan(**changes: Any) -> Plan:
    call = Call(
        name="works", kind="interruptible_load", start=LATER, hours=0.5, energy_mwh=5, peak_mw=10, cost=7500,
        reason="cheaper than unserved energy",
    )  # fmt: skip
    told: dict[str, Any] = {
        "case_hash": case().hash,
        "case_name": "tiny",
        "times": [NOON, LATER],
        "status": "relaxed",
        "cost": 2000.0,
        "objective": 2000.0,
        "lower_bound": 1990.0,
        "gap": 0.005,
        "seconds": {"solve": 0.5},
        "assumptions": Assumptions(initial={"unknown": ThermalState(on=True, hours=9, power_mw=10)}, notes=["a note"]),
        "cost_by_kind": {"thermal": {"production": 1500.0, "start": 0.0}, "battery": {"wear": 500.0}},
        "resources": {
            "ran": {"kind": "thermal"},
            "rested": {"kind": "thermal"},
            "unknown": {"kind": "thermal"},
            "store": {"kind": "battery"},
            "member": {"kind": "battery", "within": "park"},
        },
        "reserves_mw": {"spin": {"ran": [4.0, 6.0], "store": [6.0, 2.0]}},
        "prices": {"north": [300.0, 500.0], "spin": [0.0, 20.0]},
        "shortage": Shortage(unserved_mw={"north": [0.0, 0.0]}, reserve_mw={"spin": [0.0, 2.0]}),
        "emissions_t": {"thermal": 90.0, "total": 90.0},
        "utilisation": {"total": 0.9, "wind": 0.8, "sun": 1.0},
        "binding": [
            Binding(what="highest output", name="ran", steps=1, worth=20, at=NOON),
            Binding(what="ramp", name="rested", steps=1, worth=90, at=LATER),
        ],
        "calls": [call],
        "commitment": {"ran": [1, 1], "rested": [0, 1], "unknown": [1, 0]},
        "power_mw": {
            "ran": [100.0, 90.0],
            "rested": [0.0, 30.0],
            "unknown": [20.0, 0.0],
            "store": [-20.0, 20.0],
            "member": [5.0, 5.0],
        },
    }
    return Plan(**(told | changes))


def glance(**changes: Any) -> Report:
    return report(plan(**changes), case(), ("the fuel of 'ran'",))


def test_headline_repeats_the_plan_and_sums_the_demand():
    """Demand 100 and 140 MW for half an hour each: 120 MWh."""
    row = glance()
    assert ("tiny", "relaxed", 2000.0, 1990.0, 0.005) == (row.case, row.status, row.cost, row.lower_bound, row.gap)
    assert 120 == pytest.approx(row.demand_mwh)


def test_costs_leave_out_what_costs_nothing():
    items = [(row.kind, row.item, row.amount) for row in glance().costs]
    assert [("thermal", "production", 1500.0), ("battery", "wear", 500.0)] == items


def test_energy_tells_giving_from_drawing_and_counts_members_within_their_plant():
    """
    Thermal 120 MW twice: 120 MWh, peak 120.

    The battery draws 20 MW, then gives 20 MW: 10 MWh each. The member's 5 MW are in the plant's own line; counted
    twice they would make the battery's 15 MWh.
    """
    rows = {row.kind: (row.given_mwh, row.drawn_mwh, row.peak_mw) for row in glance().energy}
    assert {"thermal": (120.0, 0.0, 120.0), "battery": (10.0, 10.0, 20.0)} == rows


def test_starts_begin_from_the_state_before_the_horizon():
    """`ran` ran on, `rested` starts once, `unknown` was taken as on and stops: one start (three from off)."""
    (row,) = glance().starts
    assert ("coal", 3, 3, 1) == (row.technology, row.units, row.used, row.starts)


def test_reserve_is_the_mean_of_all_awards():
    """10 and 8 MW awarded: 9 on average; 2 MW short for half an hour: 1 MWh."""
    (row,) = glance().reserves
    assert ("spin", 10.0, 9.0, 1.0) == (row.product, row.requirement_mw, row.award_mw, row.shortage_mwh)


def test_price_says_when_it_was_highest():
    north, _ = glance().prices
    assert ("north", 300.0, 400.0, 500.0, LATER) == (north.name, north.least, north.mean, north.most, north.at)


def test_shortage_lists_only_what_is_short():
    (row,) = glance().shortage
    assert ("reserve", "spin", 1.0, 2.0) == (row.what, row.name, row.mwh, row.peak_mw)


def test_dearest_limit_comes_first():
    assert ["rested", "ran"] == [item.name for item in glance().binding]


def test_utilisation_shows_the_total_and_who_loses():
    assert {"total": 0.9, "wind": 0.8} == glance().utilisation


def test_what_was_assumed_is_said():
    notes = glance().assumptions
    assert "a note" in notes
    assert any("initial state of 1 units was chosen by a first solve (1 of them on)" in words for words in notes)


def test_report_as_json_keeps_times_with_their_offset():
    document = as_json(glance())
    assert "2024-07-29T04:30:00Z" == document["calls"][0]["start"]
    assert "2024-07-29T04:30:00+00:00" == document["prices"][0]["at"]
    assert ["the fuel of 'ran'"] == document["not_carried"]


@pytest.mark.parametrize(
    "words",
    ["relaxed", "gap 0.500%", "battery", "spin", "cheaper than unserved energy", "ramp", "emissions t", "solve 0.50",
     "not carried over: the fuel of 'ran'", "assumed: a note"],
)  # fmt: skip
def test_the_terminal_shows_it_all(words: str):
    assert words in drawn(glance())


def test_an_empty_plan_can_be_drawn():
    empty = {"calls": [], "binding": [], "prices": {}, "cost_by_kind": {}, "power_mw": {}, "commitment": {}}
    assert "shortage: reserve spin" in drawn(glance(**empty))


def drawn(what: Report) -> str:
    console = Console(width=160)
    with console.capture() as capture:
        print_report(what, console)
    return capture.get()
