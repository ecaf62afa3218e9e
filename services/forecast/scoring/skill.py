"""Scores by lead time, hour, season, series and regime, for our forecasts and for anybody's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.backtest import Said
from services.forecast.clock import local, local_hours
from services.forecast.known import Moments
from services.forecast.scoring import scores

Group = Literal["all", "lead", "hour", "season", "series", "regime"]
GROUPS: tuple[Group, ...] = ("all", "lead", "hour", "season", "series", "regime")
LEAD_EDGES_H = (1, 4, 12, 24, 48, 72, 120)
SEASONS = ("winter", "spring", "summer", "autumn")
REGIMES = ("low", "middle", "high")


@dataclass(frozen=True)
class Row:
    """How well the points of one group were forecast."""

    group: Group
    value: str
    points: int
    pinball: float
    crps: float
    coverage: float
    """Share of the points within the outermost pair of levels."""
    nominal_coverage: float
    width: float
    """Mean width of that interval, in the unit of the series."""
    nmae: float
    """Mean absolute error of the median over on-line capacity; over the mean actual value where there is none."""
    nrmse: float
    mape: float
    """Of the median, as a share; NaN where actual values are not all well above zero."""
    bias: float
    """Mean of median less actual, in the unit of the series."""


def table(said: Said, by: Sequence[Group] = GROUPS, timezone: str = "Asia/Shanghai") -> list[Row]:
    """The scores of a backtest in groups; season and hour are those of the local clock."""
    labels = {group: _labels(said, group, timezone) for group in by}
    return [
        _row(group, value, said, labels[group] == value)
        for group in by
        for value in dict.fromkeys(labels[group].ravel().tolist())
        if (labels[group] == value).any() and np.isfinite(said.actual[labels[group] == value]).any()
    ]


def skill_against(ours: list[Row], reference: list[Row]) -> dict[tuple[Group, str], float]:
    """By group: share of the reference's pinball loss that is saved."""
    of = {(row.group, row.value): row.pinball for row in reference}
    return {
        (row.group, row.value): scores.skill(row.pinball, of[row.group, row.value])
        for row in ours
        if of.get((row.group, row.value), 0.0) > 0
    }


def _labels(said: Said, group: Group, timezone: str) -> NDArray[np.str_]:
    """The group of every point: origins x series x steps."""
    shape = said.actual.shape
    if group == "all":
        return np.full(shape, "all")
    if group == "lead":
        return np.broadcast_to(_lead_labels(said.lead_h())[:, None, :], shape)
    if group == "series":
        return np.broadcast_to(np.array(said.series)[None, :, None], shape)
    if group == "regime":
        return _regimes(said)
    named = _hours(said.times, timezone) if group == "hour" else _seasons(said.times, timezone)
    return np.broadcast_to(named[:, None, :], shape)


def _lead_labels(lead_h: Floats) -> NDArray[np.str_]:
    edges = np.array(LEAD_EDGES_H)
    names = [f"{low}-{high} h" for low, high in zip((0, *LEAD_EDGES_H), (*LEAD_EDGES_H, "more"), strict=True)]
    return np.array(names)[np.searchsorted(edges, lead_h, side="right")]


def _hours(times: Moments, timezone: str) -> NDArray[np.str_]:
    return np.array([f"{hour:02d}" for hour in range(24)])[local_hours(times, timezone).astype(np.intp)]


def _seasons(times: Moments, timezone: str) -> NDArray[np.str_]:
    month = local(times, timezone).astype("datetime64[M]").astype(np.intp) % 12
    return np.array(SEASONS)[(month + 1) % 12 // 3]


def _regimes(said: Said) -> NDArray[np.str_]:
    """Whether the median is in the lowest, middle or highest third of what that series' medians were."""
    median = said.quantiles[..., int(np.argmin(np.abs(said.levels - 0.5)))]
    thirds = np.quantile(median, [1 / 3, 2 / 3], axis=(0, 2))[..., None]
    third = (median > thirds[0]).astype(np.intp) + (median > thirds[1])
    return np.asarray(np.array(REGIMES)[third], dtype=np.str_)


def _row(group: Group, value: str, said: Said, chosen: NDArray[np.bool_]) -> Row:
    actual, quantiles, levels = said.actual[chosen], said.quantiles[chosen], said.levels
    median = quantiles[:, int(np.argmin(np.abs(levels - 0.5)))]
    capacity = said.capacity[chosen]
    base = np.where(np.isfinite(capacity) & (capacity > 0), capacity, np.nanmean(np.abs(actual)))
    small = np.nanmin(actual) <= 0.05 * np.nanmean(np.abs(actual))
    return Row(
        group=group,
        value=value,
        points=int(np.isfinite(actual).sum()),
        pinball=scores.mean_pinball(actual, quantiles, levels),
        crps=scores.crps(actual, quantiles, levels),
        coverage=scores.coverage(actual, quantiles[:, 0], quantiles[:, -1]),
        nominal_coverage=float(levels[-1] - levels[0]),
        width=scores.width(quantiles[:, 0], quantiles[:, -1]),
        nmae=scores.mean_absolute_error(actual / base, median / base),
        nrmse=scores.root_mean_square_error(actual / base, median / base),
        mape=float("nan") if small else scores.mean_absolute_percentage_error(actual, median),
        bias=float(np.nanmean(median - actual)),
    )
