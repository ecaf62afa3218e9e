"""Steps and days: quarter hours, half hours, and local days of 23 and 25 hours."""

from datetime import date

import pytest
from building import approx, battery, case, solve, thermal

from grid_models.horizon import Horizon

PEAKER = thermal("peaker", price=900, was=0)


def test_a_day_of_96_quarter_hours() -> None:
    """
    100 MW all day from coal at 300 that climbs 20 MW/h from 0: 5 MW a step, 20 steps to the top.

    By hand: coal lacks 95 + 90 + ... + 0 = 950 MW-steps, 237.5 MWh, that the peaker gives at 600 more.
    """
    coal = thermal(was=0, ramp_up_mw_per_h=20)
    plan = solve(case([100] * 96, coal, PEAKER, step_min=15))
    assert 2_400 * 300 + 237.5 * 600 == approx(plan.cost)


@pytest.mark.parametrize(("day", "hours"), [(date(2030, 3, 31), 23), (date(2030, 10, 27), 25), (date(2030, 7, 1), 24)])
def test_days_on_which_the_clocks_change(day: date, hours: int) -> None:
    """
    Two days in Berlin of 10 MW each hour; coal may give 100 MWh on each local day, the peaker costs 900.

    By hand: 200 MWh at 300, the rest of the (hours + 24) * 10 MWh at 900. Counting 24-hour days, the limit of the
    second day would begin an hour early or late, which shows where only its first hour has demand.
    """
    horizon = Horizon.of_days(day, 2, timezone="Europe/Berlin")
    assert hours + 24 == horizon.steps
    coal = thermal(was=0, energy_per_day_max_mwh=100)
    plan = solve(case([10] * horizon.steps, coal, PEAKER, horizon=horizon))
    assert 200 * 300 + (horizon.steps * 10 - 200) * 900 == approx(plan.cost)
    first = [100 if step in (0, hours) else 0 for step in range(horizon.steps)]
    assert 200 * 300 == approx(solve(case(first, coal, PEAKER, horizon=horizon)).cost)


def test_an_hourly_duration_over_steps_of_twenty_minutes() -> None:
    """Minimum up 0.5 h is two steps of 20 minutes: coal of 50-100 MW runs 40 minutes for 20 of demand, or not.

    By hand: 100 * 100 / 3 + (5,000 + 50,000) / 3 against 90,000 / 3 of the peaker. Rounded down it were 10,000 / 3.
    """
    coal = thermal(low=50, price=100, min_up_h=0.5)
    assert (10_000 + 55_000) / 3 == approx(solve(case([100, 0, 0], coal, PEAKER, step_min=20)).cost)


def test_cycles_count_by_local_day() -> None:
    """
    One cycle of 10 MWh a day: the dear first hours of two days (23 h apart) are both served. Over one day, one is.
    """
    horizon = Horizon.of_days(date(2030, 3, 31), 2, timezone="Europe/Berlin")
    demand = [10 if step in (22, 23) else 0 for step in range(horizon.steps)]
    store = battery(mw=10, mwh=10, start=10, cycles_per_day_max=1, charge_max_mw=[10.0] * horizon.steps)
    base = solve(case(demand, thermal(was=0, high=10), PEAKER, store, horizon=horizon))
    assert 20 * 300 == approx(base.cost)
