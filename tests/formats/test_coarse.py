"""A case in longer steps."""

from datetime import timedelta

import pytest

from grid_models.coarse import coarsened
from grid_models.provinces import builtin_case


def test_quarter_hours_become_hours_with_the_same_energy():
    fine = builtin_case("zhejiang-96")
    coarse = coarsened(fine, 4)
    assert coarse.steps * 4 == fine.steps
    assert coarse.horizon.step_min == 60
    assert coarse.horizon.hours == fine.horizon.hours
    assert coarse.horizon.start == fine.horizon.start
    assert coarse.demand_mw.sum() * 4 == pytest.approx(fine.demand_mw.sum())
    assert coarse.horizon.start + timedelta(hours=coarse.horizon.hours) == fine.horizon.start + timedelta(
        hours=fine.horizon.hours
    )
    assert [resource.name for resource in coarse.resources] == [resource.name for resource in fine.resources]


def test_a_step_longer_than_an_hour_is_refused():
    with pytest.raises(ValueError, match="step_min"):
        coarsened(builtin_case("zhejiang-96"), 8)
