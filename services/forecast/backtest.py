"""What would have been said, had we forecast all along: origin after origin, each knowing only what was known then.

A backtest is cut into folds: train on what was known at the fold's beginning, then forecast its origins. Folds are
independent, so they run side by side, and each is kept when it is done: a run that was broken off goes on.
"""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np

from grid_models.quantities import Floats
from services.forecast.known import Known, Moment, Moments, steps_from
from services.forecast.models.base import Task, Trained

Train = Callable[[Sequence[Known], Task], Trained]


@dataclass(frozen=True)
class Rolling:
    """Which origins, how far ahead, and how often the models learn anew."""

    origins: Moments
    task: Task
    levels: Floats
    folds: int = 4
    """Times of training; the origins are split evenly."""

    def steps(self) -> int:
        return round((self.task.last_lead_h - self.task.first_lead_h) * 60 / self.task.step_min)

    def times(self, origin: Moment) -> Moments:
        """The beginnings of the steps that a forecast from this origin covers."""
        first = origin + np.timedelta64(round(self.task.first_lead_h * 3600), "s")
        return steps_from(first, self.steps(), self.task.step_min)

    def parts(self) -> list[Moments]:
        """The origins of each fold."""
        return [part for part in np.array_split(self.origins, min(self.folds, len(self.origins))) if len(part)]


@dataclass(frozen=True)
class Said:
    """What was said and what came: origins x series x steps (x levels)."""

    series: tuple[str, ...]
    origins: Moments
    times: Moments
    """Origins x steps."""
    levels: Floats
    quantiles: Floats
    actual: Floats
    capacity: Floats
    """NaN where there is none."""

    def lead_h(self) -> Floats:
        """From the origin to the beginning of the step: origins x steps."""
        hours: Floats = (self.times - self.origins[:, None]) / np.timedelta64(3600, "s")
        return hours

    def to_bytes(self) -> bytes:
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            series=np.array(self.series),
            origins=self.origins,
            times=self.times,
            levels=self.levels,
            quantiles=self.quantiles.astype(np.float32),
            actual=self.actual,
            capacity=self.capacity,
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Said":
        with np.load(io.BytesIO(kept), allow_pickle=False) as arrays:
            return cls(
                tuple(str(name) for name in arrays["series"]),
                arrays["origins"],
                arrays["times"],
                arrays["levels"],
                arrays["quantiles"].astype(np.float64),
                arrays["actual"],
                arrays["capacity"],
            )

    @classmethod
    def joined(cls, parts: Sequence["Said"]) -> "Said":
        """Several folds as one, in the order of their origins."""
        parts = sorted(parts, key=lambda part: part.origins[0])
        first = parts[0]
        return cls(
            first.series,
            np.concatenate([part.origins for part in parts]),
            np.concatenate([part.times for part in parts]),
            first.levels,
            np.concatenate([part.quantiles for part in parts]),
            np.concatenate([part.actual for part in parts]),
            np.concatenate([part.capacity for part in parts]),
        )


def said_in_fold(train: Train, known: Sequence[Known], rolling: Rolling, origins: Moments) -> Said:
    """Train on what was known at the first of these origins, then forecast from each of them."""
    trained = train([one.as_of(origins[0]) for one in known], rolling.task)
    times = np.stack([rolling.times(origin) for origin in origins])
    quantiles = [
        trained.quantiles([one.as_of(origin) for one in known], of_origin, rolling.levels)
        for origin, of_origin in zip(origins, times, strict=True)
    ]
    return Said(
        tuple(one.series.name for one in known),
        origins,
        times,
        rolling.levels,
        np.stack(quantiles),
        np.stack([[one.observed.at(of_origin) for one in known] for of_origin in times]),
        np.stack([[one.capacity_mw(of_origin) for one in known] for of_origin in times]),
    )


def backtested(
    train: Train,
    known: Sequence[Known],
    rolling: Rolling,
    *,
    done: Mapping[int, Said] | None = None,
    keep: Callable[[int, Said], None] = lambda _fold, _said: None,
    workers: int = 1,
) -> Said:
    """All folds; those in `done` are not run again, every new one is handed to `keep` as soon as it is there.

    `train` must be picklable (a function of a module, or a partial of one) where `workers` is above one.
    """
    parts = rolling.parts()
    results = dict(done or {})
    for fold, said in _run(
        train, known, rolling, {n: part for n, part in enumerate(parts) if n not in results}, workers
    ):
        results[fold] = said
        keep(fold, said)
    return Said.joined([results[fold] for fold in range(len(parts))])


def _run(
    train: Train, known: Sequence[Known], rolling: Rolling, parts: Mapping[int, Moments], workers: int
) -> Iterator[tuple[int, Said]]:
    if workers <= 1 or len(parts) <= 1:
        for fold, origins in parts.items():
            yield fold, said_in_fold(train, known, rolling, origins)
        return
    with ProcessPoolExecutor(min(workers, len(parts)), mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Said], int] = {
            pool.submit(said_in_fold, train, known, rolling, origins): fold for fold, origins in parts.items()
        }
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield waiting.pop(future), future.result()
