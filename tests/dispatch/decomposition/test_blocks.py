"""Other resources as blocks: what they are worth at given prices."""

import time
from dataclasses import replace

import numpy as np
import pytest
from reference_cases import reference_cases

from grid_models.provinces import builtin_case
from services.dispatch.assembly import build
from services.dispatch.decomposition import blocks
from services.dispatch.decomposition.blocks import Blocks
from services.dispatch.decomposition.coarse import hourly_prices
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import Split, split
from services.dispatch.solve.highs import dispatch


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


def test_blocks_that_are_loaded_anew_from_their_last_basis_offer_the_same(province, monkeypatch: pytest.MonkeyPatch):
    _, parts = province
    chance, known = np.random.default_rng(2), Blocks(parts)
    monkeypatch.setattr(blocks, "STAY_LOADED", 5)
    anew = Blocks(parts)
    assert len(anew.solvers) == 5
    assert len(known.solvers) == len(parts.blocks)
    for _ in range(3):
        prices = chance.uniform(0, 400, len(parts.master_rows))
        offers = anew(prices)
        assert offers.value == pytest.approx(known(prices).value, rel=1e-7, abs=1e-3)
        assert set(anew.bases) == set(range(len(parts.blocks))) - set(anew.solvers)


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
