"""Random thermal units with every rule mixed; their referee, the integer programme over a unit's private rows."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from building import case, reserve, thermal

from grid_models.case import Case, ReserveProduct
from grid_models.horizon import Horizon
from grid_models.resources import ThermalUnit
from services.dispatch.assembly import build
from services.dispatch.balance import BALANCE
from services.dispatch.decomposition.split import Split, split
from services.dispatch.solve.highs import Outcome, Settings, search

EXACT = Settings(gap=0.0, seconds=60, threads=1)
Draw = np.random.Generator


def maybe(draw: Draw, chance: float) -> bool:
    return bool(draw.random() < chance)


def random_case(seed: int, units: int = 6) -> Case:
    """A fleet over 4 to 14 steps of an hour or a quarter of one, that may cross midnight, and up to four products."""
    draw = np.random.default_rng(seed)
    steps, step_min = int(draw.integers(4, 15)), int(draw.choice([60, 60, 15]))
    hour = 0 if maybe(draw, 0.5) else 24 - max(1, steps * step_min // 120)
    horizon = Horizon(start=datetime(2026, 1, 1, hour, tzinfo=UTC), step_min=step_min, steps=steps, timezone="UTC")
    fleet = [random_unit(draw, f"unit {number}", steps, step_min) for number in range(units)]
    fleet = [unit for unit in fleet if not list(unit.contradictions(horizon))]
    return case([300.0] * steps, *fleet, horizon=horizon, reserves=random_products(draw))


def random_products(draw: Draw) -> list[ReserveProduct]:
    names = (
        ("spinning", None),
        ("regulation_up", 5),
        ("flexible_ramp_up", 15),
        ("regulation_down", 5),
        ("flexible_ramp_down", None),
    )
    found = []
    for name, minutes in names:
        if maybe(draw, 0.45):
            limit = minutes if maybe(draw, 0.7) else (None if maybe(draw, 0.5) else float(draw.integers(1, 60)))
            found.append(reserve(30, name, response_min=limit))
    return found + random_standby(draw)


def random_standby(draw: Draw) -> list[ReserveProduct]:
    """No product that units may hold from off, one or two, quick enough for all or for some."""
    quick = [reserve(30, "non_spinning", name=f"standby {minutes}", response_min=minutes) for minutes in (10, 30)]
    return [product for product in quick if maybe(draw, 0.4)]


def random_unit(draw: Draw, name: str, steps: int, step_min: int) -> ThermalUnit:
    """Every rule as likely to bind as not; powers on a grid of 10 MW or off it."""
    grid = 10.0 if maybe(draw, 0.7) else 7.3
    low = round(float(draw.integers(2, 8)) * grid, 1)
    high = round(low + float(draw.integers(0 if maybe(draw, 0.1) else 2, 13)) * grid, 1)
    on = maybe(draw, 0.5)
    ramps = [None if maybe(draw, 0.3) else float(draw.integers(1, 9)) * grid * 60 / step_min for _ in range(2)]
    hours = [float(draw.integers(least, most)) * step_min / 60 for least, most in ((1, 9), (0, 5), (0, 5))]
    rules: dict[str, Any] = {
        "cost": random_curve(draw, low, high),
        "initial": {"on": on, "hours": hours[0], "power_mw": on * _before(draw, low, high)},
        "min_up_h": hours[1],
        "min_down_h": hours[2],
        "ramp_up_mw_per_h": ramps[0], "ramp_down_mw_per_h": ramps[1],
        "start_max_mw": low + float(draw.integers(-1, 5)) * grid if maybe(draw, 0.5) else None,
        "stop_max_mw": low + float(draw.integers(-1, 5)) * grid if maybe(draw, 0.5) else None,
        "must_run": on and maybe(draw, 0.1),
        "start_costs": random_starts(draw, step_min),
        "starts_per_day_max": int(draw.integers(0, 3)) if maybe(draw, 0.35) else None,
        "deep_peaking": random_tiers(draw, low, high, grid, step_min),
        "forbidden_zones": random_zones(draw, low, high, grid),
        "start_time_min": float(draw.choice([5, 20])) if maybe(draw, 0.6) else None,
        "commitment": random_wishes(draw, steps) if maybe(draw, 0.2) else None,
    }  # fmt: skip
    return thermal(name, low=low, high=high, **rules)


def _before(draw: Draw, low: float, high: float) -> float:
    return float(np.clip(low + draw.integers(0, 14) * 10.0, low, high + (20.0 if maybe(draw, 0.1) else 0.0)))


def random_wishes(draw: Draw, steps: int) -> tuple[bool | None, ...]:
    return tuple([None, None, None, None, None, True, False][place] for place in draw.integers(0, 7, steps))


def random_curve(draw: Draw, low: float, high: float) -> list[list[float]]:
    """Convex, or with slopes in any order."""
    if high == low:
        return [[low, low * 20.0]]
    pieces = int(draw.integers(1, 5))
    slopes = draw.uniform(5, 40, pieces)
    slopes = slopes if maybe(draw, 0.35) else np.sort(slopes)
    mw = np.round(np.linspace(low, high, pieces + 1), 1)
    cost = np.r_[low * 20.0, low * 20.0 + np.cumsum(np.diff(mw) * slopes)]
    return [[float(a), float(b)] for a, b in zip(mw, cost, strict=True)]


def random_starts(draw: Draw, step_min: int) -> list[dict[str, float]]:
    count = int(draw.integers(0, 4))
    hours = np.r_[0.0, np.sort(draw.choice(np.arange(2, 12), 2, replace=False))][:count] * step_min / 60
    costs = np.sort(draw.uniform(0, 900, count))
    return [{"hours_off": float(h), "cost": float(c)} for h, c in zip(hours, costs, strict=True)]


def random_tiers(draw: Draw, low: float, high: float, grid: float, step_min: int) -> list[dict[str, float | None]]:
    """No tier, one or two, with slow ramps or without."""
    count = int(draw.choice([0, 0, 1, 2]))
    edges = low + grid * draw.choice(np.arange(1, 14), count, replace=False)
    ramps = [None if maybe(draw, 0.2) else float(draw.integers(0, 5)) * grid * 60 / step_min for _ in range(count)]
    return [
        {"below_mw": round(float(edge), 1), "price_per_mwh": float(draw.uniform(0, 30)), "ramp_mw_per_h": ramp}
        for edge, ramp in zip(edges, ramps, strict=True)
    ]


def random_zones(draw: Draw, low: float, high: float, grid: float) -> list[dict[str, float]]:
    """No zone, one or two, that may begin at the minimum or end at the maximum."""
    places = np.arange(low, high + 1e-6, grid)
    count = min(int(draw.choice([0, 0, 1, 2])), len(places) // 2)
    ends = np.sort(draw.choice(places, 2 * count, replace=False))
    return [
        {"from_mw": round(float(a), 1), "to_mw": round(float(min(b, high)), 1)}
        for a, b in zip(ends[::2], ends[1::2], strict=True)
    ]


def split_of(grid: Case) -> Split:
    """A case's split, which it must have."""
    parts = split(grid, build(grid).pack())
    assert parts is not None
    return parts


def random_prices(seed: int, parts: Split) -> np.ndarray:
    """Of every row of the master: of energy about what it costs, of reserve up to a half of it."""
    draw = np.random.default_rng(seed)
    prices = draw.uniform(0, 15, len(parts.master_rows)) * (draw.random(len(parts.master_rows)) < 0.7)
    balances = rows_of(parts, BALANCE)
    prices[balances] = draw.uniform(-5, 60, len(balances))
    return prices


def rows_of(parts: Split, name: str) -> np.ndarray:
    """The places of a family's rows in the master."""
    families = [family for family in parts.matrix.row_names.families if family.name == name]
    rows = [np.arange(family.first, family.first + family.size) for family in families]
    return np.searchsorted(parts.master_rows, np.concatenate(rows))


def unit_programme(parts: Split, prices: np.ndarray, unit: int | None, **fixed: float) -> Outcome:
    """The least reduced cost by branch and bound over the private rows, of one unit or of all."""
    matrix = parts.matrix
    mine = np.flatnonzero(parts.owner >= 0 if unit is None else parts.owner == unit)
    private = np.setdiff1d(np.arange(matrix.shape[0]), parts.master_rows)
    rows = matrix.rows[private][:, mine]
    touched = np.diff(rows.indptr) > 0
    lower, upper = matrix.lower.copy(), matrix.upper.copy()
    if unit is not None and fixed:
        column = parts.decisions["on"][unit, int(fixed["step"])]
        lower[column], upper[column] = max(lower[column], fixed["on"]), min(upper[column], fixed["on"])
    reduced = matrix.cost - parts.links.T @ prices
    small = replace(
        matrix, cost=reduced[mine], lower=lower[mine], upper=upper[mine], integer=matrix.integer[mine],
        rows=rows[touched], row_lower=matrix.row_lower[private][touched], row_upper=matrix.row_upper[private][touched],
        offset=0.0,
    )  # fmt: skip
    return search(small, EXACT)
