"""Quantiles are moved to where the past says they belong, and atoms are counted as what they are."""

import numpy as np
import pytest

from services.forecast.probabilistic import conformal

LEVELS = np.round(np.arange(0.05, 1, 0.05), 2)
NOWHERE = np.array([])


def whole(count: int) -> dict[str, np.ndarray]:
    """One lead, one regime."""
    return {"lead_h": np.zeros(count), "regime": np.zeros(count, dtype=np.intp)}


def normal_quantiles(count: int, spread: float) -> np.ndarray:
    from scipy.special import ndtri

    return np.tile(ndtri(LEVELS) * spread, (count, 1))


def fit(actual: np.ndarray, quantiles: np.ndarray) -> conformal.Calibration:
    days = np.arange(len(actual)) // 4
    return conformal.fitted(actual, quantiles, LEVELS, **whole(len(actual)), days=days, lead_edges_h=NOWHERE, regimes=1)


@pytest.mark.parametrize("spread", [0.3, 3.0])
def test_too_sure_and_too_timid_become_honest(spread: float):
    rng = np.random.default_rng(1)
    past, future = rng.normal(size=4000), rng.normal(size=4000)
    calibration = fit(past, normal_quantiles(4000, spread))
    honest = conformal.calibrated(calibration, normal_quantiles(4000, spread), LEVELS, **whole(4000))
    assert 0.9 == pytest.approx(conformal.covered(future, honest, LEVELS).mean(), abs=0.02)


def test_other_levels_than_those_learned_are_served_rising_and_within_bounds():
    rng = np.random.default_rng(1)
    calibration = fit(rng.normal(size=400), normal_quantiles(400, 0.3))
    wanted = np.arange(1, 100) / 100
    from scipy.special import ndtri

    forecast = np.tile(ndtri(wanted) * 0.3, (5, 1))
    honest = conformal.calibrated(calibration, forecast, wanted, **whole(5), lower=0.0, upper=np.full(5, 0.9))
    assert (5, 99) == honest.shape
    assert (np.diff(honest, axis=1) >= 0).all()
    assert honest.min() == 0.0
    assert honest.max() == 0.9


def test_a_regime_learns_for_itself():
    """In regime 0 the model is right, in regime 1 one spread too low; a shared move would be half of that for both."""
    rng = np.random.default_rng(1)
    regime = np.arange(8000) % 2
    quantiles = normal_quantiles(8000, 1.0)
    spread = 2 * 1.2816
    actual = rng.normal(size=8000) + regime * spread
    days = np.arange(8000) // 24
    calibration = conformal.fitted(
        actual,
        quantiles,
        LEVELS,
        lead_h=np.zeros(8000),
        regime=regime,
        days=days,
        lead_edges_h=NOWHERE,
        regimes=2,
    )
    middle = calibration.moves[0, :, 9]
    assert middle == pytest.approx([0.0, 1.0], abs=0.12)


def test_a_change_in_the_world_is_followed():
    """The model was honest; then values spread twice as far: 90 % intervals would hold 59 % of them for ever."""
    rng = np.random.default_rng(1)
    calibration = fit(rng.normal(size=2000), normal_quantiles(2000, 1.0))
    wild = 2 * rng.normal(size=6000)
    for start in range(0, 4000, 10):
        batch = wild[start : start + 10]
        calibration = conformal.updated(calibration, batch, normal_quantiles(10, 1.0), **whole(10))
    honest = conformal.calibrated(calibration, normal_quantiles(2000, 1.0), LEVELS, **whole(2000))
    assert 0.9 == pytest.approx(conformal.covered(wild[4000:], honest, LEVELS).mean(), abs=0.03)


def test_little_history_is_admitted_by_width():
    """Five days: t(4) at 95 % is 2.132, times sqrt(1.2), over 1.645 of the normal: 1.42 times as wide."""
    wide = conformal.widened(normal_quantiles(1, 1.0), LEVELS, days=5)
    assert 1.42 == pytest.approx(wide[0, -1] / normal_quantiles(1, 1.0)[0, -1], abs=0.005)
    assert 0.0 == pytest.approx(wide[0, 9])


def test_an_atom_belongs_to_all_the_probability_it_was_given():
    """
    Quantiles 0, 0, 1, 2 at 20, 40, 60, 80 %. Zero has 0 to 40 %, so the central 60 % covers half of it.

    1.5 lies at 70 %, 3 beyond 80 %: inside and outside.
    """
    quantiles, levels = np.array([[0.0, 0.0, 1.0, 2.0]] * 3), np.array([0.2, 0.4, 0.6, 0.8])
    low, high = conformal.probability_range(np.array([0.0, 1.5, 3.0]), quantiles, levels)
    assert low == pytest.approx([0.0, 0.7, 0.8])
    assert high == pytest.approx([0.4, 0.7, 1.0])
    assert conformal.covered(np.array([0.0, 1.5, 3.0]), quantiles, levels, 0.6) == pytest.approx([0.5, 1.0, 0.0])


def test_calm_is_covered_as_often_as_it_should_be():
    """Half of all values are exactly zero; counting zero as inside would say 95 %, the honest share is 90."""
    rng = np.random.default_rng(1)
    actual = np.maximum(rng.normal(size=20000), 0)
    quantiles = np.maximum(normal_quantiles(20000, 1.0), 0)
    assert 0.9 == pytest.approx(conformal.covered(actual, quantiles, LEVELS).mean(), abs=0.01)


def test_a_calibration_is_plain_arrays():
    calibration = fit(np.arange(50.0), normal_quantiles(50, 1.0))
    kept = conformal.Calibration.from_arrays(calibration.to_arrays())
    assert (kept.moves == calibration.moves).all()
    assert kept.days == calibration.days
    assert kept.spread_floor == calibration.spread_floor
