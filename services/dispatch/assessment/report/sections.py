"""What the report tells, section by section: the verdict first, then everything that it follows from."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.dispatch.assessment import tables
from services.dispatch.assessment import tables_of_operation as operation
from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.assessment.document.days import Commitment
from services.dispatch.assessment.document.levels import Capability
from services.dispatch.assessment.document.payments import Payments
from services.dispatch.assessment.document.risk import Risk
from services.dispatch.assessment.options import OptionFact, option_facts
from services.dispatch.assessment.profiles import Profile
from services.dispatch.assessment.report import pictures
from services.dispatch.assessment.report.pictures import Picture
from services.dispatch.assessment.speech import Speech
from services.dispatch.assessment.tables import Table

LAST_RESORT = (
    "Orderly use of power is what is left when response does not suffice: it counts under no definition, and what "
    "would be short is told with its warning level."
)
TOLERANCE = (
    "Fleets that are only tried are searched to within 0.05 % of what is under contract: figures here may lie that "
    "much below those above."
)
STORE_H = 2.0
"""What a battery on the grid usually lasts."""
FIELDS = {
    "load_measure": "whose load", "peak_threshold": "peak threshold", "duration_h": "duration", "notice_h": "notice",
    "scope": "what counts", "level": "level", "tests": "tests", "target": "share asked",
    "target.reading": "which peak-valley rate",
}  # fmt: skip
"""Fields of a definition, in words."""


@dataclass(frozen=True)
class Section:
    """A heading, what is drawn, what is tabled."""

    title: str
    words: str = ""
    pictures: tuple[tuple[Picture, str], ...] = ()
    tables: tuple[Table, ...] = ()
    folded: tuple[tuple[str, tuple[Table, ...]], ...] = ()
    items: tuple[str, ...] = ()


def sections(found: Assessment, say: Speech) -> Iterator[Section]:
    """In the order of the report; what was not worked out is left out."""
    yield _definitions(found, say)
    yield _peaks(found, say)
    yield from _stacks(found, say)
    if found.days:
        yield _days(found, say)
    if found.risk:
        yield _risk(found, say)
    if found.payments:
        yield _payments(found.payments, say)
    if found.closings:
        yield _closing(found, say)
    if found.paths:
        yield _paths(found, say)
    if found.sensitivities:
        yield _sensitivities(found, say)
    yield _sources(found, say)


def _definitions(found: Assessment, say: Speech) -> Section:
    words = say("No document defines the share completely, so the same fleet is judged under several definitions.")
    items = (say(LAST_RESORT), *tables.notes_on_definitions(found, say))
    return Section(say("Verdict"), words, tables=(tables.by_definition(found, say),), items=items)


def _peaks(found: Assessment, say: Speech) -> Section:
    load = found.load
    drawn = [(pictures.duration(load, found.headline.target_share, say), say("Duration curve"))]
    if any(any(row) for row in load.peak_hours_by_month):
        title = say("Hours at or above 95 % of the peak, by month and hour")
        drawn.append((pictures.calendar(load.peak_hours_by_month, say, title), title))
    rows = (tables.load_figures(found, say), tables.peak_hours(found, say))
    folded = ((say("Every peak hour"), (tables.peak_runs(found, say),)),) if load.runs else ()
    return Section(say("The load and its peak hours"), pictures=tuple(drawn), tables=rows, folded=folded)


def _stacks(found: Assessment, say: Speech) -> Iterator[Section]:
    for verdict in tables.shown(found):
        title = say("What the fleet answers, {profile}", profile=verdict.profile.id)
        words = say(
            "Contracted is what papers say; theoretical what baselines and stores leave of it; deliverable what is "
            "held for {hours:g} h at {notice:g} h notice in every peak event; verified what tests prove.",
            hours=verdict.profile.duration_h, notice=verdict.profile.notice_h,
        )  # fmt: skip
        folded = ((say("Every resource"), (tables.every_share(verdict, say),)),)
        shown = [tables.stack(verdict, say), tables.losses(verdict.capability, verdict.profile.id, say)]
        if found.duplicates:
            shown.append(tables.duplicates(found, say))
        if found.held and verdict.profile.id == "STRICT":
            shown.insert(1, tables.held_by_hours(found, say))
        once = [] if found.duplicates else [say("Each meter counts once: none stood in two programmes.")]
        once += _on_calls(verdict.capability, say)
        drawn = ((pictures.levels(verdict, say), say("Four levels")),)
        yield Section(title, words, drawn, tuple(shown), folded, tuple(once))


def _on_calls(found: Capability, say: Speech) -> Iterator[str]:
    """Contracts that may be called less often than there are events."""
    limited = [one for one in found.shares if one.calls_per_year is not None and one.calls_per_year < found.windows]
    if limited:
        mw = sum(one.contracted_mw for one in limited)
        yield say(
            "The year has {events} events; contracts of {power} allow fewer calls and answer in turn: what that takes "
            "stands above as calls. No way of taking turns holds more than {most}.",
            events=found.windows, power=say.power(mw), most=say.power(found.deliverable_bound_mw),
        )  # fmt: skip


def _days(found: Assessment, say: Speech) -> Section:
    drawn = tuple(
        (
            pictures.dispatch(day, plan, say),
            f"{day.date}, {say('with response' if plan.response else 'without response')}",
        )
        for day in found.days
        for plan in (day.without, day.answered)
    )
    folded = tuple(
        (say("{date} in figures", date=day.date),
         (operation.calls(day, say), operation.binding(day.answered, say),
          operation.day_by_hour(day, day.without, say), operation.day_by_hour(day, day.answered, say)))
        for day in found.days
    )  # fmt: skip
    words = say(
        "Each of the worst days is planned twice by unit commitment: with nobody to call, and with everybody. Who "
        "stands ready is paid whether called or not, so where nobody is short the day with response may cost more; "
        "differences smaller than the gap say nothing."
    )
    shown = (operation.days(found, say), operation.held_on_days(found, say))
    return Section(say("The worst days"), words, drawn, shown, folded)


def _with(plan: Commitment) -> str:
    return "with response" if plan.response else "without response"


def _risk(found: Assessment, say: Speech) -> Section:
    assert found.risk is not None
    title = say("Unserved energy by hour of the day, without response")
    shown = (
        operation.adequacy(found.risk, say),
        operation.worth(found.risk, say),
    )
    words = say(
        "Sequential Monte Carlo: {units} units fail and are repaired, stores are run properly, contracts are called "
        "within their limits; before the same luck with and without response.",
        units=found.risk.units,
    )
    drawn = ((pictures.risk_by_hour(found.risk, say), title),) if found.risk.without.eue_mwh > 0 else ()
    return Section(
        say("Does supply suffice?"), words, drawn, shown, items=tuple(_notes_on_risk(found.risk, say)),
    )  # fmt: skip


def _notes_on_risk(found: Risk, say: Speech) -> Iterator[str]:
    if not found.without.eue_mwh > 0:
        yield say("In {years} sampled years nothing was short, without response either.", years=found.sampled_years)
    if found.worth:
        yield say(
            "Worth is what a class adds on top of all others, after {moved} were added to every hour of the load: "
            "where much of the same kind is there already, long shortages empty all of it and the next adds little.",
            moved=say.power(found.moved_mw),
        )
        share = min(1.0, STORE_H / found.shortage_h)
        yield say(
            "At that margin supply alone is short for {hours} h at a stretch (mean, by missing energy): a store that "
            "lasts {short:g} h can stand in for about {share} of its power there. The last row is everybody on top of "
            "nobody: what all are worth together is not the sum of what each adds last.",
            hours=say.number(found.shortage_h, 1), short=STORE_H, share=say.share(share, 0),
        )  # fmt: skip
    yield from map(say.note, found.notes)


def _payments(found: Payments, say: Speech) -> Section:
    words = say(
        "By the notice of 2026 a store on the grid's side earns the capacity price of coal times the hours that it "
        "lasts over those of the longest peak of the net load (at or above 95 %, our choice), at most all of it; at "
        "least half of the 330 CNY of fixed cost is paid for coal, and a province may pay more."
    )
    return Section(say("What standing by is paid"), words, tables=tuple(operation.payments(found, say)))


def _closing(found: Assessment, say: Speech) -> Section:
    drawn = tuple((pictures.cost_curve(one, say), one.profile) for one in found.closings)
    shown = tuple(operation.closing(one, say) for one in found.closings)
    words = say("Options by the cost of a kilowatt that counts; the cheapest that close the gap, assessed once more.")
    offered = {step.option for one in found.closings for step in one.closed.curve}
    items = (say(TOLERANCE), *(_priced(one, say) for one in option_facts() if one.name in offered))
    return Section(say("Closing the gap"), words, drawn, shown, items=items)


def _priced(one: OptionFact, say: Speech) -> str:
    """Where the price of an option comes from."""
    source = one.source_zh if say.language == "zh" else one.source + (f"; {one.note}" if one.note else "")
    return f"{say(one.name)}: {source} ({say(one.certainty)})"


def _paths(found: Assessment, say: Speech) -> Section:
    drawn = tuple((pictures.way(one, say), one.profile) for one in found.paths)
    items = tuple(dict.fromkeys(say.note(one.source) for one in found.paths))
    shown = tuple(operation.path(one, say) for one in found.paths)
    return Section(say("The way to {year}", year=found.paths[0].years[-1].year), "", drawn, shown, items=items)


def _sensitivities(found: Assessment, say: Speech) -> Section:
    rows = [(f"{say(one.what)} {say(one.value)}", one.change_mw) for one in found.sensitivities[1:]]
    return Section(
        say("What the answer hinges on"),
        say("The strict definition with one thing changed at a time."),
        ((pictures.changes(rows, say), ""),),
        (operation.sensitivities(found, say),),
        items=(say(TOLERANCE),),
    )


def _sources(found: Assessment, say: Speech) -> Section:
    provenance = found.provenance
    definitions = tuple(
        f"{one.profile.id}: {_titled(one.profile, say)} ({say(one.profile.certainty)}"
        + (
            f"; {say('chosen by us')}: {', '.join(say(FIELDS[name]) for name in one.profile.chosen)}"
            if one.profile.chosen
            else ""
        )
        + ")"
        for one in found.verdicts
    )
    made = (
        say("load: {words}", words=say.note(provenance.load)),
        say("case: {name}, {hash}", name=provenance.case_name, hash=provenance.case_hash),
        say("versions: {words}", words=", ".join(f"{name} {number}" for name, number in provenance.versions.items())),
    )
    folded = ((say("What the card states"), (tables.stated(found, say),)),) if found.stated else ()
    return Section(
        say("Definitions, data and versions"),
        folded=folded,
        items=(*map(say.note, found.notes), *made, *definitions, *map(say, provenance.sources)),
    )


def _titled(profile: Profile, say: Speech) -> str:
    """What the definition asks, and where that stands."""
    if say.language == "zh" and profile.title_zh:
        return f"{profile.title_zh}。{profile.source_zh}"
    return f"{profile.title}. {profile.source}"
