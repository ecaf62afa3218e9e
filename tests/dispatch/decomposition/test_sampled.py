"""First prices from a part of the fleet."""

import time

import pytest
from building import case, thermal

from services.dispatch.assembly import build
from services.dispatch.decomposition import sampled
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.split import split


def fleet(count: int):
    """Units of 20 to 40 MW; a MWh costs a little more with each."""
    units = [thermal(f"unit {number}", low=10, high=20 + number % 21, price=100 + number) for number in range(count)]
    return case([12.0 * count] * 6, *units)


def test_a_sample_stands_for_the_whole_fleet_and_says_its_prices(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sampled, "SAMPLE", 10)
    grid = fleet(60)
    parts = split(grid, build(grid).pack())
    assert parts is not None
    whole = Generation(grid, parts, lambda _: None)
    prices = sampled.sampled_prices(grid, whole, time.monotonic() + 30)
    assert prices is not None
    whole.run(1e-4, time.monotonic() + 30)
    balances = whole.boxed
    assert prices[balances] == pytest.approx(whole.prices[balances], rel=0.15)
    near = Generation(grid, parts, lambda _: None)
    near.start_at(prices)
    near.run(1e-4, time.monotonic() + 30)
    assert near.bound == pytest.approx(whole.bound, rel=1e-3)


def test_a_small_fleet_is_not_sampled():
    grid = fleet(20)
    parts = split(grid, build(grid).pack())
    assert parts is not None
    generation = Generation(grid, parts, lambda _: None)
    assert sampled.sampled_prices(grid, generation, time.monotonic() + 30) is None
