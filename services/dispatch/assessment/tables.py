"""The assessment as tables that add up: the same rows for the terminal, the page and the auditor."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from services.dispatch.assessment.document.assessment import Assessment, Verdict
from services.dispatch.assessment.document.levels import Capability, Share
from services.dispatch.assessment.document.load import PeakRun
from services.dispatch.assessment.speech import Speech

SHOWN_MW = 0.5
"""From here on the bound of a search is told."""
LOST_MW = 0.05
"""Smaller losses are rounding."""
RUNS_SHOWN = 24
WORDS = frozenset({"note", "why", "source", "class", "of", "certainty", "unit"})
"""Heads of columns that hold words."""
SOURCES = {"D": "demand side", "S": "grid storage", "P": "pumped hydro"}


@dataclass(frozen=True)
class Table:
    """Rows under heads; the first column holds words, all others figures."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    summed: bool = False
    """The last row is what the others add up to."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Where a cell leads."""
    words: frozenset[int] = frozenset()
    """Columns besides the first that hold words."""


def headline(assessment: Assessment, say: Speech) -> str:
    """The answer in one sentence."""
    verdict = assessment.headline
    facts = {
        "name": named(assessment, say),
        "peak": say.power(assessment.load.peak_mw),
        "profile": verdict.profile.id,
        "level": say(verdict.profile.level),
        "asked": f"{verdict.target_share:.0%}",
        "answer": say(verdict.answer),
        "passed": sum(one.answer == "yes" for one in assessment.verdicts),
        "definitions": len(assessment.verdicts),
    }
    if verdict.ratio is None:
        return say(
            "{name} was not tested ({profile}: {level}, {asked} of {peak} asked); "
            "yes by {passed} of {definitions} definitions",
            **facts,
        )
    return say(
        "{name} answers {ratio} of its peak of {peak} ({profile}: {level}, {asked} asked: {answer}); "
        "yes by {passed} of {definitions} definitions",
        ratio=say.share(verdict.ratio),
        **facts,
    )


def named(assessment: Assessment, say: Speech) -> str:
    """As its people call it."""
    return (assessment.title_zh if say.language == "zh" else assessment.title) or assessment.name


def notes_on_definitions(assessment: Assessment, say: Speech) -> list[str]:
    """What had to be taken instead of what a definition means, once for all that it concerns."""
    noted: dict[str, list[str]] = {}
    for verdict in assessment.verdicts:
        for note in verdict.notes:
            noted.setdefault(note, []).append(verdict.profile.id)
    return [f"{', '.join(names)}: {say.note(note)}" for note, names in noted.items()]


def strictest(assessment: Assessment) -> Verdict:
    """Of those that judge what can be delivered, the one with the largest gap; its losses say most."""
    delivered = [one for one in assessment.verdicts if one.profile.level == "deliverable"] or assessment.verdicts
    return max(delivered, key=lambda one: one.gap_mw or 0.0)


def shown(assessment: Assessment) -> tuple[Verdict, ...]:
    """The verdicts whose stacks are told in full: the headline's and the strictest."""
    return tuple({one.profile.id: one for one in (assessment.headline, strictest(assessment))}.values())


def by_definition(assessment: Assessment, say: Speech) -> Table:
    heads = ("definition", "counts", "level", "h", "notice h", "asked", say.power_unit, "of peak",
             "gap", "K*", "answer")  # fmt: skip
    return table(say, say("Verdict by definition"), heads, (_verdict(one, say) for one in assessment.verdicts))


def _verdict(one: Verdict, say: Speech) -> tuple[str, ...]:
    profile = one.profile
    return (
        profile.id, profile.scope, say(profile.level), f"{profile.duration_h:g}", f"{profile.notice_h:g}",
        f"{one.target_share:.0%} = {say.mw(one.target_mw)}", say.mw(one.counted_mw), say.share(one.ratio),
        say.mw(one.gap_mw), _peak_left(one, say), say(one.answer),
    )  # fmt: skip


def _peak_left(one: Verdict, say: Speech) -> str:
    """K*, and its bound where the search ran out of time."""
    open_mw = one.shaved_peak_mw - one.shaved_peak_bound_mw
    bound = say(" (at least {mw})", mw=say.mw(one.shaved_peak_bound_mw)) if open_mw > SHOWN_MW else ""
    return say.mw(one.shaved_peak_mw) + bound


def peak_hours(assessment: Assessment, say: Speech) -> Table:
    heads = ("at or above", "hours", "days", "longest run h", "MWh above", "full-load h")
    rows = [
        (f"{one.threshold:.0%} = {say.power(one.threshold * assessment.load.peak_mw)}", f"{one.hours:g}",
         str(one.days), f"{one.longest_run_h:g}", say.number(one.above_mwh, 1), f"{one.full_load_hours:.1f}")
        for one in assessment.load.thresholds
    ]  # fmt: skip
    return table(say, say("Peak hours"), heads, rows)


def load_figures(assessment: Assessment, say: Speech) -> Table:
    load = assessment.load
    rows = [
        ("peak", say.both(load.peak_mw)),
        ("at", minute(load.peak_at)),
        ("temperature then, °C", say.number(load.temperature_c, 1)),
        ("energy, GWh", say.number(load.energy_mwh / 1000, 1)),
        ("load factor", say.share(load.load_factor, 1)),
        ("peak-valley rate of the year", say.share(load.peak_valley_annual, 1)),
        ("of the steepest day", say.share(load.peak_valley_max_day, 1)),
        ("of the peak day", say.share(load.peak_valley_peak_day, 1)),
    ]
    if load.weather:
        rows.append(("cooling, per °C", say.power(load.weather.cooling_mw_per_c)))
        rows.append(("heating, per °C", say.power(load.weather.heating_mw_per_c)))
        rows.append(("daily peaks explained by month, weekend and weather", say.share(load.weather.explained, 0)))
    return table(say, say("The load"), ("", ""), [(say(name), value) for name, value in rows])


def minute(moment: str) -> str:
    """A moment as it is read."""
    return moment[:16].replace("T", " ")


def peak_runs(assessment: Assessment, say: Speech) -> Table:
    """The heaviest runs of peak hours, and the rest as one; what lies above adds up to the table of thresholds."""
    runs = assessment.load.runs
    heaviest = sorted(runs, key=lambda one: -one.above_mwh)[:RUNS_SHOWN]
    rest = [one for one in runs if one not in heaviest]
    heads = ("from", "hours", "highest", "MWh above", "°C")
    rows: list[tuple[str, ...]] = [
        (minute(one.start), f"{one.hours:g}", say.mw(one.highest_mw), say.number(one.above_mwh, 1),
         say.number(one.temperature_c, 1))
        for one in runs if one in heaviest
    ]  # fmt: skip
    if rest:
        rows.append(_runs_together(say("{count} others", count=len(rest)), rest, say))
    total = _runs_together(say("all"), runs, say)
    return table(say, say("Runs of hours at or above 95 % of the peak"), heads, [*rows, total], summed=True)


def _runs_together(name: str, runs: Sequence[PeakRun], say: Speech) -> tuple[str, ...]:
    highest_mw = max((one.highest_mw for one in runs), default=0.0)
    above_mwh = sum(one.above_mwh for one in runs)
    return (name, f"{sum(one.hours for one in runs):g}", say.mw(highest_mw), say.number(above_mwh, 1), "")


def held_by_hours(assessment: Assessment, say: Speech) -> Table:
    """The deliverable level of the strict definition, had it asked for another time."""
    heads = ("class", *(say("held {hours:g} h", hours=one.duration_h) for one in assessment.held))
    names = dict.fromkeys(name for one in assessment.held for name in one.by_class)
    rows = [
        (said_class(name, say), *(say.mw(one.by_class.get(name, 0.0)) for one in assessment.held)) for name in names
    ]
    total = (say("all"), *(say.mw(one.deliverable_mw) for one in assessment.held))
    title = say("{unit} held for one, two and four hours, STRICT", unit=say.power_unit)
    return table(say, title, heads, [*rows, total], summed=True)


def said_class(name: str, say: Speech) -> str:
    """Such as `demand side: contract`."""
    if ": " not in name:
        return say(name)
    source, _, programme = name.partition(": ")
    return f"{say(SOURCES[source])}{'：' if say.language == 'zh' else ': '}{say(programme)}"


def stack(verdict: Verdict, say: Speech) -> Table:
    """Megawatts by class at four levels."""
    found = verdict.capability
    classes: dict[str, list[Share]] = {}
    for share in found.shares:
        classes.setdefault(said_class(f"{share.source}: {share.programme}", say), []).append(share)
    heads = ("class", "contracted", "theoretical", "deliverable", "verified")
    rows = [_class(name, shares, say) for name, shares in classes.items()]
    levels = (found.contracted_mw, found.theoretical_mw, found.deliverable_mw, found.verified_mw)
    total = (say("all"), *(say.mw(level) for level in levels))
    title = say("{unit} by class, {profile}", unit=say.power_unit, profile=verdict.profile.id)
    return table(say, title, heads, [*rows, total], summed=True)


def _class(name: str, shares: Sequence[Share], say: Speech) -> tuple[str, ...]:
    tested = [one.verified_mw for one in shares if one.verified_mw is not None]
    return (
        name,
        say.mw(sum(one.contracted_mw for one in shares)),
        say.mw(sum(one.theoretical_mw for one in shares)),
        say.mw(sum(one.deliverable_mw for one in shares)),
        say.mw(sum(tested) if tested else None),
    )


def every_share(verdict: Verdict, say: Speech) -> Table:
    """Resource by resource, for whoever adds it up."""
    heads = ("resource", "class", "contracted", "theoretical", "deliverable", "verified", "calls a year", "note")
    rows = [
        (say.name(one.name), said_class(f"{one.source}: {one.programme}", say), say.mw(one.contracted_mw),
         say.mw(one.theoretical_mw), say.mw(one.deliverable_mw), say.mw(one.verified_mw),
         say.number(one.calls_per_year), say.note(one.note))
        for one in verdict.capability.shares
    ]  # fmt: skip
    found = verdict.capability
    levels = (found.contracted_mw, found.theoretical_mw, found.deliverable_mw, found.verified_mw)
    total = (say("all"), "", *(say.mw(level) for level in levels), "", "")
    title = say("Every resource, {profile}", profile=verdict.profile.id)
    return table(say, title, heads, [*rows, total], summed=True)


def losses(found: Capability, name: str, say: Speech) -> Table:
    """From the contracts to what can be delivered, cause by cause."""
    rows = [(say("contracted"), say.mw(found.contracted_mw))]
    rows += [(say("less " + loss.cause), say.mw(-loss.mw)) for loss in found.losses if abs(loss.mw) >= LOST_MW]
    rows += [(say("deliverable"), say.mw(found.deliverable_mw))]
    return table(say, say("Losses"), (name, say.power_unit), rows, summed=True)


def stated(assessment: Assessment, say: Speech) -> Table:
    """Figures of the card, with where they come from."""
    heads = ("figure", "as of", "value", "unit", "certainty", "source")
    rows = [
        (say(one.what), str(one.year or "–"), say.number(one.value, 0 if one.unit == "MW" else 1), say(one.unit),
         say(one.certainty), say(one.source))
        for one in assessment.stated
    ]  # fmt: skip
    return table(say, say("What the card states"), heads, rows)


def duplicates(assessment: Assessment, say: Speech) -> Table:
    rows = [
        (say.name(one.meter), say.name(one.kept_by), say.name(one.taken_from), say.mw(one.mw))
        for one in assessment.duplicates
    ]
    return table(say, say("Meters that stood twice"), ("meter", "counts with", "taken from", say.power_unit), rows)


def table(say: Speech, title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], summed: bool = False) -> Table:
    words = frozenset(place for place, head in enumerate(heads) if head in WORDS)
    return Table(title, tuple(say(head) for head in heads), tuple(tuple(row) for row in rows), summed, words=words)
