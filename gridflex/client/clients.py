"""The two clients: the same nouns, with a transport that waits or one that is awaited."""

from typing import Any, Self

import httpx

from gridflex.client.dispatch import Assessments, AuditLog, Cases, Plans, PlanTicket, Provinces
from gridflex.client.forecast import (
    Backtests,
    Forecasts,
    Models,
    Observations,
    ScenarioDraws,
    Series,
    Weather,
)
from gridflex.client.patience import Patience
from gridflex.client.transports import TIMEOUT, AsyncTransport, Transport

DISPATCH_URL = "http://127.0.0.1:8080"
FORECAST_URL = "http://127.0.0.1:8081"


def _at(url: str, key: str | None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {"base_url": url, "headers": headers, "timeout": TIMEOUT}


class Client:
    """Both services; every word is answered before it returns. One client serves many threads."""

    def __init__(
        self,
        url: str = DISPATCH_URL,
        key: str | None = None,
        forecast_url: str = FORECAST_URL,
        patience: Patience | None = None,
    ):
        """`key` is an API key or a bearer token; `patience` says how often a call is tried."""
        self._http = (httpx.Client(**_at(url, key)), httpx.Client(**_at(forecast_url, key)))
        dispatch, forecast = (Transport(one, patience or Patience()) for one in self._http)
        self.cases, self.plans = Cases(dispatch), Plans(dispatch)
        self.provinces, self.audit = Provinces(dispatch), AuditLog(dispatch)
        self.assessments = Assessments(dispatch)
        self.series, self.observations, self.weather = Series(forecast), Observations(forecast), Weather(forecast)
        self.forecasts, self.scenarios = Forecasts(forecast), ScenarioDraws(forecast)
        self.backtests, self.models = Backtests(forecast), Models(forecast)

    def plan(self, case: Any = None, **wish: Any) -> PlanTicket:
        """Ask for a plan; what `plans.ask` takes."""
        return self.plans.ask(case, **wish)

    def close(self) -> None:
        for one in self._http:
            one.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient:
    """Both services; every word is awaited, also those of tickets."""

    def __init__(
        self,
        url: str = DISPATCH_URL,
        key: str | None = None,
        forecast_url: str = FORECAST_URL,
        patience: Patience | None = None,
    ):
        self._http = (httpx.AsyncClient(**_at(url, key)), httpx.AsyncClient(**_at(forecast_url, key)))
        dispatch, forecast = (AsyncTransport(one, patience or Patience()) for one in self._http)
        # A word returns an awaitable here, which the shared nouns cannot say.
        self.cases: Any = Cases(dispatch)
        self.plans: Any = Plans(dispatch)
        self.provinces: Any = Provinces(dispatch)
        self.audit: Any = AuditLog(dispatch)
        self.assessments: Any = Assessments(dispatch)
        self.series: Any = Series(forecast)
        self.observations: Any = Observations(forecast)
        self.weather: Any = Weather(forecast)
        self.forecasts: Any = Forecasts(forecast)
        self.scenarios: Any = ScenarioDraws(forecast)
        self.backtests: Any = Backtests(forecast)
        self.models: Any = Models(forecast)

    async def plan(self, case: Any = None, **wish: Any) -> Any:
        """Ask for a plan; what `plans.ask` takes."""
        return await self.plans.ask(case, **wish)

    async def close(self) -> None:
        for one in self._http:
            await one.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
