"""Given series, by hand."""

from building import SPILLED, UNSERVED, approx, cost, given, reserve, thermal


def test_an_import_arrives_as_scheduled_and_is_paid_for() -> None:
    """
    30 then 80 MW arrive at 200 per MWh; demand 50, 50; coal at 300 for the rest.

    By hand: 110 * 200 + 20 * 300 + 30 MW spilled. An import that could be turned down would cost 26,000.
    """
    assert 22_000 + 6_000 + 30 * SPILLED == approx(cost([50, 50], given([30, 80], cost_per_mwh=200), thermal(was=0)))


def test_an_export_is_a_draw_even_where_nothing_can_serve_it() -> None:
    """20 MW leave with nothing to serve them: 20 MWh unserved. A case is always feasible."""
    assert 20 * UNSERVED == approx(cost([0], given(-20)))


def test_a_given_series_holds_nothing_ready() -> None:
    """Spinning 10 MW beside an import alone is missing: 10 MW at 5,000."""
    assert 50_000 == approx(cost([30], given(30), reserves=[reserve(10)]))
