"""The report: self-contained, in two languages, and its headline follows from its own tables."""

import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from dispatch.building import battery, case, thermal

from grid_models.errors import BadInput
from grid_models.resources import InterruptibleLoad
from services.dispatch.assessment import speech
from services.dispatch.assessment.assessing import Depth, assess
from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.assessment.document.load import PeakRun
from services.dispatch.assessment.document.ways import Outlook
from services.dispatch.assessment.options import option_facts
from services.dispatch.assessment.parts import OUTAGE_RATE
from services.dispatch.assessment.report import html, pdf, write_report
from services.dispatch.assessment.speech import ENGLISH, Speech
from services.dispatch.assessment.subject import Growth, Subject, subject_of_case
from services.dispatch.assessment.tables import peak_runs
from services.dispatch.planning import Options

approx = pytest.approx
CHINESE = Speech("zh")
LOAD_MW = (*(700.0,) * 13, 940.0, 970.0, 1000.0, 990.0, 960.0, 930.0, *(700.0,) * 5)
GROWTH: Outlook = (0.01, 0.02, 0.03)


@pytest.fixture(scope="module")
def found() -> Assessment:
    """A peak of 1,000 MW, a mill under contract for 60, a roof battery, supply of 960: everything is worked out."""
    mill = InterruptibleLoad(name="mill <1>", contract_mw=60, call_max_h=2, price_per_mwh=2000, notice_h=0)
    roof = battery(name="roof", mw=10, mwh=40, start=40, technology="user-side battery")
    study = subject_of_case(case(list(LOAD_MW), thermal(high=960), mill, roof))
    known = {**vars(study), "growth": Growth(GROWTH, (0.0, 0.1, 0.2), "assumed"), "year": 2026}
    return assess(Subject(**known), depth=Depth(Options(gap=0), sample_years=50))


class Page(HTMLParser):
    """What a reader of the page could take from it: its tables, its data, what it would fetch."""

    def __init__(self, text: str):
        super().__init__()
        self.tables: dict[str, list[list[str]]] = {}
        self.fetched: list[str] = []
        self.data = ""
        self._rows: list[list[str]] = []
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.fetched += [given[name] for name in ("src", "href") if name in given]
        self._inside = "data" if given.get("id") == "assessment" else tag
        if tag == "table":
            self._rows = []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        elif tag == "caption":
            self.tables[""] = self._rows

    def handle_data(self, text):
        if self._inside == "caption":
            self.tables[text] = self._rows
            self._inside = ""
        elif self._inside in ("td", "th") and self._rows:
            self._rows[-1][-1] += text
        elif self._inside == "data":
            self.data += text

    def handle_endtag(self, tag):
        self._inside = ""


def test_an_auditor_recomputes_the_headline_from_the_tables_alone(found: Assessment):
    """Contracts less losses are what is held; the gap is 5 % of the peak less that."""
    tables = Page(html(found)).tables
    classes = tables["MW by class, STRICT"]
    *parts, total = ([float(cell) for cell in row[1:4]] for row in classes[1:])
    assert total == approx(np.sum(parts, axis=0), abs=0.1)
    losses = {row[0]: float(row[1]) for row in tables["Losses"][1:]}
    assert losses["deliverable"] == approx(sum(losses.values()) - losses["deliverable"], abs=0.3)
    verdicts = {row[0]: row for row in tables["Verdict by definition"][1:]}
    held_mw, gap_mw = float(verdicts["STRICT"][6]), float(verdicts["STRICT"][8])
    assert held_mw == losses["deliverable"] == total[2]
    assert gap_mw == approx(0.05 * max(LOAD_MW) - held_mw, abs=0.1)
    assert float(verdicts["CN-2024-128"][7].rstrip("%")) == approx(100 * 70 / 1000)


def test_the_day_in_figures_adds_up_to_its_demand(found: Assessment):
    rows = next(rows for title, rows in Page(html(found)).tables.items() if title.endswith(", with response"))
    for row in rows[1:]:
        *layers, demand_mw, _ = (float(cell.replace(",", "")) for cell in row[1:])
        assert demand_mw == approx(sum(layers), abs=0.5)


def test_the_page_needs_nothing_else_and_holds_every_figure(found: Assessment):
    for say in (ENGLISH, CHINESE):
        page = Page(html(found, say))
        assert [] == page.fetched
        assert found == Assessment.model_validate(json.loads(page.data))
        assert found.hash in html(found, say)
    assert "mill &lt;1&gt;" in html(found)


def test_what_is_said_in_chinese_is_chinese(found: Assessment, monkeypatch):
    """Of the phrases of the page only names, units and sources may stay as they are."""
    said: set[str] = set()
    speak = Speech.__call__

    def listened(self: Speech, phrase: str, **facts: object) -> str:
        said.add(phrase)
        return speak(self, phrase, **facts)

    monkeypatch.setattr(speech.Speech, "__call__", listened)
    text = html(found, CHINESE)
    untold = {phrase for phrase in said if not speech.in_chinese(phrase) and re.search("[a-z]", phrase)}
    assert set() == untold - {"assumed", "MW"}
    assert "7.00 万千瓦" in text
    assert all(speech.in_chinese(fact.name) for fact in option_facts())


@pytest.mark.parametrize(
    ("noted", "said"),
    [
        (f"the case says nothing of outages: every thermal unit is taken to be out {OUTAGE_RATE:.0%} of the time",
         "算例未给出停运率，火电机组停运率均取 5%"),
        ("Built from the card: load of 2030 by typical days, seeded weather.", "由省情卡生成：2030 年"),
        ("8760 h from 2030-01-01T00:00:00+08:00", "起 8760 小时"),
        ("the price of hubei reaches 851 CNY/MWh at 22:00, above its 500", "22:00 hubei 电价达到 851 元/MWh"),
        ("nobody knows this", "nobody knows this"),
    ],
)  # fmt: skip
def test_a_note_is_said_in_chinese_facts_and_all(noted: str, said: str):
    assert said in CHINESE.note(noted)
    assert noted == ENGLISH.note(noted)


def test_what_the_tables_of_the_report_add_up_to(found: Assessment):
    """Peak hours are those of the thresholds, classes those held for one, two and four hours."""
    tables = Page(html(found)).tables
    *runs, total = tables["Runs of hours at or above 95 % of the peak"][1:]
    assert total[1] == next(row[1] for row in tables["Peak hours"][1:] if row[0].startswith("95%"))
    assert float(total[3]) == approx(sum(float(run[3]) for run in runs), abs=0.1)
    *classes, held = (
        [float(cell) for cell in row[1:]] for row in tables["MW held for one, two and four hours, STRICT"][1:]
    )
    assert held == approx(np.sum(classes, axis=0), abs=0.1)
    assert held[2] == approx(found.of("STRICT").capability.deliverable_mw)


def test_orderly_use_is_told_and_a_shortage_has_its_level(found: Assessment):
    """40 MW of 1,000 are short without the mill: 4 %, blue."""
    text = html(found)
    assert "Orderly use of power is what is left" in text
    assert "IV (blue)" == found.days[0].warning
    assert "IV (blue)" in text
    assert "none stood in two programmes" in text


def test_what_is_paid_to_response_is_told(found: Assessment):
    """The mill gives 2,000 a MWh of its calls, and nothing for standing by."""
    answered = found.days[0].answered
    mill = sum(call.energy_mwh for call in answered.called)
    assert (2000 * mill, 0) == approx((answered.response_cost, answered.standing_cost))
    assert found.days[0].without.response_cost == 0


def test_what_is_missing_and_what_the_solver_leaves_open_have_different_names(found: Assessment):
    heads = Page(html(found, CHINESE)).tables["最严重日的机组组合"][0]
    assert "求解间隙" in heads
    assert "缺口" not in heads


def test_on_paper(found: Assessment, tmp_path: Path):
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf(found, CHINESE))
    text = subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout
    assert "尖峰负荷响应能力" in text
    assert "全部资源" in text  # what is folded on the screen lies open on paper


def test_in_a_browser(found: Assessment, tmp_path: Path):
    """Nothing sticks out to the right, at the width of a desk and of a hand."""
    page = tmp_path / "report.html"
    write_report(found, page, CHINESE)
    measure = "<script>document.title = [document.documentElement.scrollWidth, innerWidth].join(' ')</script></body>"
    page.write_text(page.read_text(encoding="utf-8").replace("</body>", measure), encoding="utf-8")
    for width in (1280, 560):
        told = subprocess.run([*_chromium(tmp_path), f"--window-size={width},900", "--dump-dom", page.as_uri()],
                              capture_output=True, text=True, timeout=90, check=True).stdout  # fmt: skip
        wide, window = map(int, re.search(r"<title>(\d+) (\d+)</title>", told).groups())
        assert wide <= window


def _chromium(tmp_path: Path) -> list[str]:
    flags = ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
             "disable-component-update", "disable-sync", f"user-data-dir={tmp_path / 'profile'}")  # fmt: skip
    return ["chromium", *(f"--{flag}" for flag in flags)]


def test_another_form_is_refused_in_words(found: Assessment, tmp_path: Path):
    with pytest.raises(BadInput, match=r"accepted are \.html, \.pdf"):
        write_report(found, tmp_path / "report.docx")


def test_of_many_runs_of_peak_hours_the_heaviest_are_shown_and_the_rest_are_one(found: Assessment):
    """30 runs of one hour, the n-th n MWh above: 24 rows, 1 + 2 + ... + 6 = 21 MWh in one, 465 in all."""
    runs = tuple(PeakRun(start=f"2030-07-{day:02}T14:00", hours=1, highest_mw=950 + day, above_mwh=day)
                 for day in range(1, 31))  # fmt: skip
    load = found.load.model_copy(update={"runs": runs})
    rows = peak_runs(found.model_copy(update={"load": load}), ENGLISH).rows
    assert 26 == len(rows)
    assert ("6 others", "6", "956.0", "21.0", "") == rows[-2]
    assert ("all", "30", "980.0", "465.0", "") == rows[-1]
