"""Forecasts for a case: fetched from the forecast service, or the last that were fetched while it does not answer."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, Self

import httpx
import numpy as np
import structlog
from pydantic import TypeAdapter, ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from grid_models.case import Case
from grid_models.forecast import Forecast
from grid_models.horizon import Horizon
from grid_models.quantities import Floats
from grid_models.resources import AnyResource, Renewable, Resource, VirtualPowerPlant
from grid_models.resources.profile import Profile
from grid_models.resources.virtual_power_plant import Composition
from services.dispatch.questions import ForecastWish
from services.dispatch.settings import Settings
from services.dispatch.store import Store
from services.dispatch.store.moments import in_ms
from services.dispatch.store.tallies import Count
from services.web.errors import ServiceError, Unusable

log = structlog.get_logger(__name__)
SERIES_AT_ONCE = 50
FAILURES_MAX = 3
"""After so many questions in a row without an answer the service is left alone for a while."""
WORST_FIRST = ("climatology", "degraded", "full")
FETCHED, FELL_BACK = "gridflex_dispatch_forecasts_fetched", "gridflex_dispatch_forecast_fallbacks"
_ANSWER = TypeAdapter(tuple[Forecast, ...])


class ForecastAway(Exception):
    """The forecast service does not answer, or not sensibly."""


class NoForecast(ServiceError):
    """A series has no forecast, neither fresh nor kept."""

    status = 503
    type = "/problems/no-forecast"
    title = "There is no forecast to plan with"


@dataclass(frozen=True)
class Forecasting:
    """On what forecasts a plan rests."""

    wish: ForecastWish
    forecasts: tuple[Forecast, ...]
    stale: tuple[str, ...]
    """Series whose last vintage stood in, as the forecast service did not answer."""
    reasons: tuple[str, ...]

    @property
    def document(self) -> dict[str, Any]:
        issued = [one.issued_at for one in self.forecasts]
        bases = {one.basis for one in self.forecasts}
        return {
            "basis": "last vintage" if self.stale else "latest",
            "quality": next((basis for basis in WORST_FIRST if basis in bases), None),
            "asked": self.wish.model_dump(mode="json"),
            "series": len(self.forecasts),
            "stale_series": list(self.stale),
            "oldest_issue": min(issued).isoformat() if issued else None,
            "newest_issue": max(issued).isoformat() if issued else None,
            "synthetic": any(one.synthetic for one in self.forecasts),
            "reasons": list(self.reasons),
        }


class Breaker:
    """Stops asking somebody who does not answer, and asks again after a rest."""

    def __init__(self, rest_s: float, clock: Callable[[], float] = time.monotonic):
        self._rest_s = rest_s
        self._clock = clock
        self._failures = 0
        self._rests_until_s = 0.0
        self._lock = threading.Lock()

    def check(self) -> None:
        """Raises while the service is left alone; after the rest one question goes through, and decides."""
        with self._lock:
            if self._failures < FAILURES_MAX:
                return
            if self._clock() < self._rests_until_s:
                raise ForecastAway("the forecast service is left alone for a while after repeated failures")
            self._rests_until_s = self._clock() + self._rest_s

    def tell(self, answered: bool) -> None:
        with self._lock:
            self._failures = 0 if answered else self._failures + 1
            self._rests_until_s = self._clock() + self._rest_s


@dataclass(frozen=True)
class ForecastSource:
    """The forecast service, with the vintages that the store keeps behind it."""

    store: Store
    client: httpx.Client
    breaker: Breaker
    attempts: int
    pause_s: float = 0.2
    """Before the second attempt, on average; then twice as long every time."""

    @classmethod
    def of(cls, settings: Settings, store: Store) -> Self:
        client = _client(settings.forecast_url, settings.forecast_timeout_s)
        breaker = _breaker(settings.forecast_url, settings.forecast_rest_s)
        return cls(store, client, breaker, settings.forecast_attempts)

    def applied(self, case: Case, wish: ForecastWish) -> tuple[Case, Forecasting]:
        """The case with the forecast in place of every number that names its series."""
        wanted = sorted({name for name in _named(case) if name})
        if not wanted:
            raise Unusable("forecast: no zone and no resource of the case names a forecast_series", field="forecast")
        level = 0.5 if wish.level is None else wish.level
        forecasts, stale = self.fetched(wanted, wish.as_of, case.horizon.end)
        reasons = list(_reasons(forecasts, stale))
        by_name = {one.series: one for one in forecasts}
        new = _replaced(case, lambda name: resampled(by_name[name], level, case.horizon))
        return new, Forecasting(wish, forecasts, stale, tuple(reasons))

    def fetched(
        self, series: Sequence[str], as_of: datetime | None, until: datetime
    ) -> tuple[tuple[Forecast, ...], tuple[str, ...]]:
        """One forecast per series, and the series whose last vintage had to stand in."""
        try:
            found = [
                one
                for first in range(0, len(series), SERIES_AT_ONCE)
                for one in self._asked(series[first : first + SERIES_AT_ONCE], as_of, until)
            ]
        except ForecastAway as away:
            log.warning("forecast service away", reason=str(away), series=len(series))
            self.store.tallies.add([Count(FELL_BACK, {}, 1.0)])
            return self._kept(series, as_of), tuple(series)
        self.store.vintages.keep(found)
        self.store.tallies.add([Count(FETCHED, {}, float(len(found)))])
        return tuple(found), ()

    def _kept(self, series: Sequence[str], as_of: datetime | None) -> tuple[Forecast, ...]:
        kept = {name: self.store.vintages.newest(name, None if as_of is None else in_ms(as_of)) for name in series}
        missing = [name for name, one in kept.items() if one is None]
        if missing:
            raise NoForecast(
                f"the forecast service does not answer, and no earlier forecast of {', '.join(missing[:5])} is kept: "
                "ask for a plan without `forecast`, or start the forecast service",
                series=missing[:100],
            )
        return tuple(one for one in kept.values() if one is not None)

    def _asked(self, series: Sequence[str], as_of: datetime | None, until: datetime) -> tuple[Forecast, ...]:
        query: dict[str, Any] = {"series": list(series), "until": until.astimezone(UTC).isoformat()}
        if as_of is not None:
            query["as_of"] = as_of.astimezone(UTC).isoformat(timespec="seconds")
        again = Retrying(
            stop=stop_after_attempt(self.attempts),
            wait=wait_random_exponential(multiplier=self.pause_s, max=5),
            retry=retry_if_exception_type(ForecastAway),
            reraise=True,
        )
        return again(self._asked_once, query)

    def _asked_once(self, query: dict[str, Any]) -> tuple[Forecast, ...]:
        self.breaker.check()
        try:
            response = self.client.get("/v1/forecasts", params=query)
            answer = _read(response)
        except (httpx.HTTPError, ForecastAway) as error:
            self.breaker.tell(answered=False)
            raise ForecastAway(f"{type(error).__name__}: {error}") from error
        self.breaker.tell(answered=True)
        return answer


def _read(response: httpx.Response) -> tuple[Forecast, ...]:
    if response.status_code >= 500 or response.status_code == 429:
        raise ForecastAway(f"it answers {response.status_code}")
    if response.status_code >= 400:
        raise NoForecast(f"the forecast service refuses: {_detail(response)}")
    try:
        return _ANSWER.validate_python(response.json()["forecasts"])
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise ForecastAway(f"its answer cannot be read: {type(error).__name__}") from error


def _detail(response: httpx.Response) -> str:
    try:
        return str(response.json()["detail"])[:500]
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"


def resampled(forecast: Forecast, level: float, horizon: Horizon) -> tuple[float, ...]:
    """The forecast over the steps of a horizon: the mean power of every step, so that no energy is lost."""
    if forecast.unit != "MW":
        raise Unusable(f"forecast: {forecast.series} is in {forecast.unit}; only series in MW can enter a case")
    power_mw = forecast.at_level(level)
    edges_h = np.arange(len(power_mw) + 1) * forecast.step_min / 60
    energy_mwh = np.concatenate([[0.0], np.cumsum(power_mw) * forecast.step_min / 60])
    begin_h = (horizon.start - forecast.start).total_seconds() / 3600
    wanted_h = begin_h + np.arange(horizon.steps + 1) * horizon.step_h
    if wanted_h[0] < -1e-9 or wanted_h[-1] > edges_h[-1] + 1e-9:
        raise NoForecast(
            f"the forecast of {forecast.series} covers {forecast.start.isoformat()} and {edges_h[-1]:g} h from there, "
            f"not the whole horizon from {horizon.start.isoformat()} to {horizon.end.isoformat()}: shorten the "
            "horizon, or have a longer forecast issued",
            series=forecast.series,
        )
    mean_mw: Floats = np.diff(np.interp(wanted_h, edges_h, energy_mwh)) / horizon.step_h
    return tuple(mean_mw.round(6).tolist())


def _named(case: Case) -> Iterator[str | None]:
    yield from (zone.forecast_series for zone in case.zones)
    yield from (getattr(resource, "forecast_series", None) for resource in case.everything)


def _replaced(case: Case, series: Callable[[str], tuple[float, ...]]) -> Case:
    zones = tuple(
        zone.model_copy(update={"demand_mw": series(zone.forecast_series)}) if zone.forecast_series else zone
        for zone in case.zones
    )
    resources = tuple(_with_forecast(resource, series) for resource in case.resources)
    return Case.model_validate(case.replaced(zones=zones, resources=resources).model_dump())


def _with_forecast(resource: AnyResource, series: Callable[[str], tuple[float, ...]]) -> AnyResource:
    if isinstance(resource, VirtualPowerPlant) and isinstance(resource.model, Composition):
        members = tuple(_with_forecast(member, series) for member in resource.model.members)
        model = resource.model.model_copy(update={"members": members})
        return resource.model_copy(update={"model": model})
    name = getattr(resource, "forecast_series", None)
    if not name:
        return resource
    return resource.model_copy(update=_changes(resource, series(name)))


def _changes(resource: Resource, power_mw: tuple[float, ...]) -> dict[str, Any]:
    if isinstance(resource, Renewable):
        available_mw = np.clip(power_mw, 0, None)
        # What cannot be curtailed is at most what there is.
        least_mw = np.minimum(resource.min_mw, available_mw)
        return {"available_mw": tuple(available_mw.tolist()), "min_mw": tuple(least_mw.tolist())}
    assert isinstance(resource, Profile)
    return {"power_mw": power_mw}


def _reasons(forecasts: Iterable[Forecast], stale: tuple[str, ...]) -> Iterator[str]:
    if stale:
        yield f"the forecast service did not answer; the last that were fetched stand in for {len(stale)} series"
    told = [f"{one.series}: {reason}" for one in forecasts for reason in one.reasons]
    yield from told[:20]
    if len(told) > 20:
        yield f"and {len(told) - 20} more reasons like these"


@cache
def _client(url: str, timeout_s: float) -> httpx.Client:
    """One per process, so that connections are kept."""
    return httpx.Client(base_url=url, timeout=timeout_s, trust_env=False)


@cache
def _breaker(url: str, rest_s: float) -> Breaker:
    return Breaker(rest_s)
