"""A thermal fleet as the arrays that the compiled pricing reads."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.resources import ThermalUnit
from services.dispatch.decomposition.bands import Band, bands_of, slow_before
from services.dispatch.decomposition.compiled.kernel import Fleet
from services.dispatch.decomposition.compiled.moves import WIDE_MW
from services.dispatch.formulations.thermal import Limits, commitment_bounds


@dataclass(frozen=True)
class StartCosts:
    """Start cost by unit and steps off (0 to T), and by first step on where the unit has been off since before."""

    by_steps_off: Floats
    first: Floats

    @property
    def cold(self) -> NDArray[np.int64]:
        """Steps off from which a start costs no more with time."""
        warmer = self.by_steps_off != self.by_steps_off[:, -1:]
        after: NDArray[np.int64] = warmer.shape[1] - np.argmax(warmer[:, ::-1], axis=1)
        return np.where(warmer.any(axis=1), after, 0)


def start_costs(units: Sequence[ThermalUnit], case: Case) -> StartCosts:
    """What every start of a fleet costs."""
    steps = case.steps
    off = np.arange(steps + 1, dtype=np.float64) * case.horizon.step_h
    found = StartCosts(np.zeros((len(units), steps + 1)), np.zeros((len(units), steps)))
    for row, unit in enumerate(units):
        if unit.start_costs:
            begun = unit.initial.hours if unit.initial and not unit.initial.on else 0.0
            found.by_steps_off[row] = _after(unit, off)
            found.first[row] = _after(unit, begun + off[:steps])
    return found


def _after(unit: ThermalUnit, hours_off: Floats) -> Floats:
    delays = np.array([cost.hours_off for cost in unit.start_costs])
    costs = np.array([cost.cost for cost in unit.start_costs])
    passed = np.searchsorted(delays, hours_off + 1e-9, side="right") - 1
    found: Floats = costs[np.maximum(passed, 0)]
    return found


def fleet_arrays(limits: Limits, case: Case, starts: StartCosts) -> Fleet:
    """The fleet with its bands, its start costs and its commitment bounds."""
    step_h, units = case.horizon.step_h, limits.units
    lower, upper = commitment_bounds(limits, case)
    flat = {
        name: np.ascontiguousarray(np.minimum(getattr(limits, name), WIDE_MW).ravel())
        for name in ("ramp_up_mw", "ramp_down_mw", "start_mw", "stop_mw", "fall_mw", "above_before_mw")
    }
    before = flat["above_before_mw"]
    slow = [slow_before(unit, above, step_h) for unit, above in zip(units, before, strict=True)]
    most = [-1 if unit.starts_per_day_max is None else min(unit.starts_per_day_max, case.steps) for unit in units]
    bands = _band_arrays([bands_of(unit, step_h) for unit in units])
    return Fleet(
        rise=flat["ramp_up_mw"], drop=flat["ramp_down_mw"], start=flat["start_mw"], stop=flat["stop_mw"],
        fall=flat["fall_mw"], min_up=limits.min_up, min_down=limits.min_down, **bands,
        warm=starts.by_steps_off, first=starts.first, cold=starts.cold, starts=np.array(most, dtype=np.int64),
        was_on=limits.on_before.ravel() > 0, before=before, before_slow=np.minimum(np.array(slow), WIDE_MW),
        must=lower > 0, may=upper > 0, day=np.ascontiguousarray(case.horizon.day_of_step, dtype=np.int64),
    )  # fmt: skip


def _band_arrays(bands: Sequence[Sequence[Band]]) -> dict[str, NDArray[np.generic]]:
    """Every unit's bands, filled up with nothing to the most that any has."""
    count, most = len(bands), max(len(own) for own in bands)
    points = max(2, *(len(band.mw) for own in bands for band in own))
    names = ("low", "high", "floor", "roof", "slow")
    arrays: dict[str, NDArray[np.generic]] = {name: np.zeros((count, most)) for name in (*names, "curve_v")}
    x, s, pieces = np.zeros((count, most, points)), np.zeros((count, most, points)), np.zeros((count, most), np.int64)
    for row, own in enumerate(bands):
        for place, band in enumerate(own):
            length = len(band.mw)
            for name in names:
                arrays[name][row, place] = min(getattr(band, name), WIDE_MW)
            x[row, place, :length] = band.mw
            s[row, place, : length - 1] = np.diff(band.cost) / np.diff(band.mw)
            pieces[row, place], arrays["curve_v"][row, place] = length - 1, band.cost[0]
    number = np.array([len(own) for own in bands], dtype=np.int64)
    return {"bands": number, "curve_x": x, "curve_s": s, "pieces": pieces, **arrays}
