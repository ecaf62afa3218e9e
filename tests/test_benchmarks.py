"""What the benchmarks say is what was measured: logs, levels, medians, exponents, and ends by force."""

import math
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import highs_log, plot, table
from benchmarks.gaps import Point, gap_at, reached, upheld
from benchmarks.measuring import filled, timeline
from benchmarks.replication import larger, scaled
from benchmarks.rows import RELAXED, Row, append_points, append_row, paired, read_points, read_rows
from benchmarks.running import Run, processes, run
from benchmarks.scale import Size, drawn, exponents, fitted
from benchmarks.tools import RELAXATIONS

from grid_models.case import Case
from grid_models.provinces import builtin_case
from grid_models.resources import Battery, ThermalUnit
from grid_models.resources.thermal import CostPoint, StartCost

LOG = (Path(__file__).parent / "benchmarks/highs-1.15.log").read_text()
"""A branch and bound by HiGHS 1.15, shortened."""

ROW = Row("f/a", "f", "gridflex", "1", "d", 0.001, 600.0, 2, 73)


def test_a_log_becomes_the_gap_over_time() -> None:
    points = list(highs_log.points(LOG, began_s=100.0))
    assert [102.7, 103.3, 105.4, 117.1, 130.8, 131.0] == [point.seconds for point in points]
    assert (None, None) == (points[0].cost, points[0].bound)
    assert math.inf == points[1].gap
    assert 105.4 == reached(points, 0.01)
    assert 130.8 == reached(points, 0.001)
    assert None is reached(points, 0.0005)
    assert 1 - 3727615.928497 / 3730094.530204 == pytest.approx(points[-1].gap)


def test_the_gap_at_a_moment_is_the_best_proven_by_then() -> None:
    points = [Point(10.0, None, 90.0), Point(20.0, 100.0, 90.0), Point(40.0, 100.0, 99.0)]
    assert (None, 0.1, 0.1, 0.01) == tuple(
        gap_at(points, seconds) and round(gap_at(points, seconds) or 0, 9) for seconds in (15, 20, 39, 40)
    )


def test_what_does_not_come_out_at_the_end_was_never_proven() -> None:
    """A plan of 95 or a bound of 99 that the end does not uphold counts as the end's 100 and 98."""
    points = upheld([Point(1.0, 95.0, 99.0), Point(2.0, 120.0, 60.0)], Point(3.0, 100.0, 98.0))
    assert [(100.0, 98.0), (120.0, 60.0), (100.0, 98.0)] == [(point.cost, point.bound) for point in points]


def test_a_peer_killed_at_its_limit_counts_as_the_limit(tmp_path: Path) -> None:
    (tmp_path / "highs-0.log").write_text(LOG)
    events = [{"event": "read", "seconds": 0.5}, {"event": "built", "seconds": 2.0}]
    events.append({"event": "run", "seconds": 5.0, "log": "highs-0.log"})
    points = timeline(events, tmp_path)
    row = filled(ROW, Run(630.0, 900.0, killed=True, status=-9, last_words=""), events, points)
    assert (600.0, True, "killed past the limit") == (row.counted_s, row.at_least, row.ended)
    assert (0.5, 1.5, 3.0) == (row.read_s, row.build_s, row.hand_over_s)
    assert 10.4 == row.to_1
    assert None is not row.gap_30
    failed = filled(ROW, Run(3.0, 90.0, killed=False, status=1, last_words="no such thing"), events[:1], ())
    assert (None, False, "failed: no such thing") == (failed.counted_s, failed.at_least, failed.ended)


def test_a_ratio_says_which_side_ran_out_of_time() -> None:
    egret = replace(ROW, tool="egret", counted_s=600.0, at_least=True)
    fast, slow = replace(ROW, counted_s=10.0), replace(ROW, counted_s=600.0, at_least=True)
    assert (60.0, ">=") == (paired(fast, egret).ratio, paired(fast, egret).ratio_sign)
    assert None is paired(slow, egret).ratio
    quick = replace(egret, counted_s=60.0, at_least=False)
    assert (0.1, "<=") == (paired(slow, quick).ratio, paired(slow, quick).ratio_sign)
    assert None is paired(fast, None).ratio
    assert None is paired(replace(fast, checked=RELAXED), egret).ratio


def test_medians_and_worst_of_a_family() -> None:
    """Of 2, 4 and at least 600 s the median is 4; of 4 and at least 600 it is at least 302."""
    rows = [
        replace(
            ROW,
            counted_s=seconds,
            at_least=seconds == 600,
            to_1=seconds if seconds < 600 else None,
            gap=gap,
            peak_mb=100.0,
        )
        for seconds, gap in ((2.0, 0.0004), (4.0, 0.0008), (600.0, None))
    ]
    three, two = dict(zip(table.SUMMARY_HEADINGS, table.summary(rows)[0], strict=True)), table.summary(rows[1:])[0]
    assert ("3", "2", "4.00", "≥600.0", "4.00") == tuple(
        three[name] for name in ("files", "at the gap", "median s", "worst s", "median to 1 %")
    )
    assert ("0.080", "-") == (three["median gap %"], three["worst gap %"])
    assert "≥302.0" in two


def test_rows_survive_the_file(tmp_path: Path) -> None:
    row = replace(ROW, counted_s=1 / 3, at_least=True, checked="ok", ended="time limit, with shortage")
    points = (Point(0.1, None, 5.0), Point(0.2, 7.0, 5.0))
    for item in (row, replace(row, tool="egret")):
        append_row(tmp_path / "uc.csv", item)
        append_points(tmp_path / "gaps.csv", item, points)
    assert row == read_rows(tmp_path / "uc.csv")[0]
    assert points == read_points(tmp_path / "gaps.csv")[row.key]


def test_the_report_holds_every_row_and_the_drawing_is_drawn(tmp_path: Path) -> None:
    text = table.markdown([ROW, replace(ROW, tool="pypsa")], "terms")
    assert 2 == text.count("| f/a |")
    assert all(words.partition(":")[0] in text for words in RELAXATIONS.values())
    plot.gaps_over_time(
        {("f/a", "gridflex"): (Point(1.0, 100.0, 90.0), Point(2.0, 100.0, 100.0))}, tmp_path / "gaps.png", 0.001
    )
    assert (tmp_path / "gaps.png").stat().st_size > 5_000


def test_sizes_are_drawn(tmp_path: Path) -> None:
    sizes = [Size("units", units, 48, total_s=units / 10, peak_mb=300.0, reached=units < 500) for units in (100, 500)]
    plot.over_size({"units": drawn(sizes, "units")}, tmp_path / "scale.png")
    assert (tmp_path / "scale.png").stat().st_size > 5_000


def test_only_sizes_that_got_there_count_for_the_exponent_of_time() -> None:
    """100, 200 and 400 units take 1, 2 and 4 s: exponent 1; 800 ran into the limit of 5."""
    sizes = [Size("units", 100 * 2**k, 48, total_s=min(2.0**k, 5.0), reached=k < 3) for k in range(4)]
    assert ["time grows with units to the power 1.00 ± 0.00 (3 sizes)"] == exponents(sizes)


def test_the_exponent_of_a_power_law_and_its_error() -> None:
    exact = fitted([(size, 3.0 * size**1.5) for size in (100, 200, 500, 1000)])
    assert exact is not None
    assert (1.5, 0.0) == (pytest.approx(exact.exponent), pytest.approx(exact.error, abs=1e-9))
    # ln y = 0, 1, 1 at ln x = 0, 1, 2: slope 1/2, residuals -1/6, 1/3, -1/6, error sqrt(1/6 / 1 / 2).
    rough = fitted([(1.0, 1.0), (math.e, math.e), (math.e**2, math.e)])
    assert rough is not None
    assert (0.5, math.sqrt(1 / 12)) == (pytest.approx(rough.exponent), pytest.approx(rough.error))
    assert None is fitted([(100.0, 3.0)])


STUBBORN = """
import subprocess, sys, time
code = "import time; block = bytearray(60_000_000); time.sleep(60)"
child = subprocess.Popen([sys.executable, "-c", code], start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""


def test_a_command_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """Its child, in a session of its own, holds 60 MB: they are counted, and it does not outlive the limit."""
    began_s = time.monotonic()
    ended = run([sys.executable, "-c", STUBBORN], 1.0, tmp_path / "output.txt", {})
    assert ended.killed
    assert time.monotonic() - began_s < 5
    assert ended.peak_mb > 60
    child = int((tmp_path / "output.txt").read_text())
    assert child not in {process.pid for process in processes() if process.resident_mb > 0}


def test_a_command_that_ends_by_itself_is_left_to(tmp_path: Path) -> None:
    ended = run([sys.executable, "-c", "print('one'); raise SystemExit(3)"], 20.0, tmp_path / "output.txt", {})
    assert (False, 3, "one") == (ended.killed, ended.status, ended.last_words)


def thermal(case: Case) -> list[ThermalUnit]:
    return [item for item in case.resources if isinstance(item, ThermalUnit)]


@pytest.mark.parametrize(("units", "steps"), [(100, 48), (400, 48), (163, 12), (163, 96)])
def test_a_larger_province_has_the_size_asked_for_and_makes_sense(units: int, steps: int) -> None:
    base = builtin_case("zhejiang")
    case = larger(base, units, steps)
    assert (units, steps) == (len(thermal(case)), case.steps)
    case.check()
    assert case.replaced(name=base.name, resources=()) != base
    assert Case.model_validate(case.model_dump()) == case


def batteries(case: Case) -> list[Battery]:
    return [item for item in case.resources if isinstance(item, Battery)]


def test_all_else_grows_with_the_capacity() -> None:
    base = builtin_case("zhejiang")
    case = larger(base, 489, base.steps)
    share = case.demand_mw.sum() / base.demand_mw.sum()
    assert 3 == pytest.approx(share, rel=0.01)
    before, after = (sum(np.max(item.charge_max_mw) for item in batteries(each)) for each in (base, case))
    assert share == pytest.approx(after / before)
    assert larger(base, 489, base.steps) == case
    assert larger(base, 489, base.steps, seed=2) != case


def test_no_day_is_higher_than_the_first() -> None:
    days = larger(builtin_case("zhejiang"), 163, 96).demand_mw[0].reshape(4, 24)
    assert (days[1:] < days[0]).all()
    assert (days[1:] > 0.94 * days[0]).all()


def test_sizes_prices_and_outlays_grow_each_in_its_way() -> None:
    """Twice the size at thrice the price: MW double, a MWh costs thrice, an hour and a start six times; hours stay."""
    unit = ThermalUnit(
        name="unit",
        min_mw=10,
        max_mw=20,
        cost=(CostPoint(mw=10, cost_per_h=100), CostPoint(mw=20, cost_per_h=300)),
        start_costs=(StartCost(hours_off=4, cost=50),),
        min_up_h=3,
        ramp_up_mw_per_h=5,
        emission_t_per_mwh=0.8,
    )
    grown = scaled(unit, 2.0, 3.0)
    assert (20, 40, 10, 3, 0.8) == (
        grown.min_mw, grown.max_mw, grown.ramp_up_mw_per_h, grown.min_up_h, grown.emission_t_per_mwh
    )  # fmt: skip
    assert [(20, 600), (40, 1800)] == [(point.mw, point.cost_per_h) for point in grown.cost]
    assert [(4, 300)] == [(start.hours_off, start.cost) for start in grown.start_costs]
