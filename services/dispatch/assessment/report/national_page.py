"""The nation on one page: where the share is answered, on paper and for four hours, province by province."""

import hashlib
from collections.abc import Callable

from services.dispatch.assessment.national import Nation, ProvinceRow
from services.dispatch.assessment.report.drawing import Drawing, Frame
from services.dispatch.assessment.report.page import Page, rendered
from services.dispatch.assessment.report.pictures import Picture
from services.dispatch.assessment.report.sections import Section
from services.dispatch.assessment.speech import ENGLISH, Speech
from services.dispatch.assessment.tables import Table, table

TILES = {
    "heilongjiang": (7, 0), "xinjiang": (0, 1), "jilin": (7, 1),
    "ningxia": (3, 2), "innermongolia": (4, 2), "beijing": (5, 2), "tianjin": (6, 2), "liaoning": (7, 2),
    "qinghai": (1, 3), "gansu": (2, 3), "shaanxi": (3, 3), "shanxi": (4, 3), "hebei": (5, 3), "shandong": (6, 3),
    "tibet": (0, 4), "sichuan": (2, 4), "chongqing": (3, 4), "henan": (4, 4), "anhui": (5, 4), "jiangsu": (6, 4),
    "guizhou": (3, 5), "hubei": (4, 5), "jiangxi": (5, 5), "zhejiang": (6, 5), "shanghai": (7, 5),
    "yunnan": (2, 6), "guangxi": (3, 6), "hunan": (4, 6), "guangdong": (5, 6), "fujian": (6, 6),
    "hainan": (4, 7),
}  # fmt: skip
"""Column and row of each province on a map of equal tiles."""
COLUMNS, ROWS = 8, 8
ASKED = 0.05
SHADES = ((0.5, "#e5989b"), (0.8, "#f1c08a"), (1.0, "#f3e2a0"), (1.5, "#b5d8b0"), (float("inf"), "#6fb98f"))
"""Up to which multiple of 5 % a tile has which colour."""


def national_html(nation: Nation, say: Speech = ENGLISH, link: str = "{name}.html") -> str:
    """The overview; `link` leads to the page of a province."""
    document = nation.model_dump(mode="json")
    return rendered(
        Page(
            title=say("China {year}", year=nation.year),
            kind=say("Peak-load response: which provinces can answer their share of the peak?"),
            tone="yes" if all(one.held_answer == "yes" for one in nation.rows) else "no",
            headline=national_headline(nation, say),
            figures=tuple(_figures(nation, say)),
            sections=(_overview(nation, say), _provinces(nation, say, link)),
            hash=hashlib.sha256(nation.model_dump_json().encode()).hexdigest(),
            document=document,
        ),
        say,
    )


def national_headline(nation: Nation, say: Speech) -> str:
    """Who passes, in one sentence."""
    return say(
        "{paper} of {all} provinces answer their share on paper (CN-DSM-2023), {held} hold 5 % for four hours (STRICT)",
        paper=sum(one.contracted_answer == "yes" for one in nation.rows),
        held=sum(one.held_answer == "yes" for one in nation.rows),
        all=len(nation.rows),
    )


def _figures(nation: Nation, say: Speech) -> list[tuple[str, str, str]]:
    total = nation.rows
    return [
        (say("sum of the peaks"), say.power(nation.peak_sum_mw), say("provinces peak at different hours")),
        (say("contracted"), say.power(sum(one.contracted_mw for one in total)), say("demand side")),
        (say("held"), say.power(sum(one.held_mw for one in total)), say("four hours")),
        (say("gap"), say.power(sum(one.gap_mw for one in total)), "STRICT"),
        (say("pumped hydro"), say.power(sum(one.pumped_hydro_mw for one in total)), say("in operation by then")),
    ]


def _overview(nation: Nation, say: Speech) -> Section:
    drawn = (
        (_map(nation, say, lambda row: row.contracted_share), say("Contracted, share of the peak")),
        (_map(nation, say, lambda row: row.held_share), say("Held for four hours, share of the peak")),
    )
    return Section(say("Overview"), pictures=drawn, items=tuple(_failures(nation)))


def _failures(nation: Nation) -> list[str]:
    return [f"{one.name}: {one.problem}" for one in nation.failures]


def _map(nation: Nation, say: Speech, share: Callable[[ProvinceRow], float]) -> Picture:
    drawing = Drawing(Frame(0, COLUMNS, ROWS, 0, height=460), say("Overview"))
    known = {row.name: row for row in nation.rows}
    for name, (column, row) in TILES.items():
        found = known.get(name)
        colour = "#ececec" if found is None else _shade(share(found))
        words = name if found is None else _name(found, say)
        told = "" if found is None else f"{share(found):.1%}"
        drawing.box(column + 0.03, column + 0.97, row + 0.95, row + 0.05, colour, f"{words} {told}")
        middle = drawing.frame.x(column + 0.5)
        drawing.words(middle, drawing.frame.y(row + 0.42), words if len(words) < 11 else words[:9] + ".", colour="#111")
        drawing.words(middle, drawing.frame.y(row + 0.72), told, colour="#333")
    bounds = ("< 2.5 %", "2.5–4 %", "4–5 %", "5–7.5 %", "> 7.5 %")
    return Picture(drawing.svg(), drawing.legend(zip(bounds, (colour for _, colour in SHADES), strict=True)))


def _shade(share: float) -> str:
    return next(colour for most, colour in SHADES if share < most * ASKED)


def _name(row: ProvinceRow, say: Speech) -> str:
    return row.title_zh if say.language == "zh" else row.title


def national_table(nation: Nation, say: Speech, link: str = "") -> Table:
    """Province by province, the best held share first, and the sum."""
    heads = ("province", "peak", "contracted", "of peak", "CN-DSM-2023", "held 4 h", "of peak", "STRICT", "gap",
             "with storage", "pumped hydro", "closing, m CNY a year", "unserved MWh", "LOLH h",
             "with response")  # fmt: skip
    rows = [_row(one, say) for one in nation.rows]
    found = table(say, say("Provinces of {year}", year=nation.year), heads, [*rows, _sum(nation, say)], summed=True)
    links = {_name(one, say): link.format(name=one.name) for one in nation.rows} if link else {}
    return Table(found.title, found.heads, found.rows, found.summed, links)


def _row(one: ProvinceRow, say: Speech) -> tuple[str, ...]:
    return (
        _name(one, say), say.mw(one.peak_mw), say.mw(one.contracted_mw), say.share(one.contracted_share),
        say(one.contracted_answer), say.mw(one.held_mw), say.share(one.held_share), say(one.held_answer),
        say.mw(one.gap_mw), say.mw(one.whole_mw), say.mw(one.pumped_hydro_mw),
        say.number(one.closing_cny_per_year / 1e6), say.number(one.unserved_mwh),
        say.number(one.lolh_h, 2), say.number(one.lolh_answered_h, 2),
    )  # fmt: skip


def _sum(nation: Nation, say: Speech) -> tuple[str, ...]:
    rows = nation.rows

    def total(name: str) -> float:
        return float(sum(getattr(one, name) for one in rows))

    peak = nation.peak_sum_mw or 1.0
    return (
        say("all"), say.mw(nation.peak_sum_mw), say.mw(total("contracted_mw")),
        say.share(total("contracted_mw") / peak), "", say.mw(total("held_mw")), say.share(total("held_mw") / peak), "",
        say.mw(total("gap_mw")), say.mw(total("whole_mw")), say.mw(total("pumped_hydro_mw")),
        say.number(total("closing_cny_per_year") / 1e6), say.number(total("unserved_mwh")), "", "",
    )  # fmt: skip


def _provinces(nation: Nation, say: Speech, link: str) -> Section:
    return Section(say("Provinces"), tables=(national_table(nation, say, link),))
