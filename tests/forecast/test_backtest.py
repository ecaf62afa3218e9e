"""Rolling origins: what a model may know, how folds go on after a break, what the table says."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest

from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.backtest import Rolling, Said, backtested
from services.forecast.known import Known, Moments, Observed, aware, moment, steps_from
from services.forecast.models.base import Task
from services.forecast.scoring.skill import skill_against, table

START = moment("2024-01-01T00:00:00")
DAYS = 30
LEVELS = np.array([0.1, 0.5, 0.9])
DAY = np.timedelta64(86400, "s")


@dataclass(frozen=True)
class Yesterday:
    """Says what was a day before, give or take `spread`; remembers the latest moment it was trained on."""

    trained_until: np.datetime64
    spread: float

    def quantiles(self, known: Sequence[Known], times: Moments, levels: np.ndarray) -> np.ndarray:
        for one in known:
            assert one.observed.known_at.max() <= one.origin
        before = np.stack([one.observed.at(times - DAY) for one in known])
        return before[..., None] + self.spread * (levels - 0.5)

    def to_bytes(self) -> bytes:
        return b""

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        raise AssertionError("a backtest trains its models, it loads none")


def train(known: Sequence[Known], task: Task) -> Yesterday:
    return Yesterday(max(one.observed.known_at.max() for one in known), 10.0)


def known_series() -> list[Known]:
    times = steps_from(START, 24 * DAYS, 60)
    hours = np.arange(24 * DAYS) % 24
    return [
        Known(
            SeriesDescription(
                name=name, kind="wind", step_min=60, capacity_mw=(CapacityFrom(since=aware(START), capacity_mw=200.0),)
            ),
            START + DAY * DAYS,
            Observed.promptly(times, level + hours + growth * np.arange(24 * DAYS) / 24, step_min=60),
        )
        for name, level, growth in (("flat", 50.0, 0.0), ("rising", 50.0, 4.5))
    ]


def rolling(folds: int = 3) -> Rolling:
    origins = START + DAY * np.arange(10, 28)
    return Rolling(origins, Task(step_min=60, first_lead_h=0, last_lead_h=24), LEVELS, folds)


def test_the_table_says_what_was_missed():
    """Yesterday is right for the flat plant; the other rises by 4.5 MW a day, beyond its 90 % level (+4 MW)."""
    said = backtested(train, known_series(), rolling())
    rows = {(row.group, row.value): row for row in table(said)}
    flat, rising = rows["series", "flat"], rows["series", "rising"]
    assert (1.0, 0.0) == (flat.coverage, rising.coverage)
    assert (0.0, -4.5) == pytest.approx((flat.bias, rising.bias))
    assert 4.5 / 200 == pytest.approx(rising.nmae)
    assert 8.0 == pytest.approx(rising.width)
    assert 18 * 24 * 2 == rows["all", "all"].points


def test_a_fold_knows_nothing_of_its_own_future():
    """Training ends where the fold begins, although more was known when the backtest ran."""
    seen: list[np.datetime64] = []

    def remembering(known: Sequence[Known], task: Task) -> Yesterday:
        trained = train(known, task)
        seen.append(trained.trained_until)
        return trained

    backtested(remembering, known_series(), rolling())
    assert seen == [part[0] for part in rolling().parts()]


def test_a_broken_run_goes_on_where_it_ended():
    kept: dict[int, Said] = {}
    whole = backtested(train, known_series(), rolling(), keep=kept.__setitem__)
    again: list[int] = []
    resumed = backtested(
        train,
        known_series(),
        rolling(),
        done={fold: Said.from_bytes(said.to_bytes()) for fold, said in kept.items() if fold != 1},
        keep=lambda fold, _said: again.append(fold),
    )
    assert [1] == again
    assert whole.quantiles == pytest.approx(resumed.quantiles, rel=1e-6)


def test_folds_side_by_side_say_the_same():
    one = backtested(train, known_series(), rolling(2))
    two = backtested(train, known_series(), rolling(2), workers=2)
    assert (one.quantiles == two.quantiles).all()


def test_skill_is_what_is_saved_of_the_reference():
    said = backtested(train, known_series(), rolling())
    rows = table(said, by=("series",))
    assert all(value == 0 for value in skill_against(rows, rows).values())
