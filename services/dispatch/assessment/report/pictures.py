"""The pictures of the report; each is drawn from numbers that stand in a table beside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from services.dispatch.assessment.document.assessment import Verdict
from services.dispatch.assessment.document.days import Commitment, PlannedDay
from services.dispatch.assessment.document.load import LoadFacts
from services.dispatch.assessment.document.risk import Risk
from services.dispatch.assessment.document.ways import Closing, PathTo
from services.dispatch.assessment.report.drawing import BOTTOM, LEFT, RIGHT, Drawing, Frame, ticks
from services.dispatch.assessment.speech import MW_PER_WAN_KW, Speech
from services.dispatch.assessment.tables import SOURCES

COLOURS = {
    "nuclear": "#8e6bbf", "imports": "#b9a6d8", "coal": "#6b6f76", "gas": "#d9a05b", "other thermal": "#a58d78",
    "hydro": "#3f7fbf", "wind": "#5fb4c9", "solar": "#f2c84b", "other renewable": "#8cc084",
    "pumped hydro": "#2b5d9b", "batteries": "#3aa17e", "response": "#d6453d", "unserved": "#111111",
}  # fmt: skip
SOURCE_COLOURS = {"D": "#d6453d", "S": "#3aa17e", "P": "#2b5d9b"}
DEMAND, PRICE, TARGET = "#1b1b1b", "#b0392f", "#c77c11"
FAN = ("#cfe0f1", "#2b5d9b")


@dataclass(frozen=True)
class Picture:
    """Shapes, and the keys to their colours."""

    svg: str
    legend: str = ""


def _unit(say: Speech) -> float:
    return 1.0 if say.language == "en" else MW_PER_WAN_KW


def dispatch(day: PlannedDay, plan: Commitment, say: Speech) -> Picture:
    """Who carries the day: layers upon layers; below nothing what pumps and charges, the demand as a line."""
    unit, steps = _unit(say), len(day.times)
    places = np.arange(steps + 1, dtype=float) * 24 / steps
    layers = {layer.name: np.array(layer.power_mw) / unit for layer in plan.layers}
    up = {name: np.clip(power, 0, None) for name, power in layers.items()}
    down = {name: np.clip(power, None, 0) for name, power in layers.items()}
    demand = np.array(day.demand_mw) / unit
    high = max(float(demand.max()), float(np.sum(list(up.values()), axis=0).max()))
    low = min(0.0, float(np.sum(list(down.values()), axis=0).min()))
    drawing = Drawing(Frame.around(0, 24, low, 1.02 * high), say("{date}", date=day.date))
    for stacked in (up, down):
        base = np.zeros(steps)
        for name, power in stacked.items():
            if np.abs(power).max() > 0:
                _steps(drawing, places, base, base + power, COLOURS[name], f"{say(name)}: {_range(power, say, unit)}")
            base = base + power
    drawing.line(np.repeat(places, 2)[1:-1].tolist(), np.repeat(demand, 2).tolist(), DEMAND)
    drawing.upright_axis(say.power_unit)
    drawing.level_axis((hour, f"{hour:g}:00") for hour in range(0, 25, 4))
    keys = [(say(name), COLOURS[name]) for name in layers]
    return Picture(drawing.svg(), drawing.legend([*keys, (say("demand"), DEMAND)]))


def _steps(drawing: Drawing, places: np.ndarray, low: np.ndarray, high: np.ndarray, colour: str, tip: str) -> None:
    """A step of time is a step of the picture."""
    doubled = np.repeat(places, 2)[1:-1].tolist()
    drawing.area(doubled, np.repeat(low, 2).tolist(), np.repeat(high, 2).tolist(), colour, tip)


def _range(power: np.ndarray, say: Speech, unit: float) -> str:
    return f"{say.mw(float(power.min()) * unit)} … {say.mw(float(power.max()) * unit)} {say.power_unit}"


def levels(verdict: Verdict, say: Speech) -> Picture:
    """Four columns, by source, and the line that they should reach."""
    found, unit = verdict.capability, _unit(say)
    names = ("contracted", "theoretical", "deliverable", "verified")
    values = {
        source: [sum(getattr(one, f"{name}_mw") or 0.0 for one in found.shares if one.source == source) / unit
                 for name in names]
        for source in ("D", "S", "P")
    }  # fmt: skip
    totals = [getattr(found, f"{name}_mw") for name in names]
    high = max([verdict.target_mw / unit, *(sum(column) for column in zip(*values.values(), strict=True))])
    drawing = Drawing(Frame.around(0, 4, 0, 1.08 * high), say("Four levels"))
    drawing.upright_axis(say.power_unit)
    for place, total in enumerate(totals):
        base = 0.0
        for source, heights in values.items():
            top = base + heights[place]
            tip = f"{say(SOURCES[source])}: {say.mw(heights[place] * unit)} {say.power_unit}"
            drawing.box(place + 0.2, place + 0.8, base, top, SOURCE_COLOURS[source], tip)
            base = top
        words = say("not tested") if total is None else say.mw(total)
        drawing.words(drawing.frame.x(place + 0.5), drawing.frame.y(base) - 5, words, colour="#111")
    drawing.line([0, 4], [verdict.target_mw / unit] * 2, TARGET, "6 4")
    drawing.level_axis((place + 0.5, say(name)) for place, name in enumerate(names))
    keys = [(say(SOURCES[source]), SOURCE_COLOURS[source]) for source, heights in values.items() if any(heights)]
    asked = say("asked: {power}", power=say.power(verdict.target_mw))
    return Picture(drawing.svg(), drawing.legend([*keys, (asked, TARGET)]))


def duration(load: LoadFacts, target_share: float, say: Speech) -> Picture:
    """The load from its highest step to its lowest; above the dashes lies what the share is to shave."""
    curve = np.array(load.duration_curve_mw) / _unit(say)
    places = np.linspace(0, load.hours, len(curve))
    drawing = Drawing(Frame.around(0, load.hours, 0, float(curve.max())), say("Duration curve"))
    drawing.upright_axis(say.power_unit)
    drawing.area(places.tolist(), [0.0] * len(curve), curve.tolist(), FAN[0], say("load"))
    drawing.line(places.tolist(), curve.tolist(), FAN[1])
    drawing.line([0, load.hours], [(1 - target_share) * float(curve.max())] * 2, TARGET, "6 4")
    drawing.level_axis((value, f"{value:,.0f} h") for value in ticks(load.hours))
    below = say("the peak less {share}", share=f"{target_share:.0%}")
    return Picture(drawing.svg(), drawing.legend([(say("load"), FAN[1]), (below, TARGET)]))


def calendar(counts: Sequence[Sequence[float]], say: Speech, title: str, digits: int = 0) -> Picture:
    """Twelve months by the hours of the day, the darker the more."""
    most = max((max(row) for row in counts), default=0) or 1
    frame = Frame(0, 24, 12, 0, height=220)
    drawing = Drawing(frame, title)
    for month, row in enumerate(counts):
        for hour, value in enumerate(row):
            shade = f"rgba(214,69,61,{value / most:.3f})" if value else "#f4f4f4"
            tip = say("month {month}, {hour}:00: {value}", month=month + 1, hour=hour, value=f"{value:.{digits}f}")
            drawing.box(hour + 0.04, hour + 0.96, month + 0.94, month + 0.06, shade, tip)
        drawing.words(LEFT - 8, (frame.y(month) + frame.y(month + 1)) / 2 + 4, str(month + 1), "end")
    drawing.level_axis((hour + 0.5, f"{hour}:00") for hour in range(0, 24, 4))
    return Picture(drawing.svg())


def risk_by_hour(found: Risk, say: Speech) -> Picture:
    """When energy is unserved, without response."""
    values = found.unserved_by_hour_mwh
    drawing = Drawing(Frame.around(0, 24, 0, max(max(values), 1e-6), height=180), say("When the risk is"))
    drawing.upright_axis("MWh")
    for hour, value in enumerate(values):
        drawing.box(hour + 0.1, hour + 0.9, 0, value, COLOURS["response"], f"{hour}:00  {value:,.2f} MWh")
    drawing.level_axis((hour + 0.5, f"{hour}:00") for hour in range(0, 24, 4))
    return Picture(drawing.svg())


def cost_curve(closing: Closing, say: Speech) -> Picture:
    """What a firm kilowatt costs, the cheapest first; the dashes stand where the gap ends."""
    found, unit = closing.closed, _unit(say)
    steps = found.curve
    gap = (found.target_mw - found.before_mw) / unit
    if not steps:
        return Picture("")
    last = max(steps[-1].cumulated_mw / unit, gap, 1e-9)
    high = max(step.cny_per_kw_year for step in steps)
    drawing = Drawing(Frame.around(0, last, 0, high, height=220), say("Cost curve"))
    drawing.upright_axis(say("CNY/kW-year"))
    left = 0.0
    shades = ("#7fb3a0", "#5b9bc4", "#c9a05b", "#a984c0", "#c9726b", "#7d8288")
    for place, step in enumerate(steps):
        right = step.cumulated_mw / unit
        colour = shades[place % len(shades)]
        drawing.box(left, right, 0, step.cny_per_kw_year, colour, f"{say(step.option)}: {step.cny_per_kw_year:,.0f}")
        left = right
    if gap > 0:
        drawing.line([gap, gap], [0, drawing.frame.high], TARGET, "6 4")
    drawing.level_axis((value, f"{value:,.0f}") for value in ticks(last))
    drawing.words(drawing.frame.width - RIGHT, drawing.frame.height - BOTTOM + 30, say.power_unit, "end")
    keys = [(say(step.option), shades[place % len(shades)]) for place, step in enumerate(steps)]
    return Picture(drawing.svg(), drawing.legend(keys + ([(say("gap"), TARGET)] if gap > 0 else [])))


def way(path: PathTo, say: Speech) -> Picture:
    """What is asked and what is there, year by year, each from P10 to P90."""
    unit, rows = _unit(say), path.years
    years = [float(row.year) for row in rows]
    asked = np.array([[row.share * peak for peak in row.peak_mw] for row in rows]) / unit
    there = np.array([row.capability_mw for row in rows]) / unit
    high = float(max(asked.max(), there.max()))
    drawing = Drawing(Frame.around(years[0], years[-1], 0, high, height=220), say("The way"))
    drawing.upright_axis(say.power_unit)
    for fan, fill, colour, name in ((asked, "#f3dcb8", TARGET, "asked"), (there, *FAN, "there")):
        drawing.area(years, fan[:, 0].tolist(), fan[:, 2].tolist(), fill, say(name))
        drawing.line(years, fan[:, 1].tolist(), colour)
    drawing.level_axis((year, f"{year:.0f}") for year in years)
    return Picture(drawing.svg(), drawing.legend([(say("asked"), TARGET), (say("there"), FAN[1])]))


def changes(rows: Sequence[tuple[str, float]], say: Speech) -> Picture:
    """Bars to either side of the answer as it is."""
    unit = _unit(say)
    reach = max((abs(value) for _, value in rows), default=0.0) / unit or 1.0
    height = 22.0 * len(rows) + BOTTOM
    frame = Frame(-1.25 * reach, 1.25 * reach, len(rows), 0, height=height)
    drawing = Drawing(frame, say("Sensitivities"))
    for place, (name, value) in enumerate(rows):
        shown = value / unit
        colour = COLOURS["batteries"] if shown >= 0 else COLOURS["response"]
        drawing.box(min(0, shown), max(0, shown), place + 0.8, place + 0.2, colour, f"{name}: {say.power(value)}")
        y = frame.y(place + 0.5) + 4
        drawing.words(frame.x(min(0, shown)) - 6, y, name, "end")
        drawing.words(frame.x(max(0, shown)) + 6, y, say.mw(value), "start", "#111")
    return Picture(drawing.svg())
