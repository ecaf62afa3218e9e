"""Features side by side, each with a name that says what it is."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grid_models.quantities import Floats
from services.forecast.features.questions import Questions, latest_observed_share

NEWS_BACK_H = 72.0
"""Observations older than this say nothing about the errors of today's weather."""
NEWS_POINTS = 24


@dataclass
class Table:
    """Columns of one number per row and step."""

    columns: dict[str, Floats] = field(default_factory=dict)

    def add(self, name: str, values: Floats) -> None:
        self.columns[name] = values

    def matrix(self, names: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[np.float32]:
        """Rows and steps one after the other x features, in this order; NaN where a column is missing."""
        matrix = np.full((int(np.prod(shape)), len(names)), np.nan, dtype=np.float32)
        for place, name in enumerate(names):
            if name in self.columns:
                matrix[:, place] = np.broadcast_to(self.columns[name], shape).ravel()
        return matrix


@dataclass(frozen=True)
class News:
    """The newest output known at each origin: rows x points, newest first."""

    shares: Floats
    ages_h: Floats

    @classmethod
    def of(cls, questions: Questions) -> "News":
        return cls(*latest_observed_share(questions, NEWS_BACK_H, NEWS_POINTS))


def add_clock(table: Table, questions: Questions, longitudes: Floats) -> None:
    """Lead time, and the hour by the sun: with 12 when it is highest."""
    seconds = questions.times.astype("datetime64[s]").astype(np.int64) % 86_400
    table.add("lead_h", questions.lead_h)
    table.add("solar_hour", (seconds / 3600 + longitudes[:, None] / 15) % 24)


def add_news(table: Table, questions: Questions, news: News, expected_share: Floats) -> None:
    """The newest output, and how far it was from what the weather of its time makes one expect."""
    error = news.shares - expected_share
    age_h = questions.lead_h + news.ages_h[:, :1]
    for name, values in (("share", news.shares), ("error", error)):
        table.add(f"newest_{name}", values[:, :1])
        table.add(f"newest_{name}_mean_4", _mean(values[:, :4]))
        table.add(f"newest_{name}_mean_24", _mean(values))
    table.add("hours_since_newest", age_h)


def longitudes(questions: Questions) -> Floats:
    """Of each row; where nobody says, that of its time zone's noon cannot be known: 0."""
    return np.array([questions.known[one].series.longitude or 0.0 for one in questions.who])


def latitudes(questions: Questions) -> Floats:
    return np.array([questions.known[one].series.latitude or 0.0 for one in questions.who])


def _mean(values: Floats) -> Floats:
    there = np.isfinite(values)
    count = there.sum(axis=1, keepdims=True)
    return np.where(count > 0, np.nan_to_num(values).sum(axis=1, keepdims=True) / np.maximum(count, 1), np.nan)
