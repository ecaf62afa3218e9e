"""The worked unit commitment of the guide to peak response: four hours, two units, a battery, a contract."""

from typing import Any

import pytest
from building import approx, battery, case, contract, given, solve, thermal

from grid_models.resources import Resource

LOAD_MW = [900, 1040, 1020, 900]
PRICES = {"unserved_per_mwh": 20_000, "after_horizon_per_mwh": 0}


def fleet() -> list[Resource]:
    return [
        thermal("G1", 300, 600, 300, was=600),
        thermal("G2", 100, 300, 400, start_costs=[{"hours_off": 0, "cost": 20_000}]),
        battery(mw=50, mwh=100, start=100, end={"min_mwh": 0}),
        given(50, "wind"),
    ]


@pytest.mark.parametrize(
    ("response", "expected", "unserved", "gas"),
    [
        ([], 2_380_000, [0, 40, 20, 0], [250, 300, 300, 250]),
        ([contract(40, 2_000)], 1_300_000, [0, 0, 0, 0], [250, 300, 300, 250]),
        (
            [contract(40, 2_000, rebound_share=0.5, rebound_window_h=1, call_max_h=2)],
            1_312_000,
            [0, 0, 0, 0],
            [250, 300, 300, 280],
        ),
    ],
)
def test_worked_unit_commitment(response: list[Any], expected: float, unserved: list[float], gas: list[float]) -> None:
    """
    Both units and the battery leave 40 and 20 MW short in the second and third hour.

    G1: 600 MW throughout, 720,000. G2: 1,100 MWh at 400 and a start of 20,000: 460,000. Together 1,180,000.
    Without response 60 MWh unserved at 20,000: 2,380,000. With 40 MW at 2,000: 60 * 2,000, 1,300,000.
    Half of the 60 MWh again in the fourth hour: G2 gives 30 more at 400, 1,312,000.
    """
    plan = solve(case(LOAD_MW, *fleet(), *response, prices=PRICES))
    assert expected == approx(plan.cost)
    assert unserved == approx(plan.shortage.unserved_mw["system"])
    assert [600] * 4 == approx(plan.power_mw["G1"])
    assert gas == approx(plan.power_mw["G2"])
