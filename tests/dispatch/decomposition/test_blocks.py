"""Other resources as blocks: what they are worth at given prices, and whole numbers for them."""

import time
from dataclasses import replace

import numpy as np
import pytest
from reference_cases import reference_cases

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition.blocks import Blocks
from services.dispatch.decomposition.coarse import hourly_prices
from services.dispatch.decomposition.completing import completed
from services.dispatch.decomposition.diving import dive
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.rounding_dive import whole_near
from services.dispatch.decomposition.split import Split, split
from services.dispatch.solve.highs import Settings, dispatch


def parts_of(case) -> Split:
    parts = split(case, build(case).pack())
    assert parts is not None
    return parts


@pytest.fixture(scope="module")
def province():
    case = builtin_case("zhejiang")
    return case, parts_of(case)


def test_every_row_and_column_belongs_somewhere_once(province):
    _, parts = province
    columns = np.concatenate([block.columns for block in parts.blocks] + [parts.kept])
    assert np.array_equal(np.sort(np.r_[columns, np.flatnonzero(parts.owner >= 0)]), np.arange(parts.matrix.shape[1]))
    rows = np.concatenate([block.rows for block in parts.blocks] + [parts.master_rows])
    assert len(rows) == len(set(rows.tolist()))
    for number, block in enumerate(parts.blocks):
        touched = parts.matrix.rows[block.rows].indices
        assert (parts.party[touched] == parts.units + number).all(), "a block's rows touch nothing else"


def test_the_blocks_at_some_prices_are_worth_what_one_programme_says(province):
    """All of them at once, as a single linear programme over the same rows and columns."""
    _, parts = province
    prices = np.random.default_rng(1).uniform(0, 400, len(parts.master_rows))
    offers = Blocks(parts)(prices)
    whole, matrix = np.concatenate([block.columns for block in parts.blocks]), parts.matrix
    rows = np.concatenate([block.rows for block in parts.blocks])
    reduced = matrix.cost - parts.links.T @ prices
    alone = np.zeros(matrix.shape[1])
    alone[whole] = reduced[whole]
    free = np.isin(np.arange(matrix.shape[1]), whole)
    together = replace(
        matrix, cost=alone, rows=matrix.rows[rows], row_lower=matrix.row_lower[rows],
        row_upper=matrix.row_upper[rows], offset=0.0, integer=np.zeros_like(matrix.integer),
        lower=np.where(free, matrix.lower, 0.0), upper=np.where(free, matrix.upper, 0.0),
    )  # fmt: skip
    assert offers.value.sum() == pytest.approx(dispatch(together).objective, rel=1e-6)


def test_whole_numbers_obey_the_blocks_own_rows(province):
    _, parts = province
    blocks = Blocks(parts)
    for number in np.argsort([-matrix.rows.nnz for matrix in blocks.matrices])[:4].tolist():
        matrix = blocks.matrices[number]
        found = whole_near(matrix, 10.0, 1.0)
        assert found is not None
        assert np.abs(found[matrix.integer] - np.round(found[matrix.integer])).max(initial=0.0) < 1e-6
        activity = matrix.rows @ found
        assert (activity >= matrix.row_lower - 1e-5).all()
        assert (activity <= matrix.row_upper + 1e-5).all()


def test_a_dive_ends_whole_and_leaves_the_master_as_it_was(province):
    case, parts = province
    generation = Generation(case, parts, lambda _: None)
    generation.run(1e-3, time.monotonic() + 60)
    before = generation.master.objective
    end = dive(generation, time.monotonic() + 60, generation.bound * 1.002)
    assert end is not None
    assert set(np.unique(end.on)) <= {0.0, 1.0}
    found = completed(parts.matrix, parts, end.on, end.others, Settings(seconds=30), None)
    assert found is not None
    assert found.objective >= generation.bound
    assert found.objective <= end.objective * (1 + 1e-6), "the exact dispatch is no dearer than the master's mixture"
    generation.run(1e-3, time.monotonic() + 60)
    assert generation.master.objective <= before * (1 + 1e-3)
    assert not generation.blocks.held.any()


@pytest.mark.slow
def test_prices_of_the_hourly_case_are_near_those_of_quarter_hours():
    case = builtin_case("zhejiang-96")
    parts = parts_of(case)
    prices = hourly_prices(case, parts, time.monotonic() + 60)
    assert prices is not None
    generation = Generation(case, parts, lambda _: None)
    generation.start_at(prices)
    generation.run(1.0, time.monotonic() + 30)
    cold = Generation(case, parts, lambda _: None)
    cold.run(1.0, time.monotonic() + 30)
    assert generation.bound > cold.bound


def test_hours_have_no_easier_case():
    case = reference_cases()["everything"]
    assert hourly_prices(case, parts_of(case), time.monotonic() + 10) is None
