"""A programme that stays loaded: its prices, and who is to blame where it costs more or has no solution."""

import time

import numpy as np
import pytest
from scipy.sparse import csr_array

from services.dispatch.decomposition.programme import OutOfTime, Programme
from services.dispatch.model import Matrix, Names


def two_hours(dear: float = np.inf) -> Programme:
    """A cheap unit and a dear one in each of two hours: x0 + s0 = 1 and x1 + s1 = 0.5; dear ones may be closed."""
    nothing = Names(())
    most = 0.0 if np.isinf(dear) else 1.0
    cost = 0.0 if np.isinf(dear) else dear
    matrix = Matrix(
        cost=np.array([1.0, 1.0, cost, cost]), lower=np.zeros(4), upper=np.array([1.0, 1.0, most, most]),
        integer=np.array([True, True, False, False]), rows=csr_array([[1.0, 0, 1, 0], [0, 1, 0, 1]]),
        row_lower=np.array([1.0, 0.5]), row_upper=np.array([1.0, 2.0]),
        offset=0.0, column_names=nothing, row_names=nothing,
    )  # fmt: skip
    return Programme(matrix, None, time.monotonic() + 60)


def test_the_prices_say_what_a_decision_adds():
    """Without x0 the dear one costs 10 for 1; x1 = 1 is half more than needed."""
    programme = two_hours(dear=10.0)
    before = programme.solved()
    assert before.objective == 1.5
    both = np.arange(2)
    programme.limit(both, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    here = programme.solved()
    assert here.objective == 11.0
    blame = programme.blame(both, np.array([0.0, 1.0]) - before.values[:2])
    assert blame.tolist() == pytest.approx([9.0, 0.5])


def test_where_nothing_fits_the_proof_says_who_is_in_the_way():
    programme = two_hours()
    before = programme.solved()
    both = np.arange(2)
    programme.limit(both, np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    assert programme.solved().objective == np.inf
    blame = programme.blame(both, np.array([0.0, 1.0]) - before.values[:2])
    assert blame[0] > 0
    assert blame[1] == 0
    programme.release(both[:1])
    assert programme.solved().objective == 2.0


def test_out_of_time_it_says_so():
    programme = two_hours()
    programme.deadline = time.monotonic() - 1
    with pytest.raises(OutOfTime):
        programme.solved()
