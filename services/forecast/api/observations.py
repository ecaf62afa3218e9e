"""Observations: measured values in batches, and what was known of them at any moment."""

import io
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, Field, model_validator

from grid_models.quantities import Data, Finite, Name
from services.forecast.api.idempotency import once
from services.forecast.api.wiring import (
    AsOf,
    Body,
    ContentType,
    Dated,
    IdempotencyKey,
    MaybeMoment,
    TheSettings,
    TheStore,
    in_order,
)
from services.forecast.errors import TooLarge, Unusable
from services.forecast.ingest import ingest
from services.forecast.known import Moment, Moments, aware, moment
from services.forecast.quality.flags import named
from services.forecast.quality.on_demand import check
from services.forecast.quality.report import QualityReport
from services.forecast.settings import Settings
from services.forecast.sources.tables import ARROW_STREAM, CSV, NOT_TOLD, TABLES, Incoming, incoming, read_table
from services.forecast.store import Readings, Store
from services.web.idempotency import digest_of

router = APIRouter(prefix="/v1/observations", tags=["observations"])
SERIES_MAX = 1000
UNITS_IN_MW = {"MW": 1.0, "kW": 1e-3, "GW": 1e3, "W": 1e-6}


class ObservedValues(Data):
    """Values of one series: with their times, or from a start on at the step of the series."""

    series: Name
    times: tuple[Dated, ...] | None = None
    start: Dated | None = None
    step_min: Annotated[int, Field(ge=1, le=1440)] | None = None
    """None: the step of the series."""
    values: tuple[Finite | None, ...]
    """None: there is no value."""
    known_at: Dated | tuple[Dated | None, ...] | None = None
    """When they became known: once for all, or for each. None: after the delay of the series, at the latest now."""
    unit: str | None = None
    """Of power: MW, kW, GW or W; None: that of the series."""

    @model_validator(mode="after")
    def _makes_sense(self) -> "ObservedValues":
        if (self.times is None) == (self.start is None):
            raise ValueError(f"{self.series}: give either times or start")
        for name, listed in (("times", self.times), ("known_at", self.known_at)):
            if isinstance(listed, tuple) and len(listed) != len(self.values):
                raise ValueError(f"{name}: {self.series} has {len(listed)} of them for {len(self.values)} values")
        return self


class ObservationBatch(Data):
    """Values of some series; all of them are kept or none."""

    observations: Annotated[tuple[ObservedValues, ...], Field(min_length=1, max_length=20_000)]
    correct: bool = False
    """Whether models may see values turned to the right unit and sign; they are kept as they came in any case."""


class KnownValues(Data):
    """Values of one series as they were known."""

    series: Name
    unit: str
    times: tuple[AwareDatetime, ...]
    values: tuple[float | None, ...]
    usable: tuple[float | None, ...]
    """What models see: none where a doubt hides the value."""
    known_at: tuple[AwareDatetime, ...]
    doubts: dict[str, tuple[int, ...]]
    """By doubt: the places in the lists."""


class Observations(Data):
    observations: tuple[KnownValues, ...]


EXAMPLE = {
    "observations": [{"series": "wind_1", "start": "2030-07-15T00:00:00+08:00", "values": [31.2, 30.8, None, 29.9]}]
}
TABLE_NOTE = "Rows of `series, time, value[, known_at]`, or `time` and one column per series."
_BINARY: dict[str, Any] = {"type": "string", "format": "binary", "description": TABLE_NOTE}
ACCEPTED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/ObservationBatch"}, "example": EXAMPLE},
            CSV: {
                "schema": {"type": "string"},
                "example": "series,time,value\nwind_1,2030-07-15T00:00:00+08:00,31.2\n",
            },
            **{form: {"schema": _BINARY} for form in TABLES if form != CSV},
        },
    }
}


@router.post("", response_model=QualityReport, openapi_extra=ACCEPTED)
def add(
    body: Body,
    content_type: ContentType,
    store: TheStore,
    settings: TheSettings,
    key: IdempotencyKey = None,
    correct: Annotated[bool, Query(description="As in the JSON batch; for tables.")] = False,
) -> JSONResponse:
    """Send measured values; the answer says what became of each and what is doubtful.

    The same batch again changes nothing and gets the same answer. A value that differs corrects the earlier one, which
    stays known as of then.
    """

    def work() -> tuple[int, QualityReport]:
        batch, turn = _batch(store, body, content_type, correct)
        _not_too_many(sum(len(some.values) for some in batch), settings)
        return 200, ingest(store, batch, clock_skew_max_s=settings.clock_skew_max_s, correct=turn)

    return once(store, key, digest_of("observations", content_type, str(correct), body), work)


def _batch(store: Store, body: bytes, content_type: str, correct: bool) -> tuple[list[Incoming], bool]:
    if content_type != "application/json":
        return incoming(read_table(body, content_type)), correct
    batch = ObservationBatch.model_validate_json(body)
    described = store.series.many([one.series for one in batch.observations])
    return [
        _incoming(one, series.step_min, series.unit) for one, series in zip(batch.observations, described, strict=True)
    ], correct or batch.correct


def _incoming(one: ObservedValues, step_min: int, unit: str) -> Incoming:
    values = np.array([np.nan if value is None else value for value in one.values], dtype=np.float64)
    times = _times(one, step_min)
    return Incoming(one.series, times, values * _factor(one, unit), _known_at(one, len(values)))


def _factor(one: ObservedValues, unit: str) -> float:
    if one.unit is None or one.unit == unit:
        return 1.0
    if unit == "MW" and one.unit in UNITS_IN_MW:
        return UNITS_IN_MW[one.unit]
    raise Unusable(f"unit: {one.series} is in {unit}, not in {one.unit}; convert the values", field="unit")


def _times(one: ObservedValues, step_min: int) -> Moments:
    if one.times is not None:
        return _moments(one.times)
    assert one.start is not None
    return moment(one.start) + np.arange(len(one.values)) * np.timedelta64((one.step_min or step_min) * 60, "s")


def _known_at(one: ObservedValues, rows: int) -> Moments:
    if isinstance(one.known_at, tuple):
        return np.array([NOT_TOLD if at is None else moment(at) for at in one.known_at], "datetime64[s]")
    return np.full(rows, NOT_TOLD if one.known_at is None else moment(one.known_at), "datetime64[s]")


def _moments(times: tuple[AwareDatetime, ...]) -> Moments:
    return np.array([int(time.timestamp()) for time in times], np.int64).astype("datetime64[s]")


def _not_too_many(values: int, settings: Settings) -> None:
    if values > settings.batch_max_values:
        raise TooLarge(f"the batch has {values:,} values; send at most {settings.batch_max_values:,} at once")


@router.get(
    "",
    response_model=Observations,
    responses={200: {"content": {form: {"schema": _BINARY} for form in (CSV, ARROW_STREAM)}}},
)
def known(
    request: Request,
    store: TheStore,
    settings: TheSettings,
    series: Annotated[list[Name], Query(min_length=1, max_length=SERIES_MAX)],
    start: Annotated[MaybeMoment, Query(alias="from", description="The first time.")] = None,
    end: Annotated[MaybeMoment, Query(alias="to", description="Up to, not including, this time.")] = None,
    as_of: AsOf = None,
) -> Response:
    """What was known about some series at a moment; as JSON, CSV or an Arrow stream, by `Accept`."""
    in_order(start, end)
    found = store.observations.read_many(series, _or_none(start), _or_none(end), _or_none(as_of))
    count = sum(len(rows) for rows in found.values())
    if count > settings.answer_max_values:
        limit = settings.answer_max_values
        raise TooLarge(f"the answer has {count:,} values, more than {limit:,}; ask for a shorter time or fewer series")
    accept = request.headers.get("accept", "")
    if ARROW_STREAM in accept:
        return Response(_arrow(_table(found)), media_type=ARROW_STREAM)
    if CSV in accept:
        return Response(_csv(_table(found)), media_type=CSV)
    units = dict(zip(found, (one.unit for one in store.series.many(list(found))), strict=True))
    told = tuple(_values(name, units[name], rows) for name, rows in found.items())
    return Response(Observations(observations=told).model_dump_json(), media_type="application/json")


@router.post("/check", response_model=QualityReport)
def check_again(
    store: TheStore,
    series: Annotated[list[Name], Query(min_length=1, max_length=SERIES_MAX)],
    start: Annotated[MaybeMoment, Query(alias="from")] = None,
    end: Annotated[MaybeMoment, Query(alias="to")] = None,
    mark: Annotated[bool, Query(description="Whether the doubts count from now on.")] = False,
    correct: Annotated[bool, Query(description="With `mark`: let models see the right unit and sign.")] = False,
) -> QualityReport:
    """Judge what is there once more, now that more is known; nothing changes unless `mark` says so."""
    in_order(start, end)
    return check(store, series, _or_none(start), _or_none(end), mark=mark, correct=correct)


def _or_none(at: AwareDatetime | None) -> Moment | None:
    return None if at is None else moment(at)


def _values(name: str, unit: str, rows: Readings) -> KnownValues:
    doubts: dict[str, list[int]] = {}
    for place in np.flatnonzero(rows.flags):
        for doubt in named(int(rows.flags[place])):
            doubts.setdefault(doubt, []).append(int(place))
    return KnownValues(
        series=name,
        unit=unit,
        times=tuple(map(aware, rows.times)),
        values=_or_nothing(rows.values),
        usable=_or_nothing(rows.usable),
        known_at=tuple(map(aware, rows.known_at)),
        doubts={doubt: tuple(places) for doubt, places in doubts.items()},
    )


def _or_nothing(values: Any) -> tuple[float | None, ...]:
    return tuple(None if value != value else value for value in values.tolist())


def _table(found: dict[str, Readings]) -> pa.Table:
    """In the form in which observations come in, with what models see beside it."""
    rows = Readings.joined(list(found.values()))
    lengths = [len(some) for some in found.values()]
    utc = pa.timestamp("s", "UTC")
    return pa.table(
        {
            "series": pa.array(np.repeat(list(found), lengths)).dictionary_encode(),
            "time": pa.array(rows.times).cast(utc),
            "value": pa.array(rows.values, from_pandas=True),
            "known_at": pa.array(rows.known_at).cast(utc),
            "usable": pa.array(rows.usable, from_pandas=True),
            "flags": pa.array(rows.flags),
        }
    )


def _arrow(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _csv(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    plain = table.set_column(0, "series", table["series"].cast(pa.string()))
    pa.csv.write_csv(plain, sink)
    return sink.getvalue()
