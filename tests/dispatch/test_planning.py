"""From a case to a plan: limits of time and memory, beginnings, what is assumed, and what is refused in words."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import MIDNIGHT, UNSERVED, approx, battery, case, contract, free, solve, thermal
from reference_cases import reference_cases

from grid_models.case import Case
from grid_models.errors import ContradictoryCase
from grid_models.formats.native import write_native
from grid_models.plan import Plan, read_plan
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.errors import Infeasible, NoPlanInTime
from services.dispatch.planning import Options, Progress, plan_case
from services.dispatch.referee import judge
from services.dispatch.solve.highs import News, Settings, search
from services.dispatch.solve.worker import send

UNITS, HOURS = 40, 48


def random_unit(number: int, dice: np.random.Generator) -> ThermalUnit:
    """A unit much like its neighbours, which makes proving an optimum long."""
    high = float(dice.integers(80, 320))
    low, price = round(0.45 * high), float(dice.integers(280, 330))
    return thermal(
        f"unit {number}", low, high, cost=[[low, low * price + 2_000], [high, high * (price + 10) + 2_000]],
        was=0.75 * high if dice.random() < 0.6 else None, min_up_h=float(dice.integers(3, 9)), min_down_h=4,
        ramp_up_mw_per_h=high / 2, ramp_down_mw_per_h=high / 2,
        start_costs=[{"hours_off": 4, "cost": 60 * high}, {"hours_off": 12, "cost": 140 * high}],
    )  # fmt: skip


@pytest.fixture(scope="module")
def large() -> Case:
    """Two days of units that differ little, and a battery: no proof of an optimum within seconds."""
    return fleet_of(UNITS)


def fleet_of(count: int) -> Case:
    dice = np.random.default_rng(7)
    units = [random_unit(number, dice) for number in range(count)]
    shape = 1 + 0.35 * np.sin(np.arange(HOURS) / 24 * 2 * np.pi - 2) + 0.05 * dice.random(HOURS)
    demand = 0.55 * sum(unit.max_mw for unit in units) * shape
    return case(demand.round(1).tolist(), *units, battery(200, 800, start=400))


@pytest.fixture(scope="module")
def in_three_seconds(large: Case) -> Plan:
    return plan_case(large, Options(gap=0, time_limit_s=3))


def test_a_time_limit_returns_the_best_refereed_plan_and_its_gap(large: Case, in_three_seconds: Plan) -> None:
    plan = in_three_seconds
    assert judge(plan, large).accepted
    assert plan.status in ("feasible", "relaxed"), "how good it is depends on the machine"
    assert plan.gap > 0
    assert plan.gap == approx((plan.cost - plan.lower_bound) / plan.cost)
    assert sum(plan.seconds.values()) < 15


def test_a_search_that_starts_from_a_plan_is_no_worse(large: Case, in_three_seconds: Plan) -> None:
    """Even with the shortest search there is: what is known already is kept."""
    again = plan_case(large, Options(gap=0, time_limit_s=2, start=in_three_seconds))
    assert again.cost <= in_three_seconds.cost * (1 + 1e-6)


def test_every_bound_that_is_told_holds_for_the_whole_problem() -> None:
    """
    A search that begins from a poor guess first completes the guess: what bounds that is no bound of the problem.

    Here coal is guessed to be on and gas off throughout, which leaves load unserved.
    """
    matrix = build(reference_cases()["thermal"]).pack()
    optimum = search(matrix, Settings(gap=0, threads=1)).objective
    told: list[News] = []
    guess = np.flatnonzero(matrix.integer)[:12].astype(np.int32), np.repeat([1.0, 0.0], 6)
    found = search(matrix, Settings(gap=0, threads=1), lambda news: bool(told.append(news)), guess)
    assert optimum == approx(found.objective)
    assert all(news.bound <= optimum * (1 + 1e-6) for news in told if news.bound is not None)
    first = told[0].objective
    assert first is not None
    assert first > optimum * 1.001


def test_progress_tells_phases_incumbents_and_bounds() -> None:
    heard: list[Progress] = []
    plan_case(case([50, 80], thermal(low=20), thermal("gas", price=900)), Options(), heard.append)
    phases = list(dict.fromkeys(progress.phase for progress in heard))
    assert ["check", "settle", "build", "search", "dispatch", "referee"] == phases
    assert any(progress.incumbent is not None for progress in heard)


def test_the_same_seed_gives_the_same_plan() -> None:
    dice = np.random.default_rng(3)
    study = case([700, 900, 1_100, 800, 600, 900], *(random_unit(number, dice) for number in range(8)))
    one, two = (plan_case(study, Options(gap=1e-3, seed=5)) for _ in range(2))
    assert one.resources == two.resources
    assert 5 == one.solver["seed"]


def test_memory_that_is_too_small_is_said_in_words() -> None:
    with pytest.raises(NoPlanInTime, match="memory limit of 1 MB"):
        plan_case(case([50], thermal()), Options(memory_limit_mb=1))


def interrupted_at(word: str, solved: Case, folder: Path) -> tuple[int, str]:
    """Exit code and error stream of the command that gets a Ctrl-C once it has said this word.

    To the last cent no optimum of so many units is proven before the signal comes, however busy the machine.
    """
    write_native(solved, folder / "case.json")
    command = [sys.executable, "-m", "gridflex.commands", "solve", str(folder / "case.json")]
    command += ["--gap", "0", "--time-limit", "120", "--plan", str(folder / "plan.json")]
    # A shell has commands in the background ignore Ctrl-C; who is started from there must hear it all the same.
    heeding = ["env", "--default-signal=INT", *command]
    said = ""
    with subprocess.Popen(heeding, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            if word in line:
                process.send_signal(signal.SIGINT)
                break
        said += process.stderr.read()
    return process.returncode, said


def test_ctrl_c_returns_the_best_plan_so_far(tmp_path: Path) -> None:
    """The command is interrupted once it has told of a first incumbent; the referee accepts the plan that it writes."""
    large = fleet_of(4 * UNITS)
    code, _ = interrupted_at("cost", large, tmp_path)
    assert 0 == code
    plan = read_plan(tmp_path / "plan.json")
    assert judge(plan, large).accepted
    assert "interrupted" == plan.solver["stopped_by"]


def test_ctrl_c_while_initial_states_are_sought_ends_the_command_in_words(tmp_path: Path) -> None:
    large = fleet_of(4 * UNITS)
    units = [one.model_copy(update={"initial": None}) for one in large.resources if isinstance(one, ThermalUnit)]
    code, said = interrupted_at("settle", case(large.demand_mw[0].tolist(), *units), tmp_path)
    assert 130 == code
    assert "interrupted before there was a plan" in said
    assert not (tmp_path / "plan.json").exists()


def test_no_search_outlives_who_asked_for_it() -> None:
    """A parent that is killed closes its end of the pipe, and nothing else; the search would take two minutes."""
    job = build(fleet_of(4 * UNITS)).pack(), Settings(gap=0, seconds=120), None
    command = [sys.executable, "-m", "services.dispatch.solve.worker"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        send(worker.stdin, job)
        worker.stdin.close()
        assert 1 == worker.wait(timeout=60)


def test_initial_states_that_are_missing_are_chosen_and_stated() -> None:
    """
    Coal of 40-100 MW at 300, two days of 50 MW: a day that closes on itself leaves it on at 50 MW.

    By hand: 48 * 50 * 300 and no start at 7,000.
    """
    starts = [{"hours_off": 0, "cost": 7_000}]
    coal = thermal(low=40, initial=None, start_costs=starts)
    plan = solve(case([50] * 48, coal))
    assert 48 * 50 * 300 == approx(plan.cost)
    state = plan.assumptions.initial["coal"]
    assert (True, 50) == (state.on, approx(state.power_mw))
    assert "a cyclic solve of the first 24 h" in plan.assumptions.notes[0]
    idle = solve(case([0] * 24, coal)).assumptions.initial["coal"]
    assert not idle.on


def test_rebound_beyond_the_horizon_costs_the_last_price_unless_the_case_names_one() -> None:
    """
    Demand 100 at 900 in the only hour; 40 MW are shed at 500, a quarter comes back in the hour after.

    By hand: 20,000 + 60 * 900 + 10 * 900, the last price, stated in the plan. Free beyond the horizon: 74,000.
    """
    works = contract(price=500, rebound_share=0.25, rebound_window_h=1)
    plan = solve(case([100], thermal(price=900, was=0), works))
    assert 20_000 + 54_000 + 9_000 == approx(plan.cost)
    assert 900 == approx(plan.assumptions.after_horizon_per_mwh)


AWAY = {"start": MIDNIGHT, "end": MIDNIGHT.replace(hour=1)}


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (thermal(outages=[AWAY], commitment=[True, None]), "coal.*must be on at 2030-07-15 00:00 but is on outage"),
        (
            thermal(min_up_h=5, initial={"on": True, "hours": 2, "power_mw": 0}, outages=[AWAY]),
            "must be off at 2030-07-15 00:00 but has run 2 h of its 5 h minimum",
        ),
        (thermal(min_down_h=5, initial={"on": False, "hours": 2}, must_run=True), "has been off 2 h of its 5 h"),
        (thermal(was=90, stop_max_mw=40, commitment=[False, None]), "must be off at once but runs at 90 MW"),
        (battery(mw=10, start=0, end={"min_mwh": 50}), "reaches at least 50 and at most 20 MWh"),
        (free(available=[10, 5], min_mw=8), "min_mw is 3 MW above available_mw at 2030-07-15 01:00"),
    ],
)  # fmt: skip
def test_data_that_rule_each_other_out_are_refused_in_words(resource: Any, words: str) -> None:
    with pytest.raises(ContradictoryCase, match=words):
        solve(case([0, 0], resource))


def test_why_nothing_obeys_all_the_data_is_said_by_name() -> None:
    """A must-run unit of 50 MW for two hours with fuel for one: the fuel, the unit, and what to do."""
    use = {"fuel": "gas", "gj_per_mwh": 10}
    unit = thermal("turbine", low=50, was=50, must_run=True, fuel_use=use)
    with pytest.raises(Infeasible, match=r"fuel per day\[gas.*turbine.*Relax one of them"):
        solve(case([50, 50], unit, fuels=[{"name": "gas", "day_max_gj": 600}]))


def test_shortage_makes_the_status_relaxed_and_a_closed_gap_optimal() -> None:
    assert "relaxed" == solve(case([120], thermal())).status
    healthy = solve(case([90], thermal()))
    assert ("optimal", 0) == (healthy.status, approx(healthy.gap, abs=1e-9))
    assert 20 * UNSERVED == approx(solve(case([120], thermal())).cost_by_kind["unserved"]["unserved"])


def test_what_binds_and_why_a_contract_is_called() -> None:
    """Coal is full at 300 while gas at 900 runs: a MW more of coal is worth 600. The works are called below 900."""
    study = case([150], thermal(was=0), thermal("gas", price=900, was=0), contract(10, 700))
    plan = solve(study)
    limit = next(item for item in plan.binding if item.name == "coal")
    assert ("output limit", approx(600)) == (limit.what, limit.worth)
    call = plan.calls[0]
    assert ("works", 10, 7_000) == (call.name, call.peak_mw, call.cost)
    assert "reaches 900 CNY/MWh at 00:00, above its 700" in call.reason
