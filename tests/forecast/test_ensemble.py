"""Mixtures for every state of what is there: by skill, honest, and wider on less."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np
import pytest

from grid_models.forecast import CapacityFrom, SeriesDescription, SeriesKind
from services.forecast.adapting import adapted, document, with_adapted
from services.forecast.ensemble import Ensemble
from services.forecast.known import Known, Moments, Observed, Vintages, aware, moment, steps_from
from services.forecast.models.base import Model, Need, NotEnoughHistory, Task, Trained
from services.forecast.stacking import trained

START = moment("2024-01-01T00:00:00")
DAYS = 80
LEVELS = np.arange(1, 20) / 20
TASK = Task(step_min=60, first_lead_h=0, last_lead_h=24, origins_utc_h=(0.0,))
DAY = np.timedelta64(86400, "s")


@dataclass(frozen=True)
class FromWeather:
    """Half of the wind forecast, in percent of capacity, with an interval that is far too narrow."""

    def quantiles(self, known: Sequence[Known], times: Moments, levels: np.ndarray) -> np.ndarray:
        winds = np.stack([one.weather["w"].latest(times)["wind_speed_100m_m_per_s"] for one in known])
        return np.clip(5 * winds, 0, 100)[..., None] + 0.5 * (levels - 0.5)

    def to_bytes(self) -> bytes:
        return b"weather"

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        assert kept == b"weather"
        return cls()


@dataclass(frozen=True)
class Usual:
    """What was observed, whenever."""

    values: tuple[float, ...]

    def quantiles(self, known: Sequence[Known], times: Moments, levels: np.ndarray) -> np.ndarray:
        return np.broadcast_to(np.quantile(self.values, levels), (len(known), len(times), len(levels))).copy()

    def to_bytes(self) -> bytes:
        return np.array(self.values).tobytes()

    @classmethod
    def from_bytes(cls, kept: bytes) -> Self:
        return cls(tuple(np.frombuffer(kept).tolist()))


class WeatherModel:
    name: ClassVar[str] = "weather"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind"})
    needs: ClassVar[frozenset[Need]] = frozenset({"weather"})
    trained: ClassVar[type[Trained]] = FromWeather

    def train(self, known: Sequence[Known], task: Task) -> FromWeather:
        return FromWeather()


class UsualModel:
    name: ClassVar[str] = "climatology"
    kinds: ClassVar[frozenset[SeriesKind]] = frozenset({"wind"})
    needs: ClassVar[frozenset[Need]] = frozenset()
    trained: ClassVar[type[Trained]] = Usual

    def train(self, known: Sequence[Known], task: Task) -> Usual:
        values = np.concatenate([one.observed.values for one in known])
        if not len(values):
            raise NotEnoughHistory("nothing was observed")
        return Usual(tuple(values[::7].tolist()))


MODELS: dict[str, Model] = {"weather": WeatherModel(), "climatology": UsualModel()}


def farms(count: int = 3) -> list[Known]:
    """Output is half the wind of the day-ahead forecast, in percent of 100 MW, give or take 10 MW."""
    rng = np.random.default_rng(8)
    times = steps_from(START, 24 * DAYS, 60)
    wind = 10 + 6 * np.sin(np.arange(24 * DAYS) / 9) + rng.normal(size=(count, 24 * DAYS))
    issued = times.astype("datetime64[D]").astype("datetime64[s]") - np.timedelta64(6 * 3600, "s")
    description = SeriesDescription(
        name="farm", kind="wind", step_min=60, capacity_mw=(CapacityFrom(since=aware(START), capacity_mw=100.0),)
    )
    return [
        Known(
            replace_name(description, f"farm {place}"),
            START + DAY * (DAYS - 1),
            Observed.promptly(times, np.clip(5 * of + 10 * rng.normal(size=len(of)), 0, 100), step_min=60).as_of(
                START + DAY * (DAYS - 1)
            ),
            {"w": Vintages.sorted(times, issued, issued, {"wind_speed_100m_m_per_s": of})},
        )
        for place, of in enumerate(wind)
    ]


def replace_name(description: SeriesDescription, name: str) -> SeriesDescription:
    return SeriesDescription.model_validate(description.model_dump() | {"name": name})


@pytest.fixture(scope="module")
def ensemble() -> Ensemble:
    return trained(MODELS, farms(), TASK)


TOMORROW = steps_from(START + DAY * (DAYS - 1), 24, 60)


def test_the_better_model_carries_the_mixture_and_its_narrow_interval_is_mended(ensemble: Ensemble):
    """The model says +-0.25 MW; noise of 10 MW makes the honest 90 % interval about 33 MW wide."""
    answer = ensemble.answer(farms(), TOMORROW, LEVELS)
    assert ("full",) * 3 == answer.basis
    width = answer.quantiles[..., -1] - answer.quantiles[..., 0]
    inside = (answer.quantiles[..., 9] > 30) & (answer.quantiles[..., 9] < 70)
    assert 33 == pytest.approx(width[inside].mean(), rel=0.2)


def test_without_weather_it_answers_wider_and_says_why(ensemble: Ensemble):
    full = ensemble.answer(farms(), TOMORROW, LEVELS)
    less = ensemble.answer([replace(one, weather={}) for one in farms()], TOMORROW, LEVELS)
    assert ("climatology",) * 3 == less.basis
    assert ("there is no weather forecast",) == less.reasons[0]
    assert (less.quantiles[..., -1] - less.quantiles[..., 0]).mean() > (
        1.3 * (full.quantiles[..., -1] - full.quantiles[..., 0]).mean()
    )


def test_each_series_rests_on_what_it_has(ensemble: Ensemble):
    some = farms()
    answer = ensemble.answer([some[0], replace(some[1], weather={}), some[2]], TOMORROW, LEVELS)
    assert ("full", "climatology", "full") == answer.basis
    assert answer.quantiles[0] == pytest.approx(ensemble.answer(some[:1], TOMORROW, LEVELS).quantiles[0])


def test_quantiles_rise_within_the_capacity(ensemble: Ensemble):
    quantiles = ensemble.answer(farms(), TOMORROW, LEVELS).quantiles
    assert (np.diff(quantiles, axis=-1) >= 0).all()
    assert quantiles.min() >= 0
    assert quantiles.max() <= 100


def test_kept_and_brought_back_it_says_the_same(ensemble: Ensemble):
    again = Ensemble.from_bytes(ensemble.to_bytes(), MODELS)
    assert (again.quantiles(farms(), TOMORROW, LEVELS) == ensemble.quantiles(farms(), TOMORROW, LEVELS)).all()
    assert TASK == again.task


def test_a_model_without_enough_history_is_left_out():
    nothing = [replace(one, observed=one.observed.as_of(START)) for one in farms()]
    assert ("weather",) == tuple(trained(MODELS, nothing, TASK).trained)


def test_no_model_at_all_is_told():
    nothing = [replace(one, observed=one.observed.as_of(START)) for one in farms()]
    with pytest.raises(NotEnoughHistory, match="climatology: nothing was observed"):
        trained({"climatology": UsualModel()}, nothing, TASK)


def test_calibration_follows_what_comes(ensemble: Ensemble):
    """From now on 15 MW more are measured than before: after 40 days the median has risen by a good part of it."""
    more = [
        replace(one, observed=replace(one.observed, values=np.minimum(one.observed.values + 15, 100)))
        for one in farms()
    ]
    before = ensemble.quantiles(farms(), TOMORROW, LEVELS)
    followed = ensemble
    for day in range(30, 70):
        followed = adapted(followed, more, START + DAY * day)
    after = followed.quantiles(farms(), TOMORROW, LEVELS)
    free = (before[..., 9] > 20) & (before[..., 9] < 70)
    assert 4 < (after - before)[..., 9][free].mean() < 16


def test_what_was_learned_since_is_kept_as_numbers(ensemble: Ensemble):
    followed = adapted(ensemble, farms(), START + DAY * 60)
    kept = json.loads(json.dumps({"adapted": document(followed, START)}))
    again = with_adapted(ensemble, kept)
    assert (again.quantiles(farms(), TOMORROW, LEVELS) == followed.quantiles(farms(), TOMORROW, LEVELS)).all()
