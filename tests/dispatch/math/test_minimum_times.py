"""The rows on minimum times that are left out say nothing that the others do not."""

from dataclasses import replace

import numpy as np
import pytest
from building import approx, case, thermal

from services.dispatch.assembly import build
from services.dispatch.solve.highs import dispatch

STEPS = 6


@pytest.mark.parametrize("was_mw", [0, 60])
@pytest.mark.parametrize(("name", "begins"), [("start", "on"), ("stop", "off")])
def test_a_window_cut_by_the_beginning_is_implied(was_mw: float, name: str, begins: str) -> None:
    """
    Minimum times of 4 h over 6 h: the most that starts so far can exceed being on, binaries relaxed, is 0 at any hour;
    stops so far and being off likewise.
    """
    unit = thermal(low=10, high=100, was=was_mw, min_up_h=4, min_down_h=4)
    whole = build(case([50] * STEPS, unit)).pack()
    first = {family.name: family.first for family in whole.column_names.families if family.kind == "thermal"}
    for step in range(STEPS):
        excess = np.zeros(whole.shape[1])
        excess[first[name] + max(step - 3, 0) : first[name] + step + 1] = 1
        excess[first["on"] + step] = -1 if begins == "on" else 1
        most = -dispatch(replace(whole, cost=-excess, offset=0.0)).objective
        assert most <= (0 if begins == "on" else 1) + 1e-9


def test_they_are_left_out() -> None:
    """Of six rows each, minimum up 4 h and minimum down 3 h need the last three and four."""
    whole = build(case([50] * STEPS, thermal(low=10, high=100, min_up_h=4, min_down_h=3))).pack()
    sizes = {family.name: family.size for family in whole.row_names.families if family.kind == "thermal"}
    assert (3, 4) == approx((sizes["minimum up time"], sizes["minimum down time"]))
