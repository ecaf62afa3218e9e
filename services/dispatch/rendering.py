"""Reports and differences drawn for a terminal."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.dispatch.diff import Change, Difference
from services.dispatch.referee import Verdict
from services.dispatch.report import Report

CHANGES_SHOWN = 15
OBJECTIONS_SHOWN = 30
CALLS_SHOWN = 30
LINES_SHOWN = 12


def print_report(report: Report, console: Console) -> None:
    console.print(Group(*_report(report)))


def print_difference(difference: Difference, console: Console) -> None:
    console.print(Group(*_difference(difference)))


def print_verdict(verdict: Verdict, console: Console) -> None:
    """What the referee says, objection by objection."""
    if verdict.accepted:
        console.print(f"accepted: the schedule costs {_number(verdict.cost)}")
        return
    shown = verdict.violations[:OBJECTIONS_SHOWN]
    rows = [(item.rule, "" if item.step is None else str(item.step), item.words) for item in shown]
    console.print(_table(f"refused: {len(verdict.violations)} objections", ("rule", "step", "objection"), rows))
    if len(verdict.violations) > len(shown):
        console.print(f"... and {len(verdict.violations) - len(shown)} more")


def _report(report: Report) -> Iterable[RenderableType]:
    yield _headline(report)
    yield _table("Cost", ("kind", "item", report.currency), [(r.kind, r.item, _number(r.amount)) for r in report.costs])
    yield _table(
        "Energy, MWh",
        ("kind", "given", "drawn", "peak MW"),
        [(r.kind, _number(r.given_mwh), _number(r.drawn_mwh), _number(r.peak_mw)) for r in report.energy],
    )
    yield _table(
        "Thermal units",
        ("technology", "units", "used", "starts"),
        [(r.technology, str(r.units), str(r.used), str(r.starts)) for r in report.starts],
    )
    yield _reserves(report)
    yield _calls(report)
    yield _prices(report)
    yield _binding(report)
    yield from _facts(report)


def _headline(report: Report) -> Text:
    colour = {"optimal": "green", "feasible": "yellow", "relaxed": "red"}.get(report.status, "")
    return Text.assemble(
        (report.case, "bold"),
        "  ",
        (report.status, f"bold {colour}"),
        f"\ncost {_number(report.cost)} {report.currency}   bound {_number(report.lower_bound)}   gap {report.gap:.3%}"
        f"   demand {_number(report.demand_mwh)} MWh\n",
        (f"{report.stopped_by}\n" if report.stopped_by else "", "yellow"),
    )


def _reserves(report: Report) -> RenderableType:
    rows = [
        (row.product, _number(row.requirement_mw), _number(row.award_mw), _number(row.shortage_mwh))
        for row in report.reserves
    ]
    return _table("Reserves", ("product", "required MW, mean", "awarded MW, mean", "short MWh"), rows)


def _calls(report: Report) -> RenderableType:
    rows = [
        (call.name, _clock(call.start), f"{call.hours:g}", _number(call.energy_mwh), _number(call.cost), call.reason)
        for call in report.calls[:CALLS_SHOWN]
    ]
    return _table(
        f"Calls of response: {len(report.calls)}",
        ("who", "from", "hours", "MWh", report.currency, "why"),
        rows,
        words=2,
    )


def _prices(report: Report) -> RenderableType:
    rows = [
        (row.name, f"{row.least:,.2f}", f"{row.mean:,.2f}", f"{row.most:,.2f}", _clock(row.at)) for row in report.prices
    ]
    return _table(f"Prices, {report.currency}/MWh", ("zone or product", "min", "mean", "max", "when"), rows)


def _binding(report: Report) -> RenderableType:
    rows = [(item.what, item.name, str(item.steps), f"{item.worth:,.2f}", _clock(item.at)) for item in report.binding]
    columns = ("limit", "of", "steps", f"worth {report.currency}/MWh", "when")
    return _table("What binds", columns, rows, words=2)


def _facts(report: Report) -> Iterable[RenderableType]:
    """One line each: emissions, utilisation, shortage, seconds, and what is not as the file says."""
    emitted = {kind: tonnes for kind, tonnes in report.emissions_t.items() if tonnes}
    yield _line("emissions t", _pairs(emitted, "{:,.0f}") or "no emission rates given")
    yield _line("renewables used", _pairs(report.utilisation, "{:.2%}"))
    short = [f"{row.what} {row.name} {_number(row.mwh)} MWh, {_number(row.peak_mw)} MW" for row in report.shortage]
    yield _line("shortage", "; ".join(short) or "none")
    yield _line("rebound after the horizon MWh", _pairs(report.rebound_after_horizon_mwh, "{:,.1f}"))
    yield _line("seconds", _pairs(report.seconds, "{:.2f}"))
    yield from _lines("not carried over", report.not_carried)
    yield from _lines("assumed", report.assumptions)


def _difference(what: Difference) -> Iterable[RenderableType]:
    yield Text(
        f"cost {_number(what.cost.before)} -> {_number(what.cost.after)} {what.currency} ({_signed(what.cost.by)})\n"
        f"starts {what.starts.before:g} -> {what.starts.after:g}\n"
    )
    if not what.same_case:
        yield Text("The plans are for different cases.")
    if not what.same_times:
        yield Text("The plans cover different times: only totals are compared.")
    yield _changes(f"Cost, {what.currency}", what.costs)
    yield _changes("Energy, MWh net", what.energy_mwh)
    yield _changes(f"Mean price, {what.currency}/MWh", what.prices)
    yield _changes("Shortage, MWh", what.shortage_mwh)
    yield _changes("Emissions, t", what.emissions_t)
    yield _commitment(what)
    yield _call_changes(what)
    yield _line("resources added", ", ".join(what.resources_added))
    yield _line("resources removed", ", ".join(what.resources_removed))


def _changes(title: str, changes: Sequence[Change]) -> RenderableType:
    rows = [(row.name, _number(row.before), _number(row.after), _signed(row.by)) for row in changes[:CHANGES_SHOWN]]
    return _table(title, ("", "before", "after", "change"), rows)


def _commitment(what: Difference) -> RenderableType:
    rows = [
        (row.unit, f"{row.hours_before:g}", f"{row.hours_after:g}", f"{row.hours_changed:g}", f"{row.starts:+d}")
        for row in what.commitment[:CHANGES_SHOWN]
    ]
    title = f"Commitment: {len(what.commitment)} units differ"
    return _table(title, ("unit", "hours before", "hours after", "hours changed", "starts"), rows)


def _call_changes(what: Difference) -> RenderableType:
    rows = [
        ("+" if row.made else "-", row.call.name, _clock(row.call.start), f"{row.call.hours:g} h", row.call.reason)
        for row in what.calls[:CHANGES_SHOWN]
    ]
    return _table("Calls of response", ("", "who", "from", "for", "why"), rows, words=2)


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], words: int = 1) -> RenderableType:
    """A table, or nothing where it would be empty; after the first `words` columns numbers stand on the right."""
    if not rows:
        return Text("", end="")
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, column in enumerate(columns):
        number = index >= words and all(_is_number(row[index]) for row in rows)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    return Group(table, Text(""))


def _line(what: str, words: str) -> RenderableType:
    return Text(f"{what}: {words}") if words else Text("", end="")


def _lines(what: str, all_words: Sequence[str]) -> Iterable[RenderableType]:
    for words in all_words[:LINES_SHOWN]:
        yield _line(what, words)
    if len(all_words) > LINES_SHOWN:
        yield _line(what, f"{len(all_words) - LINES_SHOWN} more, all in --json")


def _pairs(values: dict[str, float], form: str) -> str:
    return ", ".join(f"{name} {form.format(value)}" for name, value in values.items())


def _is_number(cell: str) -> bool:
    return cell.replace(",", "").lstrip("+-").replace(".", "", 1).isdigit()


def _number(value: float) -> str:
    """Grouped by thousands, with a decimal only where the number is small."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}".rstrip("0").rstrip(".")


def _signed(value: float) -> str:
    return f"{'+' if value > 0 else ''}{_number(value)}"


def _clock(moment: datetime) -> str:
    return f"{moment:%m-%d %H:%M}"
