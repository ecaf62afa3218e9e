"""The definitions are complete, named as promised, and ask the share that their text asks."""

from datetime import date

import pytest

from services.dispatch.assessment.profiles import (
    DEFAULT,
    TestRules,
    UnknownProfile,
    chosen,
    counted_in,
    profile_of,
    profiles,
)

IDS = ["CN-2021", "CN-DSM-2023", "CN-2024-128", "STRICT", "GD", "ZJ", "PJM", "MISO", "GB"]


def test_every_definition_is_there_with_a_source():
    assert list(profiles()) == IDS
    assert all(item.source for item in profiles().values())
    assert chosen() == tuple(profiles().values())
    assert DEFAULT in profiles()


@pytest.mark.parametrize(("rate", "share"), [(0.40, 0.03), (0.41, 0.05)])
def test_the_measures_of_2023_ask_more_where_the_day_is_steep(rate: float, share: float):
    """3 % up to a peak-valley rate of 40 %, 5 % above."""
    assert profile_of("CN-DSM-2023").target.at(rate) == share
    assert profile_of("CN-2024-128").target.at(rate) == 0.05


def test_a_scope_counts_what_it_names():
    assert counted_in("D+S") == {"D", "S"}
    assert profile_of("STRICT").counted == {"D"}


def test_a_test_expires_after_twelve_months():
    rules = TestRules()
    assert rules.counts(date(2029, 7, 16), date(2030, 7, 15))
    assert not rules.counts(date(2029, 7, 15), date(2030, 7, 15))
    assert not rules.counts(date(2030, 7, 16), date(2030, 7, 15))


def test_an_unknown_definition_is_refused_with_those_that_exist():
    with pytest.raises(UnknownProfile, match="accepted are CN-2021"):
        profile_of("CN-1999")
