"""Check values of the capacity rules of 2026."""

from datetime import datetime

import numpy as np
import pytest

from services.dispatch.assessment.adequacy import Store
from services.dispatch.assessment.credits import GansuRule, longest_net_peak_h, storage_credit
from services.dispatch.assessment.payments import payments
from services.dispatch.assessment.peaks import LoadYear

approx = pytest.approx


@pytest.mark.parametrize(("hours", "credit"), [(2, 0.5), (4, 1.0), (6, 1.0)])
def test_storage_is_paid_by_how_much_of_the_longest_peak_it_covers(hours: float, credit: float):
    """The longest net peak lasts 4 h."""
    assert credit == storage_credit(hours, 4)


def test_a_peak_without_length_is_refused():
    with pytest.raises(ValueError, match="longer than 0 h"):
        storage_credit(2, 0)


def test_the_longest_net_peak_is_measured():
    """96 and 100 in a row, and 95 alone."""
    load = LoadYear(np.array([95.0, 50, 96, 100, 50]), datetime(2030, 1, 1))  # noqa: DTZ001 - local time
    assert 2 == longest_net_peak_h(load)


def test_the_fee_of_gansu():
    """.475 x (1 - .0174) x 330 x .8953 = 137.896 CNY per kW and year."""
    assert 137.896 == approx(GansuRule().fee_cny_per_kw_year(), abs=5e-4)


NET = LoadYear(np.array([50.0, 98, 100, 97, 96, 50]), datetime(2030, 1, 1))  # noqa: DTZ001 - local time


def test_stores_of_the_grid_are_credited_by_their_hours():
    """The net peak lasts 4 h: 2 h earn half of 165, 6 h all of it; pumped hydro and users' stores stand elsewhere."""
    stores = {"S: store": (Store(100, 100, 200), Store(50, 50, 300)), "P: store": (Store(1, 1, 6),)}
    found = payments("hubei", stores, NET, coal_mw=1000)
    assert [(2, 100, 0.5, 82.5), (6, 50, 1, 165)] == [tuple(vars(one).values()) for one in found.credits]
    assert found.fee is None


def test_gansu_pays_coal_by_its_own_formula():
    """137.896 CNY on each of a thousand MW, and the whole 330 to a store that lasts as long as the peak."""
    found = payments("gansu", {"S: store": (Store(100, 100, 400),)}, NET, coal_mw=1000)
    assert found.fee is not None
    assert (137.896, 137.896e6) == approx((found.fee.fee_cny_per_kw_year, found.fee.total_cny_per_year), rel=1e-5)
    assert 330 == found.credits[0].cny_per_kw_year
