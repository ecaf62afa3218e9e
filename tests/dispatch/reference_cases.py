"""One small case per mix of kinds, rich in rules: what the golden matrix and the second opinions look at."""

from building import battery, buyer, case, contract, envelope, free, given, park, reserve, station, thermal, turbine

from grid_models.case import Case, Zone

DEMAND = [120, 180, 90, 60, 210, 150]
STARTS = [{"hours_off": 1, "cost": 400}, {"hours_off": 3, "cost": 900}, {"hours_off": 8, "cost": 2_000}]
COAL = thermal(
    low=40, high=120, cost=[[40, 14_000], [80, 26_000], [120, 42_000]], was=60, min_up_h=3, min_down_h=2,
    ramp_up_mw_per_h=40, ramp_down_mw_per_h=50, start_max_mw=50, stop_max_mw=60, start_costs=STARTS,
    deep_peaking=[{"below_mw": 60, "price_per_mwh": 50, "ramp_mw_per_h": 20}], emission_t_per_mwh=0.9,
)  # fmt: skip
GAS = thermal(
    "gas", low=20, high=150, cost=[[20, 15_000], [60, 40_000], [150, 85_000]], start_time_min=10, starts_per_day_max=2,
    forbidden_zones=[{"from_mw": 70, "to_mw": 90}], fuel_use={"fuel": "gas", "gj_per_mwh": 8, "start_gj": 50},
    emission_t_per_mwh=0.4,
)  # fmt: skip
STORE = battery(
    30, 90, start=40, charge_efficiency=0.95, discharge_efficiency=0.9, self_discharge_per_h=0.01, wear_cost_per_mwh=20,
    cycles_per_day_max=1, charge_min_mw=5,
)  # fmt: skip
HYDRO = station(
    turbine(generate=(20, 60), pump=(60, 60)), turbine("two", generate=(20, 60), pump=(30, 60)), water=150, most=300,
    pump_efficiency=0.87, generate_efficiency=0.9, lower_max_mwh=400, lower_start_mwh=200, changeover_h=1,
    min_generate_h=2, starts_per_day_max=3, start_cost=200, inflow_mw=5,
)  # fmt: skip
WORKS = contract(
    30, 1_500, form="block", notice_h=1, call_min_h=1, call_max_h=3, rest_h=1, calls_per_day_max=2,
    rebound_share=0.4, rebound_window_h=2, rebound_max_mw=20, price_per_call=500, baseline_mw=50, floor_mw=15,
)  # fmt: skip
PLANT = envelope(
    (-20, 40), availability=0.9, energy_min_mwh=-30, energy_max_mwh=60, ramp_mw_per_h=25,
    up_bids=[{"mw": 20, "price_per_mwh": 450}, {"mw": 20, "price_per_mwh": 800}],
)  # fmt: skip
PARK = park(
    thermal("engine", low=5, high=30, price=700, min_up_h=2), battery(10, 20, start=10, name="cellar"),
    free("roof", 25), contract(8, 900, name="workshop"), given(-3, "own use"), export=45, draw=20,
)  # fmt: skip
UP, SPIN, QUICK, DOWN = (
    reserve(10, "regulation_up", response_min=5, duration_h=0.5),
    reserve(25, response_min=10, shortage=[{"mw": 10, "price_per_mwh": 900}]),
    reserve(30, "non_spinning", response_min=30, duration_h=2),
    reserve([5, 10, 20, 20, 10, 5], "regulation_down", response_min=5, duration_h=0.5),
)
WIND = free("wind", [60, 40, 80, 90, 20, 30], curtailment_price_per_mwh=80, utilisation_min=0.6)
PRICES = {"unserved_per_mwh": 10_000, "after_horizon_per_mwh": 500}
FUELS = [{"name": "gas", "day_max_gj": 3_000}]


def reference_cases() -> dict[str, Case]:
    """By name."""
    zones = [Zone(name="system", demand_mw=tuple(DEMAND)), Zone(name="island", demand_mw=30.0)]
    tie = {"name": "tie", "from_zone": "system", "to_zone": "island", "forward_max_mw": 25, "back_max_mw": 10}
    diesel = thermal("diesel", price=1_200, zone="island", was=0)
    return {
        "thermal": case(DEMAND, COAL, GAS, reserves=[UP, SPIN, QUICK, DOWN], fuels=FUELS, carbon_price_per_t=80),
        "thermal half hours": case(DEMAND, COAL, GAS, reserves=[SPIN], fuels=FUELS, step_min=30),
        "renewable and battery": case(DEMAND, COAL, GAS, WIND, STORE, reserves=[UP, DOWN], fuels=FUELS),
        "pumped hydro": case(DEMAND, COAL, GAS, HYDRO, reserves=[SPIN, DOWN], fuels=FUELS),
        "interruptible load": case(DEMAND, COAL, WORKS, reserves=[QUICK], prices=PRICES),
        "virtual power plants": case(DEMAND, COAL, PLANT, PARK, reserves=[UP, DOWN], prices=PRICES),
        "zones": case(
            [0] * 6, COAL, GAS, diesel, buyer(20, 420), given(15), zones=zones, links=[tie | {"loss": 0.05}],
            fuels=FUELS, reserves=[reserve(5, zones=["island"])],
        ),
        "everything": case(
            DEMAND, COAL, GAS, WIND, STORE, HYDRO, WORKS, PLANT, PARK, buyer(20, 420), given(15),
            reserves=[UP, SPIN, QUICK, DOWN], fuels=FUELS, prices=PRICES, carbon_price_per_t=80,
        ),
    }  # fmt: skip
