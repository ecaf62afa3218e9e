"""Weather forecasts of others, issue by issue."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field, model_validator

from grid_models.quantities import Data, Name
from services.forecast.api.idempotency import once
from services.forecast.api.wiring import Body, Dated, IdempotencyKey, TheSettings, TheStore
from services.forecast.errors import TooLarge, Unusable
from services.forecast.ingest import ingest_weather
from services.forecast.known import Moment, Moments, aware, moment
from services.forecast.store import WeatherIssue
from services.forecast.store.series import now
from services.web.idempotency import digest_of

router = APIRouter(prefix="/v1/weather", tags=["observations"])


class IssuedWeather(Data):
    """What one issue of a source says about one weather series."""

    series: Name
    source: Name
    """Who issued it, such as `ecmwf`."""
    issued_at: Dated
    known_at: Dated | None = None
    """When it could be read; None: now, or `delay_h` after the issue."""
    delay_h: Annotated[float, Field(ge=0, le=8784)] | None = None
    """How long after the issue it could be read: for archives."""
    times: tuple[Dated, ...] | None = None
    """Rising."""
    start: Dated | None = None
    step_min: Annotated[int, Field(ge=1, le=1440)] = 60
    values: Annotated[tuple[Annotated[float, Field(ge=-1e15, le=1e15)] | None, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _makes_sense(self) -> "IssuedWeather":
        if (self.times is None) == (self.start is None):
            raise ValueError(f"{self.series}: give either times or start")
        if self.times is not None and len(self.times) != len(self.values):
            raise ValueError(f"times: {self.series} has {len(self.times)} of them for {len(self.values)} values")
        if self.known_at is not None and self.delay_h is not None:
            raise ValueError(f"{self.series}: give either known_at or delay_h")
        return self


class WeatherBatch(Data):
    """Issues of some weather series; all of them are kept or none."""

    issues: Annotated[tuple[IssuedWeather, ...], Field(min_length=1, max_length=100_000)]


class WeatherKept(Data):
    """What became of them."""

    received: int
    new: int
    """The others were known already."""


EXAMPLE = {
    "issues": [
        {
            "series": "temperature_hangzhou",
            "source": "ecmwf",
            "issued_at": "2030-07-15T00:00:00Z",
            "start": "2030-07-15T00:00:00Z",
            "values": [28.1, 28.9, 30.2],
        }
    ]
}
ACCEPTED = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WeatherBatch"}, "example": EXAMPLE}},
    }
}


@router.post("", response_model=WeatherKept, openapi_extra=ACCEPTED)
def add(body: Body, store: TheStore, settings: TheSettings, key: IdempotencyKey = None) -> JSONResponse:
    """Send weather forecasts; an issue that comes again with other values is kept beside its first version."""

    def work() -> tuple[int, WeatherKept]:
        batch = WeatherBatch.model_validate_json(body)
        count = sum(len(one.values) for one in batch.issues)
        if count > settings.batch_max_values:
            raise TooLarge(f"the batch has {count:,} values; send at most {settings.batch_max_values:,} at once")
        received_at = now()
        issues = [_issue(one, received_at) for one in batch.issues]
        return 200, WeatherKept(received=len(issues), new=ingest_weather(store, issues, settings.clock_skew_max_s))

    return once(store, key, digest_of("weather", body), work)


def _issue(one: IssuedWeather, received_at: Moment) -> WeatherIssue:
    values = np.array([np.nan if value is None else value for value in one.values])
    times = _times(one)
    fallen = np.flatnonzero(np.diff(times).astype(np.int64) <= 0)
    if len(fallen):
        at = aware(times[fallen[0] + 1]).isoformat()
        raise Unusable(f"times: {one.series} goes back to {at}; times must rise", field="times", series=one.series)
    return WeatherIssue(one.series, one.source, moment(one.issued_at), _known_at(one, received_at), times, values)


def _known_at(one: IssuedWeather, received_at: Moment) -> Moment:
    if one.delay_h is not None:
        return moment(one.issued_at) + np.timedelta64(round(one.delay_h * 3600), "s")
    return received_at if one.known_at is None else moment(one.known_at)


def _times(one: IssuedWeather) -> Moments:
    if one.times is not None:
        return np.array([moment(time) for time in one.times], "datetime64[s]")
    assert one.start is not None
    return moment(one.start) + np.arange(len(one.values)) * np.timedelta64(one.step_min * 60, "s")
