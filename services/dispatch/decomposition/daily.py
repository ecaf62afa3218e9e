"""First prices of a long horizon from its days, one after the other.

What a MWh is worth hangs on the hours around it and hardly on the week: a day by itself has nearly the prices that it
has within its horizon, but for the hours at its ends. A day is solved many times faster than its share of the whole,
and begins at the prices of the day before.
"""

import numpy as np

from grid_models.case import Case
from grid_models.quantities import Floats
from grid_models.window import window
from services.dispatch.assembly import build
from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.recalling import named_prices, recalled_prices
from services.dispatch.decomposition.sampled import sampled_prices
from services.dispatch.decomposition.split import Split, split
from services.dispatch.memory import Memory, Named

LEAST_DAYS = 3
DAY_H = 24
TARGET = 1e-3


def daily_prices(case: Case, parts: Split, deadline: float) -> Floats | None:
    """Prices of the master's rows from one day of the case after the other; None where its horizon is short.

    A day that was not solved in time, or cannot be solved by itself, has the prices of the day before.
    """
    count = round(case.horizon.hours / DAY_H)
    if count < LEAST_DAYS:
        return None
    ends = np.linspace(0, case.steps, count + 1).round().astype(int).tolist()
    lengths = np.diff(ends).tolist()
    known: list[Memory] = []
    for first, steps in zip(ends, lengths, strict=False):
        day = window(case, first, steps)
        solved = _solved(day, known[-1] if known else None, deadline)
        if solved is None and not known:
            return None
        known.append(solved or known[-1])
    prices = one_after_the_other([day.prices for day in known], lengths)
    return recalled_prices(Memory(case_name=case.name, horizon=case.horizon, prices=prices), case, parts)


def _solved(day: Case, before: Memory | None, deadline: float) -> Memory | None:
    """What column generation over a day says of its prices; None where it came to no bound."""
    parts = split(day, build(day).pack())
    if parts is None:
        return None
    generation = Generation(day, parts, lambda _: None)
    prices = sampled_prices(day, generation, deadline) if before is None else recalled_prices(before, day, parts)
    if prices is not None:
        generation.start_at(np.where(np.isnan(prices), generation.prices, prices))
    generation.run(TARGET, deadline)
    if not np.isfinite(generation.bound):
        return None
    return Memory(case_name=day.name, horizon=day.horizon, prices=named_prices(parts, generation.prices))


def one_after_the_other(days: list[Named], lengths: list[int]) -> Named:
    """Prices by step, day after day; what does not count steps has the prices of the first day."""

    def joined(family: str, name: str, first: tuple[float, ...]) -> tuple[float, ...]:
        if len(first) != lengths[0]:
            return first
        known = (day.get(family, {}).get(name, first) for day in days)
        # A day repeated in place of a shorter or longer one keeps its last price or loses it.
        return tuple(
            series[min(step, len(series) - 1)]
            for series, steps in zip(known, lengths, strict=True)
            for step in range(steps)
        )

    return {
        family: {name: joined(family, name, series) for name, series in by_name.items()}
        for family, by_name in days[0].items()
    }
