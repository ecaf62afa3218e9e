"""The verdict drawn for a terminal: the answer first, then the tables that it adds up from."""

from collections.abc import Iterable, Sequence

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from services.dispatch.assessment.capability import Capability, Share
from services.dispatch.assessment.outlook import Closing, PathTo
from services.dispatch.assessment.risk import Risk
from services.dispatch.assessment.verdict import Assessment, Verdict

SHOWN_MW = 0.5
"""From here on the bound of a search is told."""
SOURCES = {"D": "demand side", "S": "grid storage", "P": "pumped hydro"}


def print_assessment(assessment: Assessment, console: Console) -> None:
    console.print(Group(*_parts(assessment)))


def _parts(assessment: Assessment) -> Iterable[RenderableType]:
    shown = assessment.headline
    yield _headline(shown, assessment)
    yield _verdicts(assessment)
    yield _peaks(assessment)
    for verdict in dict.fromkeys((shown.profile.id, _strictest(assessment).profile.id)):
        yield _stack(assessment.of(verdict))
        yield _losses(assessment.of(verdict))
    if assessment.duplicates:
        yield _duplicates(assessment)
    if assessment.days:
        yield _days(assessment)
    if assessment.risk:
        yield _risk(assessment.risk)
        yield _worth(assessment.risk)
    for closing in assessment.closings:
        yield _closing(closing)
    for path in assessment.paths:
        yield _path(path)
    if assessment.sensitivities:
        yield _sensitivities(assessment)
    for note in assessment.notes:
        yield Text(f"note: {note}")
    yield Text(f"load: {assessment.provenance.load}")
    yield Text(f"hash: {assessment.hash}")


def _strictest(assessment: Assessment) -> Verdict:
    """Of those that judge what can be delivered, the one with the largest gap; its losses say most."""
    delivered = [one for one in assessment.verdicts if one.profile.level == "deliverable"] or assessment.verdicts
    return max(delivered, key=lambda one: one.gap_mw or 0.0)


def _headline(verdict: Verdict, assessment: Assessment) -> Text:
    ratio = "was not tested" if verdict.ratio is None else f"answers {verdict.ratio:.2%} of its peak"
    passed = sum(one.answer == "yes" for one in assessment.verdicts)
    return Text(
        f"{assessment.name} {ratio} of {_mw(assessment.load.peak_mw)} MW "
        f"({verdict.profile.id}: {verdict.profile.level}, {verdict.target_share:.0%} asked: {verdict.answer}); "
        f"yes by {passed} of {len(assessment.verdicts)} definitions",
        style="bold",
    )


def _verdicts(assessment: Assessment) -> Table:
    heads = ("definition", "counts", "level", "h", "notice h", "asked", "MW", "of peak", "gap MW", "K* MW", "answer")
    rows = [_verdict(one) for one in assessment.verdicts]
    return _table("Verdict by definition", heads, rows)


def _verdict(one: Verdict) -> tuple[str, ...]:
    profile = one.profile
    ratio = "-" if one.ratio is None else f"{one.ratio:.2%}"
    return (
        profile.id, profile.scope, profile.level, f"{profile.duration_h:g}", f"{profile.notice_h:g}",
        f"{one.target_share:.0%} = {_mw(one.target_mw)}", _mw(one.counted_mw), ratio, _mw(one.gap_mw),
        _peak(one), one.answer,
    )  # fmt: skip


def _peak(one: Verdict) -> str:
    """K*, and its bound where the search ran out of time."""
    bound = f" (at least {_mw(one.shaved_peak_bound_mw)})"
    return _mw(one.shaved_peak_mw) + (bound if one.shaved_peak_mw - one.shaved_peak_bound_mw > SHOWN_MW else "")


def _peaks(assessment: Assessment) -> Table:
    heads = ("at or above", "hours", "days", "longest run h", "MWh above", "full-load h")
    rows = [
        (f"{one.threshold:.0%}", f"{one.hours:g}", str(one.days), f"{one.longest_run_h:g}", _mw(one.above_mwh),
         f"{one.full_load_hours:.1f}")
        for one in assessment.load.thresholds
    ]  # fmt: skip
    return _table("Peak hours", heads, rows)


def _stack(verdict: Verdict) -> Table:
    found = verdict.capability
    heads = ("class", "contracted", "theoretical", "deliverable", "verified")
    classes: dict[str, list[Share]] = {}
    for share in found.shares:
        classes.setdefault(f"{SOURCES[share.source]}: {share.programme}", []).append(share)
    rows = [_class(name, shares) for name, shares in classes.items()]
    return _table(f"MW by class, {verdict.profile.id}", heads, [*rows, _total(found)])


def _class(name: str, shares: Sequence[Share]) -> tuple[str, ...]:
    tested = [one.verified_mw for one in shares if one.verified_mw is not None]
    return (
        name,
        _mw(sum(one.contracted_mw for one in shares)),
        _mw(sum(one.theoretical_mw for one in shares)),
        _mw(sum(one.deliverable_mw for one in shares)),
        _mw(sum(tested) if tested else None),
    )


def _total(found: Capability) -> tuple[str, ...]:
    levels = (found.contracted_mw, found.theoretical_mw, found.deliverable_mw, found.verified_mw)
    return ("all", *(_mw(level) for level in levels))


def _losses(verdict: Verdict) -> Table:
    found = verdict.capability
    rows = [("contracted", _mw(found.contracted_mw))]
    rows += [(f"less {loss.cause}", _mw(-loss.mw)) for loss in found.losses if abs(loss.mw) >= 0.05]
    rows += [("deliverable", _mw(found.deliverable_mw))]
    return _table("Losses", (verdict.profile.id, "MW"), rows)


def _duplicates(assessment: Assessment) -> Table:
    rows = [(one.meter, one.kept_by, one.taken_from, _mw(one.mw)) for one in assessment.duplicates]
    return _table("Meters that stood twice", ("meter", "counts with", "taken from", "MW"), rows)


def _days(assessment: Assessment) -> Table:
    heads = (
        "the worst days, planned",
        "cost",
        "gap",
        "unserved MWh",
        "peak left MW",
        "response MW",
        "calls",
        "dearest",
    )
    rows = [
        (f"{day.date} {'with' if one.response else 'without'} response", f"{one.cost:,.0f}", f"{one.gap:.2%}",
         _mw(one.unserved_mwh), _mw(one.peak_left_mw), _mw(one.response_max_mw), str(one.calls),
         f"{one.price_max:,.0f}")
        for day in assessment.days
        for one in (day.without, day.answered)
    ]  # fmt: skip
    return _table("The worst days, planned by unit commitment", heads, rows)


def _risk(found: Risk) -> Table:
    heads = ("", "LOLH h", "LOLE days", "EUE MWh")
    rows = [
        (name, f"{one.lolh_h:.2f} ± {one.lolh_error_h:.2f}", f"{one.lole_days:.2f} ± {one.lole_error_days:.2f}",
         f"{one.eue_mwh:,.0f} ± {one.eue_error_mwh:,.0f}")
        for name, one in (("without response", found.without), ("with response", found.answered))
    ]  # fmt: skip
    years = f"{found.sampled_years} years of outages over {found.weather_years} of weather"
    return _table(f"Adequacy over the {found.hours} h of the load, {years}; ± one standard error", heads, rows)


def _worth(found: Risk) -> Table:
    heads = ("class", "rated MW", "EFC MW", "of rated", "ELCC MW")
    rows = [
        (one.name, _mw(one.rated_mw), _mw(one.firm_mw), f"{one.of_rated:.0%}", _mw(one.carried_mw))
        for one in found.worth
    ]
    return _table(f"Worth in firm megawatts, where {found.yardstick_h:g} h a year are short", heads, rows)


def _closing(closing: Closing) -> Table:
    found = closing.closed
    built = found.portfolio.contracted_mw
    heads = ("option", "counts", "CNY/kW-year", "up to MW", "built MW")
    rows = [
        (step.option, f"{found.accredited[step.option]:.0%}", f"{step.cny_per_kw_year:,.0f}",
         _mw(step.cumulated_mw), _mw(built[step.option][0]))
        for step in found.curve
    ]  # fmt: skip
    cost = found.portfolio.cost_cny_per_year[0]
    words = f"{_mw(found.before_mw)} of {_mw(found.target_mw)} MW; with the portfolio {_mw(found.after_mw)}"
    return _table(f"Closing the gap by {closing.year}, {closing.profile}: {words}, {cost:,.0f} CNY a year", heads, rows)


def _path(path: PathTo) -> Table:
    heads = ("year", "peak MW P10", "P50", "P90", "there MW P50", "missing MW P10", "P50", "P90", "met")
    rows = [
        (str(one.year), *map(_mw, one.peak_mw), _mw(one.capability_mw[1]), *map(_mw, one.gap_mw), f"{one.met:.0%}")
        for one in path.years
    ]
    return _table(f"The way to {path.years[-1].year}, {path.profile}", heads, rows)


def _sensitivities(assessment: Assessment) -> Table:
    heads = ("changed", "to", "deliverable MW", "of peak", "change MW")
    rows = [
        (one.what, one.value, _mw(one.deliverable_mw), f"{one.ratio:.2%}", _mw(one.change_mw))
        for one in assessment.sensitivities
    ]
    return _table("What the strict answer hinges on", heads, rows)


def _mw(value: float | None) -> str:
    return "-" if value is None else f"{value + 0.0:,.1f}"


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        table.add_column(head, justify="left" if place == 0 else "right")
    for row in rows:
        table.add_row(*row)
    return table
