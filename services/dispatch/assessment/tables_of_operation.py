"""Tables of how the worst days run, how often supply falls short, and what it takes to close a gap."""

from collections.abc import Iterator

from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.assessment.document.days import Commitment, PlannedDay
from services.dispatch.assessment.document.payments import CapacityFee, Payments
from services.dispatch.assessment.document.risk import Risk
from services.dispatch.assessment.document.ways import Closing, PathTo
from services.dispatch.assessment.speech import Speech
from services.dispatch.assessment.tables import LOST_MW, Table, said_class, table


def days(assessment: Assessment, say: Speech) -> Table:
    heads = ("day", "cost", "solver gap", "unserved MWh", "peak left", "response", "calls", "paid for it",
             "for standing by", "dearest", "warning")  # fmt: skip
    rows = [
        (f"{day.date} {say('with response' if one.response else 'without response')}", say.number(one.cost),
         say.share(one.gap), say.number(one.unserved_mwh, 1), say.mw(one.peak_left_mw), say.mw(one.response_max_mw),
         str(one.calls), say.number(one.response_cost), say.number(one.standing_cost), say.number(one.price_max),
         say(day.warning) if day.warning and not one.response else "–")
        for day in assessment.days
        for one in (day.without, day.answered)
    ]  # fmt: skip
    return table(say, say("The worst days, planned by unit commitment"), heads, rows)


def held_on_days(assessment: Assessment, say: Speech) -> Table:
    """What the demand side can hold on each day, and why the rest of its contracts fails."""
    causes = list(dict.fromkeys(loss.cause for day in assessment.days for loss in day.losses if loss.mw >= LOST_MW))
    heads = ("day", *(f"less {cause}" for cause in causes), "deliverable")
    rows = [
        (day.date, *(say.mw(-sum(loss.mw for loss in day.losses if loss.cause == cause)) for cause in causes),
         say.mw(day.held_mw))
        for day in assessment.days
    ]  # fmt: skip
    return table(say, say("Why contracts fail on these days (strict definition)"), heads, rows)


def calls(day: PlannedDay, say: Speech) -> Table:
    heads = ("who", "from", "hours", "MWh", "why")
    rows = [
        (
            say.name(one.name),
            one.start.strftime("%H:%M"),
            f"{one.hours:g}",
            say.number(one.energy_mwh, 1),
            say.note(one.reason),
        )
        for one in day.answered.called
    ]
    return table(say, say("Calls on {date}", date=day.date), heads, rows)


def binding(plan: Commitment, say: Speech) -> Table:
    heads = ("limit", "of", "steps", "worth per MWh")
    rows = [(say.note(one.what), say.name(one.name), str(one.steps), say.number(one.worth)) for one in plan.binding]
    return table(say, say("Limits that bind"), heads, rows)


def day_by_hour(day: PlannedDay, plan: Commitment, say: Speech) -> Table:
    """The picture as a table: the layers add up to the demand."""
    heads = ("hour", *(layer.name for layer in plan.layers), "demand", "price")
    rows = [
        (moment[11:16], *(say.mw(layer.power_mw[step]) for layer in plan.layers), say.mw(day.demand_mw[step]),
         say.number(plan.price[step]))
        for step, moment in enumerate(day.times)
    ]  # fmt: skip
    title = say("{date}, with response" if plan.response else "{date}, without response", date=day.date)
    return table(say, title, heads, rows)


def adequacy(found: Risk, say: Speech) -> Table:
    heads = ("", "LOLH h", "LOLE days", "EUE MWh")
    rows = [
        (say(name), f"{one.lolh_h:.2f} ± {one.lolh_error_h:.2f}", f"{one.lole_days:.2f} ± {one.lole_error_days:.2f}",
         f"{one.eue_mwh:,.0f} ± {one.eue_error_mwh:,.0f}")
        for name, one in (("without response", found.without), ("with response", found.answered))
    ]  # fmt: skip
    title = say(
        "Adequacy over the {hours} h of the load: {years} years of outages, {weather} of weather; ± one standard error",
        hours=found.hours, years=found.sampled_years, weather=found.weather_years,
    )  # fmt: skip
    return table(say, title, heads, rows)


def worth(found: Risk, say: Speech) -> Table:
    """Last row: everybody, on top of nobody."""
    heads = ("class", "rated", "EFC", "of rated", "ELCC")
    rows = [
        (said_class(one.name, say), say.mw(one.rated_mw), _with_error(one.firm_mw, one.firm_error_mw, say),
         say.share(one.of_rated, 0), _with_error(one.carried_mw, one.carried_error_mw, say))
        for one in found.worth
    ]  # fmt: skip
    title = say(
        "Worth in firm {unit}, where {hours:g} h a year are short; ± one standard error",
        unit=say.power_unit, hours=found.yardstick_h,
    )  # fmt: skip
    return table(say, title, heads, rows)


def _with_error(mw: float, error_mw: float, say: Speech) -> str:
    return f"{say.mw(mw)} ± {say.mw(error_mw)}"


def payments(found: Payments, say: Speech) -> Iterator[Table]:
    """Storage on the grid's side, and coal where the province has a rule."""
    rows = [
        (f"{one.discharge_h:g}", say.mw(one.power_mw), say.share(one.credit, 1), say.number(one.cny_per_kw_year, 1))
        for one in found.credits
    ]
    title = say(
        "Storage credit by the notice of 2026: longest net peak {hours:g} h, coal at {price:g} CNY/kW-year",
        hours=found.longest_net_peak_h, price=found.coal_price_cny_per_kw_year,
    )  # fmt: skip
    if rows:
        yield table(say, title, ("lasts h", "power", "credit", "CNY/kW-year"), rows)
    if found.fee:
        yield _fee(found.fee, say)


def _fee(found: CapacityFee, say: Speech) -> Table:
    """Factor by factor, so that it can be multiplied again."""
    rows = (
        ("price of capacity, CNY/kW-year", say.number(found.price_cny_per_kw_year, 1)),
        ("reliable factor of coal", say.share(found.reliable_factor, 2)),
        ("less own use", say.share(found.auxiliary_share, 2)),
        ("supply and demand factor", say.share(found.supply_demand_factor, 2)),
        ("fee, CNY/kW-year", say.number(found.fee_cny_per_kw_year, 3)),
        ("coal power, rated", say.power(found.coal_mw)),
        ("fee, million CNY a year", say.number(found.total_cny_per_year / 1e6, 1)),
    )
    return table(say, say("Capacity fee of Gansu, 2026"), ("", ""), [(say(name), value) for name, value in rows])


def closing(one: Closing, say: Speech) -> Table:
    found = one.closed
    built = found.portfolio.contracted_mw
    heads = ("option", "counts", "CNY/kW-year", "cumulated", "built")
    rows = [
        (say(step.option), say.share(found.accredited[step.option], 0), say.number(step.cny_per_kw_year),
         say.mw(step.cumulated_mw), say.mw(built[step.option][0]))
        for step in found.curve
    ]  # fmt: skip
    title = say(
        "Closing the gap by {year}, {profile}: {before} of {target}; with the portfolio {after}, {cost} CNY a year",
        year=one.year, profile=one.profile, before=say.mw(found.before_mw), target=say.power(found.target_mw),
        after=say.mw(found.after_mw), cost=say.number(found.portfolio.cost_cny_per_year[0]),
    )  # fmt: skip
    return table(say, title, heads, rows)


def path(found: PathTo, say: Speech) -> Table:
    heads = ("year", "peak P10", "P50", "P90", "there P50", "missing P10", "P50", "P90", "met")
    rows = [
        (str(one.year), *map(say.mw, one.peak_mw), say.mw(one.capability_mw[1]), *map(say.mw, one.gap_mw),
         say.share(one.met, 0))
        for one in found.years
    ]  # fmt: skip
    title = say("The way to {year}, {profile}", year=found.years[-1].year, profile=found.profile)
    return table(say, title, heads, rows)


def sensitivities(assessment: Assessment, say: Speech) -> Table:
    heads = ("changed", "to", "deliverable", "of peak", "change", "gap")
    rows = [
        (say(one.what), say(one.value), say.mw(one.deliverable_mw), say.share(one.ratio), say.mw(one.change_mw),
         say.mw(one.gap_mw))
        for one in assessment.sensitivities
    ]  # fmt: skip
    return table(say, say("What the strict answer hinges on"), heads, rows)


def all_of(assessment: Assessment, say: Speech) -> Iterator[Table]:
    """Those that there are, in the order of the report."""
    if assessment.days:
        yield days(assessment, say)
        yield held_on_days(assessment, say)
    if assessment.risk:
        yield adequacy(assessment.risk, say)
        yield worth(assessment.risk, say)
    if assessment.payments:
        yield from payments(assessment.payments, say)
    yield from (closing(one, say) for one in assessment.closings)
    yield from (path(one, say) for one in assessment.paths)
    if assessment.sensitivities:
        yield sensitivities(assessment, say)
