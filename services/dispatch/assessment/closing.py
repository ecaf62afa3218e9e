"""Closing the gap: what more response costs, which of it to build when, and whether it then suffices.

Options are accredited by assessing the fleet again with some of each, bought by a linear programme over the years, and
the portfolio is assessed once more: what is still missing is bought in another round.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import linprog

from grid_models.quantities import Floats
from services.dispatch.assessment.document.ways import Closed, CostStep, Outlook, PathYear, Portfolio
from services.dispatch.assessment.responders import Responder

TRIAL_SHARE = 0.25
"""Of an option's potential, what is added to see how much of it counts."""
ROUNDS = 6
CLOSED_MW = 0.5
MISSING_CNY_PER_KW = 1e5
"""Keeps the programme feasible: far above what any option costs, so a gap stays only where nothing can close it."""
SAMPLES = 4000


@dataclass(frozen=True)
class Option:
    """Response that could be had: how much, how dear, how soon."""

    name: str
    like: Responder
    """One of its kind; its contracted power is scaled."""
    potential_mw: float
    """Contracted power that is there at most."""
    fixed_cny_per_kw_year: float
    called_cny_per_kwh: float
    lead_years: int = 0
    build_max_mw_per_year: float = np.inf
    source: str = ""

    def built(self, mw: float) -> Responder:
        """So much of it, as a responder."""
        return replace(self.like.scaled(mw / self.like.contracted_mw), name=self.name)

    def cost_cny_per_kw_year(self, call_h: float) -> float:
        """Of contracted power, at so many full hours of calls."""
        return self.fixed_cny_per_kw_year + self.called_cny_per_kwh * call_h


def cost_curve(options: Sequence[Option], accredited: Mapping[str, float], call_h: float) -> tuple[CostStep, ...]:
    """Options by the cost of a megawatt that counts, the cheapest first; those that count for nothing are left out."""
    useful = [one for one in options if accredited[one.name] > 0]
    steps: list[CostStep] = []
    for one in sorted(useful, key=lambda item: item.cost_cny_per_kw_year(call_h) / accredited[item.name]):
        mw = one.potential_mw * accredited[one.name]
        before = steps[-1] if steps else None
        price = one.cost_cny_per_kw_year(call_h) / accredited[one.name]
        steps.append(
            CostStep(
                option=one.name,
                accredited_mw=mw,
                cumulated_mw=mw + (before.cumulated_mw if before else 0.0),
                cny_per_kw_year=price,
                total_cny_per_year=price * mw * 1000 + (before.total_cny_per_year if before else 0.0),
            )
        )
    return tuple(steps)


def least_cost(
    gaps_mw: Mapping[int, float], options: Sequence[Option], accredited: Mapping[str, float], call_h: float, now: int
) -> Portfolio:
    """The cheapest build-out that closes the gap of every year, within potentials, lead times and yearly limits."""
    years, count = sorted(gaps_mw), len(options)
    size = (count + 1) * len(years)
    prices = np.array([*(one.cost_cny_per_kw_year(call_h) for one in options), MISSING_CNY_PER_KW]) * 1000
    worth = np.array([*(accredited[one.name] for one in options), 1.0])
    rows, limits = [], []
    for place, year in enumerate(years):
        row = np.zeros(size)
        row[place :: len(years)] = -worth
        rows.append(row)
        limits.append(-gaps_mw[year])
    for one in range(count):
        for place in range(1, len(years)):
            row = np.zeros(size)
            row[one * len(years) + place], row[one * len(years) + place - 1] = 1.0, -1.0
            rows += [row, -row]  # what was built stays, and grows no faster than it can
            limits += [options[one].build_max_mw_per_year * (years[place] - years[place - 1]), 0.0]
    bounds = [(0.0, _reach_mw(one, year, now)) for one in options for year in years] + [(0.0, None)] * len(years)
    kept = np.isfinite(limits)
    found = linprog(np.repeat(prices, len(years)), np.array(rows)[kept], np.array(limits)[kept], bounds=bounds)
    return _portfolio(np.reshape(np.asarray(found.x), (count + 1, len(years))), years, options, prices)


def _reach_mw(one: Option, year: int, now: int) -> float:
    """What can be in place by then."""
    building = year - now - one.lead_years + 1
    if building <= 0:
        return 0.0
    return min(one.potential_mw, one.build_max_mw_per_year * building)


def _portfolio(built: Floats, years: Sequence[int], options: Sequence[Option], prices: Floats) -> Portfolio:
    return Portfolio(
        years=tuple(years),
        contracted_mw={one.name: tuple(map(float, row)) for one, row in zip(options, built[:-1], strict=True)},
        missing_mw=tuple(map(float, built[-1])),
        cost_cny_per_year=tuple(map(float, prices[:-1] @ built[:-1])),
    )


Assess = Callable[[Sequence[Responder]], float]
"""Megawatts that a fleet counts for, by the level that is judged."""


def accreditation(
    fleet: Sequence[Responder], before_mw: float, options: Sequence[Option], assess: Assess
) -> dict[str, float]:
    """What a contracted megawatt of each option adds to the fleet as it is, which counts for `before_mw`."""
    shares: dict[str, float] = {}
    for one in options:
        trial_mw = TRIAL_SHARE * one.potential_mw
        added_mw = assess([*fleet, one.built(trial_mw)]) - before_mw
        shares[one.name] = max(0.0, added_mw / trial_mw) if added_mw > 1e-6 else 0.0
    return shares


def closed(
    fleet: Sequence[Responder],
    options: Sequence[Option],
    target_mw: float,
    assess: Assess,
    call_h: float,
    year: int,
    now: int,
) -> Closed:
    """Buy, assess again, buy what is still missing: options that last shorter than the window overlap."""
    before_mw = assess(fleet)
    accredited = accreditation(fleet, before_mw, options, assess)
    wanted_mw = after_gap = max(0.0, target_mw - before_mw)
    portfolio, after_mw, rounds = least_cost({year: wanted_mw}, options, accredited, call_h, now), before_mw, 0
    while after_gap > CLOSED_MW and rounds < ROUNDS:
        portfolio = least_cost({year: wanted_mw}, options, accredited, call_h, now)
        after_mw = assess([*fleet, *_bought(portfolio, options)])
        after_gap = max(0.0, target_mw - after_mw)
        wanted_mw, rounds = wanted_mw + after_gap, rounds + 1
        if portfolio.missing_mw[0] > CLOSED_MW:
            break  # everything that there is has been bought
    return Closed(
        portfolio=portfolio,
        accredited=accredited,
        curve=cost_curve(options, accredited, call_h),
        target_mw=target_mw,
        before_mw=before_mw,
        after_mw=after_mw,
        gap_mw=after_gap,
        rounds=rounds,
    )


def _bought(portfolio: Portfolio, options: Sequence[Option]) -> list[Responder]:
    bought = {one.name: (one, portfolio.contracted_mw[one.name][0]) for one in options}
    return [one.built(mw) for one, mw in bought.values() if mw > 1e-9]


def path(
    now: int,
    years: Sequence[int],
    peak_mw: float,
    growth: Outlook,
    capability_mw: float,
    build_mw_per_year: Outlook,
    share_of: Callable[[int], float],
    seed: int = 1,
) -> tuple[PathYear, ...]:
    """The gap year by year; growth and pace are drawn from their quantiles, once for the whole way."""
    luck = np.random.default_rng(seed)
    rates, paces = (_drawn(luck.random(SAMPLES), outlook) for outlook in (growth, build_mw_per_year))
    found = []
    for year in years:
        peaks, there = peak_mw * (1 + rates) ** (year - now), capability_mw + paces * (year - now)
        missing = np.maximum(0.0, share_of(year) * peaks - there)
        found.append(
            PathYear(
                year=year,
                share=share_of(year),
                peak_mw=_outlook(peaks),
                capability_mw=_outlook(there),
                gap_mw=_outlook(missing),
                met=float((missing <= 0).mean()),
            )
        )
    return tuple(found)


def _drawn(level: Floats, outlook: Outlook) -> Floats:
    """Values at these levels: straight between the quantiles, and on beyond them to 0 and 1."""
    low, middle, high = outlook
    ends = (low - (middle - low) / 4, high + (high - middle) / 4)
    return np.asarray(np.interp(level, (0.0, 0.1, 0.5, 0.9, 1.0), (ends[0], low, middle, high, ends[1])))


def _outlook(values: Floats) -> Outlook:
    low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
    return float(low), float(middle), float(high)
