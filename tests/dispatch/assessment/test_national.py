"""All provinces side by side: done once, kept, told on one page; what fails is named and loses nothing else."""

import pytest
from distributed import Client

from services.dispatch.assessment.national import STRICT, WHOLE, Survey, this_machine
from services.dispatch.assessment.profiles import DEFAULT
from services.dispatch.assessment.report.national_page import TILES, national_headline, national_html
from services.dispatch.assessment.speech import ENGLISH, Speech
from services.dispatch.assessment.wish import AssessmentWish

WISH = AssessmentWish(year=2030, profiles=(DEFAULT, STRICT, WHOLE), commitment=False, sample_years=0, threads=1)


@pytest.fixture
def client():
    with this_machine() as cluster, Client(cluster, set_as_default=False) as client:
        yield client


@pytest.mark.slow
def test_what_is_done_is_kept_and_what_fails_is_named(tmp_path, client):
    """Atlantis has no card; the other two are assessed, and the second time nothing is done anew."""
    told: list[str] = []
    survey = Survey(WISH, tmp_path)
    nation = survey.provinces(("tibet", "hainan", "atlantis"), client, told.append)
    assert {"tibet", "hainan"} == {row.name for row in nation.rows}
    (failure,) = nation.failures
    assert "atlantis" == failure.name
    assert "is not a province" in failure.problem
    assert nation.peak_sum_mw == pytest.approx(sum(row.peak_mw for row in nation.rows))
    for row in nation.rows:
        assert row.gap_mw == pytest.approx(max(0.0, 0.05 * row.peak_mw - row.held_mw))
    again = survey.provinces(("tibet", "hainan"), client, told.append)
    assert "2 of 2 provinces are there already" == told[-1]
    assert nation.rows == again.rows
    assert survey.kept("tibet") is not None
    assert Survey(WISH.model_copy(update={"year": 2027}), tmp_path).kept("tibet") is None
    page = national_html(nation, ENGLISH)
    assert 'href="tibet.html"' in page
    assert national_headline(nation, ENGLISH) in page
    assert "atlantis" in page
    assert "西藏" in national_html(nation, Speech("zh"))


def test_every_province_has_its_tile_and_no_two_share_one():
    from grid_models.provinces import CARDS

    assert set(CARDS) == set(TILES)
    assert len(TILES) == len(set(TILES.values()))
