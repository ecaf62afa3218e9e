"""Joint futures: honest margins, learned dependence, few that stand for many, sums that agree."""

import numpy as np
import pytest

from services.forecast.scenarios.coherence import quantiles_of_sum, reconciled
from services.forecast.scenarios.dependence import Dependence, independent, learned, surprises, typical
from services.forecast.scenarios.reduction import reduced
from services.forecast.scenarios.sampling import scenarios, shuffled

LEVELS = np.arange(1, 100) / 100


def correlated_past(issues: int = 4000, memory: float = 0.9, between: float = 0.6) -> np.ndarray:
    """Surprises [issues, 2 series, 12 steps]: autoregressive in time, equicorrelated in space."""
    rng = np.random.default_rng(3)
    lags = np.abs(np.subtract.outer(np.arange(12), np.arange(12)))
    in_time = np.linalg.cholesky(memory**lags)
    in_space = np.linalg.cholesky(np.array([[1, between], [between, 1]]))
    return np.einsum("ab,ibt,st->ias", in_space, rng.standard_normal((issues, 2, 12)), in_time)


def uniform_quantiles(series: int, steps: int) -> np.ndarray:
    return np.tile(LEVELS, (series, steps, 1))


def test_scenarios_have_the_quantiles_of_the_forecast():
    drawn = scenarios(uniform_quantiles(2, 12), LEVELS, typical(["wind", "wind"], 12, 60), 200)
    assert (2, 12, 200) == drawn.shape
    assert np.quantile(drawn, 0.3, axis=-1) == pytest.approx(np.full((2, 12), 0.3), abs=0.006)


def test_dependence_is_learned_from_past_surprises():
    """Memory 0.9 a step and 0.6 between the two series, put in and found again, of unlike kinds too."""
    found = learned(correlated_past(), ["wind", "load"], 60)
    assert 0.9 == pytest.approx(found.in_time["wind"][4, 5], abs=0.02)
    assert 0.6 == pytest.approx(found.between[0, 1], abs=0.03)


def test_scenarios_carry_the_dependence():
    drawn = scenarios(uniform_quantiles(2, 12), LEVELS, learned(correlated_past(), ["wind", "wind"], 60), 4000)
    assert 0.59 == pytest.approx(np.corrcoef(drawn[0, 5], drawn[1, 5])[0, 1], abs=0.05)
    assert 0.89 == pytest.approx(np.corrcoef(drawn[0, 5], drawn[0, 6])[0, 1], abs=0.04)
    apart = scenarios(uniform_quantiles(2, 12), LEVELS, independent(["wind", "wind"], 12, 60), 4000)
    assert 0.0 == pytest.approx(np.corrcoef(apart[0, 5], apart[1, 5])[0, 1], abs=0.06)


def test_rough_days_stay_rough_throughout():
    """
    Steps are uncorrelated, but every second day all of them are far out, on the other days none is.

    A correlation alone mixes far and near steps within each scenario; led by days, many are far throughout.
    """
    rng = np.random.default_rng(5)
    size = np.where(np.arange(200) % 2, 2.0, 0.3)[:, None, None]
    past = size * rng.choice([-1.0, 1.0], (200, 1, 12)) * rng.uniform(0.8, 1.2, (200, 1, 12))
    found = learned(past, ["load"], 60)
    far = np.abs(found.deviates(400, seed=1)[0]) > 1.0
    without = np.abs(Dependence(found.kinds, 60, found.in_time, found.between).deviates(400, seed=1)[0]) > 1.0
    throughout, never = (lambda one: (one.mean(axis=0) > 0.8).mean()), (lambda one: (one.mean(axis=0) < 0.2).mean())
    assert throughout(far) > 0.3
    assert never(far) > 0.3
    assert throughout(without) < 0.05


def test_a_series_that_was_not_there_follows_the_copula():
    past = np.random.default_rng(5).standard_normal((100, 2, 12))
    past[:, 1] = np.nan
    drawn = learned(past, ["wind", "wind"], 60).deviates(2000, seed=1)
    assert np.isfinite(drawn).all()
    assert 1.0 == pytest.approx(drawn[1].std(), abs=0.05)


def test_without_a_past_near_plants_of_one_kind_go_together_and_unlike_kinds_do_not():
    distance_km = np.array([[0.0, 30, 0], [30, 0, 0], [0, 0, 0]])
    found = typical(["wind", "wind", "solar"], 8, 60, distance_km)
    assert np.exp(-0.1) == pytest.approx(found.between[0, 1], abs=1e-3)
    assert 0.0 == pytest.approx(found.between[0, 2], abs=1e-6)


def test_a_surprise_is_the_place_within_the_forecast():
    quantiles = np.array([[10.0, 20.0, 30.0], [0.0, 0.0, 0.0]])
    places = surprises(np.array([20.5, 0.0]), quantiles, np.array([0.25, 0.5, 0.75]))
    assert 0 < places[0] < 0.6745  # between the median and the upper quartile
    assert np.isnan(places[1])  # night: nothing was uncertain


def test_the_same_seed_gives_the_same_futures_and_another_does_not():
    asked = uniform_quantiles(1, 4), LEVELS, typical(["load"], 4, 60)
    assert (scenarios(*asked, 20, seed=4) == scenarios(*asked, 20, seed=4)).all()
    assert (scenarios(*asked, 20, seed=4) != scenarios(*asked, 20, seed=5)).any()


def test_shuffled_scenarios_take_the_order_of_past_days():
    """Three days whose second was the windiest: the highest value goes there."""
    past = np.array([[[5.0, 9.0, 1.0]]])
    drawn = shuffled(np.array([[[0.0, 10.0]]]), np.array([0.0, 1.0]), past)
    assert [5.0, 8.333333, 1.666667] == pytest.approx(drawn[0, 0].tolist())


def test_reduction_keeps_the_middle_of_each_group_with_its_share():
    """Futures near 0 (three of them) and near 10 (one): kept is one of each, with 3/4 and 1/4."""
    few = reduced(np.array([[[0.0, 0.1, -0.1, 10.0]]]), 2)
    assert {0, 3} == set(few.kept.tolist())
    assert {0: 0.75, 3: 0.25} == dict(zip(few.kept.tolist(), few.probabilities.tolist(), strict=True))


def test_reduction_of_many_is_nearer_than_a_random_choice():
    drawn = scenarios(uniform_quantiles(3, 24), LEVELS, typical(["wind"] * 3, 24, 60), 200)
    few = reduced(drawn, 10)
    rows = ((drawn - drawn.mean(axis=2, keepdims=True)) / drawn.std(axis=(1, 2), keepdims=True)).reshape(72, 200).T
    for seed in range(20):
        chosen = np.random.default_rng(seed).choice(200, 10, replace=False)
        distance = np.linalg.norm(rows[:, None] - rows[None, chosen], axis=2).min(axis=1).mean()
        assert few.distance < distance
    assert 1 == pytest.approx(few.probabilities.sum())


def test_quantiles_of_a_sum_are_narrower_than_the_sum_of_quantiles_when_plants_differ():
    drawn = scenarios(uniform_quantiles(2, 1), LEVELS, independent(["wind", "wind"], 1, 60), 4000)
    of_sum = quantiles_of_sum(drawn, LEVELS)
    assert of_sum[0, 94] < 2 * 0.95 - 0.1  # the triangular distribution of two uniforms has its 95 % at 1.68
    assert 2 - np.sqrt(0.1) == pytest.approx(of_sum[0, 94], abs=0.03)


def test_members_follow_the_forecast_of_their_sum_within_their_bounds():
    drawn = 100 * scenarios(uniform_quantiles(2, 3), LEVELS, independent(["wind", "wind"], 3, 60), 500)
    wanted = np.tile(np.linspace(60, 160, 99), (3, 1))
    moved = reconciled(drawn, wanted, LEVELS, np.full((2, 3), 100.0))
    assert wanted[:, [9, 49, 89]] == pytest.approx(np.quantile(moved.sum(axis=0), [0.1, 0.5, 0.9], axis=-1).T, abs=1.0)
    assert moved.min() >= 0
    assert moved.max() <= 100


def test_a_dependence_is_always_a_valid_correlation():
    """Few and contradictory issues: three series over two days."""
    past = np.random.default_rng(0).standard_normal((2, 3, 24))
    found: Dependence = learned(past, ["wind", "solar", "load"], 60)
    for matrix in (found.between, *found.in_time.values()):
        assert np.linalg.eigvalsh(matrix).min() > 0
        assert np.ones(len(matrix)) == pytest.approx(np.diag(matrix))
