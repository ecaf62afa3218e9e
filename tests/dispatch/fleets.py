"""Random small fleets of every kind: what hypothesis draws for the properties."""

from datetime import timedelta
from typing import Any

from building import (
    MIDNIGHT,
    PRICES,
    battery,
    buyer,
    case,
    contract,
    envelope,
    free,
    given,
    park,
    reserve,
    station,
    thermal,
    turbine,
)
from hypothesis import strategies as st

from grid_models.case import Case, Zone
from grid_models.horizon import Horizon
from grid_models.resources import Resource, ThermalUnit

STEPS = 5
maybe = st.booleans()
Draw = Any


def mw(low: int, high: int) -> st.SearchStrategy[float]:
    """Whole tens keep ties and near-misses likely."""
    return st.integers(low // 10, high // 10).map(lambda tens: 10.0 * tens)


def or_none(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


def series(low: int, high: int) -> st.SearchStrategy[list[float]]:
    return st.lists(mw(low, high), min_size=STEPS, max_size=STEPS)


hours = st.sampled_from([0.0, 1.0, 1.5, 2.0, 3.0])
starts = st.sampled_from(
    [[], [{"hours_off": 0, "cost": 500}], [{"hours_off": 1, "cost": 200}, {"hours_off": 3, "cost": 900}]]
)


@st.composite
def plain_units(draw: Draw, name: str = "coal", convex: bool = True) -> ThermalUnit:
    """Minimum times, ramps, start and stop limits, start costs, two pieces of cost."""
    low = draw(mw(0, 60))
    high = low + draw(mw(20, 100))
    middle = (low + high) / 2
    prices = draw(st.tuples(st.integers(100, 500), st.integers(100, 900)))
    first, second = sorted(prices) if convex else prices
    points = [[low, low * first], [middle, middle * first], [high, middle * first + (high - middle) * second]]
    fields: dict[str, Any] = {
        "cost": points, "min_up_h": draw(hours), "min_down_h": draw(hours), "start_costs": draw(starts),
        "ramp_up_mw_per_h": draw(or_none(mw(10, 60))), "ramp_down_mw_per_h": draw(or_none(mw(10, 60))),
        "start_max_mw": draw(st.none() | st.just(low) | st.just(low + 10)),
        "stop_max_mw": draw(st.none() | st.just(low) | st.just(low + 10)),
        "starts_per_day_max": draw(or_none(st.integers(0, 2))),
    }  # fmt: skip
    on, since = draw(maybe), draw(st.sampled_from([1.0, 2.0, 24.0]))
    fields["initial"] = {"on": on, "hours": since, "power_mw": draw(st.sampled_from([low, middle, high])) if on else 0}
    return thermal(name, low, high, **fields)


@st.composite
def thermal_units(draw: Draw, name: str = "coal") -> Resource:
    """A plain unit with whatever else a unit may have."""
    unit = draw(plain_units(name, convex=False))
    middle = (unit.min_mw + unit.max_mw) / 2
    more: dict[str, Any] = {
        "start_time_min": draw(or_none(st.just(10))),
        "energy_per_day_max_mwh": draw(or_none(mw(100, 500))),
        "fuel_use": draw(st.sampled_from([None, None, {"fuel": "gas", "gj_per_mwh": 8, "start_gj": 40}])),
        "emission_t_per_mwh": 0.5,
        "commitment": draw(st.none() | st.lists(st.sampled_from([None, None, False]), min_size=STEPS, max_size=STEPS)),
    }
    if draw(maybe):
        upper = max(unit.max_mw + draw(mw(-20, 20)), 5)
        more["deep_peaking"] = [
            {"below_mw": middle, "price_per_mwh": 50, "ramp_mw_per_h": draw(or_none(mw(10, 30)))},
            {"below_mw": upper, "price_per_mwh": 20, "ramp_mw_per_h": draw(or_none(mw(20, 60)))},
        ]
    elif draw(maybe):
        more["forbidden_zones"] = [{"from_mw": unit.min_mw + 1, "to_mw": middle}]
    return ThermalUnit.model_validate(unit.model_dump() | more)


@st.composite
def single_units(draw: Draw) -> Case:
    """One plain unit, a demand that it may not meet, and spinning reserve."""
    spin = reserve(draw(series(0, 40)), duration_h=0)
    return case(draw(series(0, 160)), draw(plain_units()), step_min=draw(st.sampled_from([60, 30])), reserves=[spin])


@st.composite
def batteries(draw: Draw, name: str = "battery") -> Resource:
    size = draw(mw(20, 60))
    return battery(
        draw(mw(10, 40)), size, start=size / 2, name=name,
        charge_efficiency=draw(st.sampled_from([1.0, 0.9])), discharge_efficiency=draw(st.sampled_from([1.0, 0.8])),
        self_discharge_per_h=draw(st.sampled_from([0.0, 0.0, 0.02])), wear_cost_per_mwh=draw(st.sampled_from([0, 10])),
        discharge_min_mw=draw(st.sampled_from([0, 0, 5])), charge_min_mw=draw(st.sampled_from([0, 0, 5])),
        cycles_per_day_max=draw(or_none(st.just(0.5))),
        energy_min_mwh=draw(st.sampled_from([0, 0, [0, 0, 5, 10, 0]])),
        end=draw(st.sampled_from([{}, {"min_mwh": 0}, {"value_per_mwh": 200}, {"min_mwh": 5, "max_mwh": 15}])),
    )  # fmt: skip


@st.composite
def stations(draw: Draw) -> Resource:
    units = []
    direction = draw(st.sampled_from(["generate", "pump"]))
    for name in draw(st.sampled_from([["one"], ["one", "two"]])):
        pump = draw(st.sampled_from([(40, 40), (20, 40)]))
        low = draw(st.sampled_from([0, 20]))
        mode = draw(st.sampled_from(["off", direction]))
        units.append(turbine(name, (low, 40), pump, initial_mode=mode, initial_hours=draw(st.sampled_from([1, 24]))))
    return station(
        *units, water=draw(mw(40, 160)), most=200, upper_min_mwh=20,
        generate_efficiency=0.9, pump_efficiency=draw(st.sampled_from([1.0, 0.8])),
        lower_max_mwh=draw(or_none(st.just(150))), lower_start_mwh=80, inflow_mw=draw(st.sampled_from([0, 0, 5])),
        may_short_circuit=draw(maybe), min_generate_h=draw(hours), min_pump_h=draw(hours), changeover_h=draw(hours),
        starts_per_day_max=draw(or_none(st.integers(1, 2))), start_cost=draw(st.sampled_from([0, 100])),
        end=draw(st.sampled_from([{}, {"min_mwh": 20}, {"value_per_mwh": 250}])),
    )  # fmt: skip


@st.composite
def contracts(draw: Draw, name: str = "works") -> Resource:
    running = draw(st.sampled_from([False, False, True]))
    rebounds = draw(maybe)
    state = {"in_progress_h": 1, "in_progress_mw": 10, "in_progress_mwh": 10, "calls_used": 1, "calls_used_today": 1}
    shortest = draw(hours)
    return contract(
        draw(mw(10, 40)), draw(st.sampled_from([100, 800, 2000])), name=name,
        form=draw(st.sampled_from(["block", "divisible"])), shed_min_mw=draw(st.sampled_from([0, 5, 10])),
        baseline_mw=draw(or_none(series(30, 60))), floor_mw=10, notice_h=draw(st.sampled_from([0, 0, 0.5, 2])),
        call_min_h=shortest, call_max_h=draw(or_none(st.just(max(shortest, 2.0)))),
        calls_per_day_max=draw(or_none(st.integers(1, 2))), calls_max=draw(or_none(st.integers(1, 3))),
        rest_h=draw(hours), price_per_call=draw(st.sampled_from([0, 300])),
        rebound_share=0.5 if rebounds else 0, rebound_window_h=draw(st.sampled_from([1, 2, 2.5, 9])),
        rebound_max_mw=draw(st.sampled_from([None, 10])) if rebounds else None,
        initial=state if running else {"hours_since_call": draw(st.sampled_from([1, 2, 100]))},
    )  # fmt: skip


BIDS: list[dict[str, Any]] = [
    {},
    {"up_bids": [{"mw": 10, "price_per_mwh": 350}, {"mw": 10, "price_per_mwh": 700}]},
    {"up_bids": [{"mw": 10, "price_per_mwh": 350}], "down_bids": [{"mw": 10, "price_per_mwh": -100}]},
]


@st.composite
def envelopes(draw: Draw) -> Resource:
    return envelope(
        (draw(mw(-20, 0)), draw(mw(0, 40))),
        availability=draw(st.sampled_from([1.0, 0.5])),
        energy_min_mwh=draw(or_none(st.just(-20))),
        energy_max_mwh=draw(or_none(st.just(40))),
        ramp_mw_per_h=draw(or_none(st.just(10))),
        **draw(st.sampled_from(BIDS)),
    )


@st.composite
def parks(draw: Draw) -> Resource:
    members = draw(
        st.tuples(thermal_units("engine"), batteries("cellar"), contracts("workshop"), st.just(free("roof", 20)))
    )
    return park(*members, export=draw(mw(40, 90)), draw=draw(mw(20, 60)))


@st.composite
def products(draw: Draw) -> list[Any]:
    up = draw(st.sampled_from(["spinning", "non_spinning", "regulation_up", "flexible_ramp_up"]))
    down = draw(st.sampled_from(["regulation_down", "flexible_ramp_down"]))
    chosen = draw(st.lists(st.sampled_from([up, down, "non_spinning"]), max_size=3, unique=True))
    return [
        reserve(
            draw(mw(10, 60)), kind, response_min=draw(or_none(st.sampled_from([10, 30]))),
            duration_h=draw(st.sampled_from([0.25, 1, 2])),
            shortage=draw(st.sampled_from([[], [{"mw": 10, "price_per_mwh": 300}, {"price_per_mwh": 9000}]])),
        )
        for kind in chosen
    ]  # fmt: skip


@st.composite
def cases(draw: Draw, after_horizon: float | None = None) -> Case:
    """A case of two to four kinds over some hours or half hours, and up to three reserve products."""
    others = {
        "battery": batteries(), "station": stations(), "works": contracts(), "plant": envelopes(), "park": parks(),
        "wind": series(0, 60).map(lambda mw: free("wind", mw, curtailment_price_per_mwh=50, utilisation_min=0.3)),
        "line": series(-20, 40).map(given), "buyer": st.just(buyer(20, 320)),
    }  # fmt: skip
    names = draw(st.lists(st.sampled_from(sorted(others)), min_size=1, max_size=3, unique=True))
    resources = [draw(thermal_units()), *(draw(others[name]) for name in names)]
    if draw(maybe):
        resources.append(thermal("peaker", 0, 250, 900, was=50, ramp_up_mw_per_h=240, ramp_down_mw_per_h=240))
    step_min, hour = draw(st.sampled_from([60, 60, 30])), draw(st.sampled_from([0, 22]))
    start = MIDNIGHT.replace(hour=hour)
    system: dict[str, Any] = {
        "reserves": draw(products()),
        "prices": PRICES.model_copy(update={"after_horizon_per_mwh": after_horizon}),
        "horizon": Horizon(start=start, step_min=step_min, steps=STEPS, timezone="UTC"),
        "decision_time": draw(or_none(st.just(start - timedelta(hours=1)))),
        "fuels": [{"name": "gas", "day_max_gj": draw(st.sampled_from([None, 1_500.0]))}],
        "carbon_price_per_t": draw(st.sampled_from([0, 60])),
    }
    if draw(maybe):
        resources.append(thermal("far", 10, 100, 400, zone="island"))
        zones = [Zone(name=name, demand_mw=tuple(draw(series(0, 80)))) for name in ("system", "island")]
        loss, most = draw(st.sampled_from([0, 0.05])), draw(mw(10, 60))
        link = {"from_zone": "system", "to_zone": "island", "forward_max_mw": most, "back_max_mw": 20, "loss": loss}
        system |= {"zones": zones, "links": [{"name": "tie"} | link]}
    return case(draw(series(20, 160)), *resources, **system)
