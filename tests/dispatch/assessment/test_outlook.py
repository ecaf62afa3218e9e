"""What the answer hinges on moves the way it must, whatever the province."""

import pytest
from dispatch.assessment.textbook import fleet

from grid_models.provinces.reading import card_names, read_facts
from services.dispatch.assessment.outlook import sensitivities
from services.dispatch.assessment.profiles import profile_of
from services.dispatch.assessment.provincial import LATER_GROWTH, pace_of, signed_mw

approx = pytest.approx


def test_what_asks_for_less_gives_more_and_what_takes_away_gives_less():
    """Of the worked example: shorter, and more that counts, is never less; less availability or baseline never more."""
    found = {(one.what, one.value): one for one in sensitivities(fleet(), profile_of("STRICT"))}
    for what in (("duration", "1 h"), ("duration", "2 h"), ("notice", "24 h"), ("scope", "D+S"), ("scope", "D+S+P")):
        assert found[what].change_mw >= -0.5, what
    for what in (("availability", "-10 %"), ("baseline", "-10 %"), ("notice", "0.5 h")):
        assert found[what].change_mw <= 0.5, what


def test_a_load_that_grows_leaves_what_is_held_and_widens_the_gap():
    """336.8 MW are held of 10,000, 500 are asked; of 10,500, 525."""
    found = {(one.what, one.value): one for one in sensitivities(fleet(), profile_of("STRICT"))}
    gaps = [found["load", value].gap_mw for value in ("-5%", "+5%")]
    assert (475 - 336.8, 525 - 336.8) == approx(gaps, abs=0.5)
    assert 163.2 == approx(found["as it is", ""].gap_mw, abs=0.5)


@pytest.mark.parametrize("name", card_names())
def test_the_pace_of_response_ends_where_the_card_expects_it(name: str):
    """From 2026 on: so many years of that pace give the figure of 2030; response grows everywhere."""
    response = read_facts(name).response
    pace = pace_of(response, 2026)
    assert pace > 0
    assert signed_mw(response, 2030) == approx(signed_mw(response, 2026) * (1 + 4 * pace))
    assert LATER_GROWTH == pace_of(response, 2030)
