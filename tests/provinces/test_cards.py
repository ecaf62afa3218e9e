"""The cards of the provinces: every fact has a source, and figures that anyone can look up stand where they should."""

import pytest

from grid_models.errors import BadInput
from grid_models.provinces import CARDS
from grid_models.provinces.facts import Dated, at, facts_in
from grid_models.provinces.reading import card_names, read_facts, read_nation

NAMES = card_names()


def test_all_31_provinces_have_a_card():
    assert 31 == len(NAMES)
    assert set(NAMES) == set(CARDS)


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_names_a_source(name: str):
    facts = list(facts_in(read_facts(name)))
    known = read_facts(name).sources | read_nation().sources
    assert len(facts) > 40
    assert {fact.source for fact in facts} <= set(known)


@pytest.mark.parametrize("name", NAMES)
def test_units_that_run_are_counted_and_those_to_come_are_assumed(name: str):
    listed = [one for one in read_facts(name).thermal if one.source.startswith("gem_")]
    assert all((one.since is None) == (one.certainty == "sourced") for one in listed)


def test_every_fact_of_the_nation_names_a_source():
    nation = read_nation()
    assert {fact.source for fact in facts_in(nation)} <= set(nation.sources)
    assert 1 == pytest.approx(sum(one.share for one in nation.programmes))


def test_pumped_hydro_of_2030_is_the_build_out_of_120_gw():
    stations = [one for name in NAMES for one in read_facts(name).pumped_hydro]
    assert 120 == pytest.approx(sum(one.mw for one in stations if one.year <= 2030) / 1000, abs=1)
    assert 50 == pytest.approx(sum(one.mw for one in stations if one.year <= 2023) / 1000, abs=3)


def test_new_storage_is_that_of_the_nation():
    """73.76 GW at the end of 2024; 144.7 GW a year later."""
    for year, gw in ((2024, 73.76), (2025, 144.7)):
        assert gw == pytest.approx(sum(at(read_facts(name).storage, year) for name in NAMES) / 1000, rel=0.06)


def test_energy_of_2024_is_that_of_the_nation():
    """9,852 TWh."""
    assert 9852 == pytest.approx(sum(at(read_facts(name).load.energy_twh, 2024) for name in NAMES), rel=0.01)


def test_peaks_add_up_to_somewhat_more_than_that_of_the_nation():
    """1,508 GW in July 2025; provinces peak at different moments."""
    together = sum(at(read_facts(name).load.peak_mw, 2025) for name in NAMES) / 1000
    assert 1508 < together < 1.12 * 1508


def test_zhejiang_has_its_public_figures():
    zhejiang = read_facts("zhejiang")
    stations = {one.name: one.mw for one in zhejiang.pumped_hydro}
    assert (1800, 2100) == (stations["Tianhuangping"], stations["Changlongshan"])
    assert 6000 == at(zhejiang.response.contracts_mw, 2025)
    assert 8000 == next(tie.mw for tie in zhejiang.ties if tie.name.endswith("灵绍") or "宁东-浙江" in tie.name)
    assert 9086 == sum(one.mw for one in zhejiang.thermal if one.traits == "nuclear" and one.since is None)


def test_a_line_stands_on_both_cards():
    """What one province sends, the other receives: same rating, opposite direction."""
    sent = {(tie.name, tie.mw) for name in NAMES for tie in read_facts(name).ties if tie.direction == "export"}
    received = {(tie.name, tie.mw) for name in NAMES for tie in read_facts(name).ties if tie.direction == "import"}
    lines = {pair for pair in sent | received if pair[0]}
    assert len(lines) > 30
    assert all(pair in sent and pair in received for pair in lines)


def test_figures_between_two_years_lie_on_the_line():
    path = tuple(Dated(year=year, value=mw, source="x", certainty="assumed") for year, mw in ((2020, 10), (2024, 30)))
    assert (10, 15, 30, 30) == tuple(at(path, year) for year in (2018, 2021, 2024, 2030))
    assert 0 == at((), 2025)


def test_an_unknown_province_is_refused_in_words():
    with pytest.raises(BadInput, match="there are anhui"):
        read_facts("atlantis")


@pytest.mark.parametrize("name", NAMES)
def test_general_knowledge_is_not_called_sourced(name: str):
    """Where the grid is and when it heats stands to reason; figures that nobody looked up are assumed."""
    facts = read_facts(name)
    plain = (facts.grid, facts.place, facts.heat_season)
    unread = [one for one in facts_in(facts) if one.source in ("known", "lines") and one not in plain]
    assert all(one.certainty == "assumed" for one in unread)
