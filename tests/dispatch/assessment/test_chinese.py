"""What a Chinese reader meets in the report of a province is Chinese: names, sources, definitions, the card."""

import re

import pytest

from grid_models.provinces import CARDS
from grid_models.provinces.reading import read_facts, read_nation
from grid_models.provinces.years.build import build_province
from grid_models.provinces.years.names import names_zh
from services.dispatch.assessment.assessing import QUICK, assess
from services.dispatch.assessment.document.levels import CAUSES
from services.dispatch.assessment.options import option_facts
from services.dispatch.assessment.profiles import profiles
from services.dispatch.assessment.provincial import subject_of_province
from services.dispatch.assessment.report import html
from services.dispatch.assessment.speech import Speech, in_chinese
from services.dispatch.assessment.stated import stated
from services.dispatch.prices import LIMITS

HAN = re.compile(r"[一-鿿]")
CHINESE = Speech("zh")


@pytest.mark.parametrize("name", CARDS)
def test_every_source_and_every_figure_of_a_card_is_said_in_chinese(name: str):
    facts, nation = read_facts(name), read_nation()
    for text in {**nation.sources, **facts.sources}.values():
        assert in_chinese(text), text
    for one in stated(facts, nation.sources, 2027):
        assert in_chinese(one.what), one.what
        assert in_chinese(one.source), one.source


@pytest.mark.parametrize("profile", profiles().values(), ids=lambda one: one.id)
def test_a_definition_has_its_title_and_source_in_chinese(profile):
    assert HAN.search(profile.title_zh)
    assert HAN.search(profile.source_zh)


def test_options_have_their_source_in_chinese():
    assert all(HAN.search(one.source_zh) for one in option_facts())


@pytest.mark.parametrize("name", ["hebei", "zhejiang", "xinjiang", "guangdong", "tibet"])
def test_every_resource_of_a_day_has_a_chinese_name(name: str):
    """Lines between provinces bear theirs in the card already."""
    study = build_province(name, 2030, weather_years=1)
    case = study.day(study.peak_days(1)[0])
    known = names_zh(study.facts, study.nation, (one.name for one in case.resources))
    untold = [one.name for one in case.resources if not HAN.search(known.get(one.name, one.name))]
    assert [] == [one for one in untold if not one.startswith("DC ")]


def test_limits_that_bind_and_causes_of_losses_are_said_in_chinese():
    assert [] == [words for words in set(LIMITS.values()) if not in_chinese(words)]
    assert [] == [cause for cause in ("baseline", "other hours", *CAUSES) if not in_chinese(f"less {cause}")]


def test_names_keep_their_numbers():
    facts, nation = read_facts("hebei"), read_nation()
    given = ["aluminium 2", "vpp 11", "Fengning 2", "Fengning", "coal-600 of 2025-01", "storage-03", "nobody"]
    assert {
        "aluminium 2": "电解铝 2", "vpp 11": "虚拟电厂 11", "Fengning 2": "丰宁抽蓄2", "Fengning": "丰宁抽蓄",
        "coal-600 of 2025-01": "煤电 600 MW 级（2025 年投产）-01", "storage-03": "新型储能-03", "hebei": "河北",
    } == names_zh(facts, nation, given)  # fmt: skip


def test_the_chinese_report_of_a_province_names_its_users_definitions_and_sources():
    found = assess(subject_of_province("hainan", 2030, 1), ["CN-2021", "STRICT"], QUICK)
    text = html(found, CHINESE)
    page = text[: text.index('<script type="application/json"')]
    for words in ("一般工业 1", "虚拟电厂 1", "国务院 2021 年方案", "省情卡数据", "最大负荷", "海南", "琼中抽蓄"):
        assert words in page, words
    assert "Global Coal Plant Tracker" not in page
    assert "workshops" not in page
    assert "of users' own" not in page
