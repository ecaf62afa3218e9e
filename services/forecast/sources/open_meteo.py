"""Weather from a JSON service that speaks as Open-Meteo does: `/v1/forecast` by the hour or the quarter of an hour.

https://open-meteo.com/en/docs describes the request and the answer. Values that the service gives as the mean of the
hour before are moved to the beginning of their step, as everywhere here.
"""

import email.utils
import hashlib
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
import numpy as np
import tenacity

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.errors import ForecastError, Unusable
from services.forecast.known import Moment, Moments
from services.forecast.store import WeatherIssue

Resolution = Literal["hourly", "minutely_15"]
STEP_S = {"hourly": 3600, "minutely_15": 900}
DAY_S = 86_400
BODY_MAX_BYTES = 50 * 2**20


@dataclass(frozen=True)
class Variable:
    """A variable of the service: its name there, and how it becomes ours."""

    name: str
    factor: float = 1.0
    before: bool = False
    """Whether it is the mean of the step that ends at its time, as radiation is."""


VARIABLES: Mapping[str, Variable] = {
    "temperature_c": Variable("temperature_2m"),
    "dew_point_c": Variable("dew_point_2m"),
    "relative_humidity": Variable("relative_humidity_2m", 0.01),
    "wind_speed_10m_m_per_s": Variable("wind_speed_10m"),
    "wind_speed_80m_m_per_s": Variable("wind_speed_80m"),
    "wind_speed_100m_m_per_s": Variable("wind_speed_100m"),
    "wind_speed_120m_m_per_s": Variable("wind_speed_120m"),
    "wind_direction_10m_deg": Variable("wind_direction_10m"),
    "wind_direction_100m_deg": Variable("wind_direction_100m"),
    "wind_gust_10m_m_per_s": Variable("wind_gusts_10m"),
    "pressure_pa": Variable("surface_pressure", 100.0),
    "cloud_cover": Variable("cloud_cover", 0.01),
    "irradiance_w_per_m2": Variable("shortwave_radiation", before=True),
    "irradiance_direct_normal_w_per_m2": Variable("direct_normal_irradiance", before=True),
    "irradiance_diffuse_w_per_m2": Variable("diffuse_radiation", before=True),
    "precipitation_mm": Variable("precipitation", before=True),
    "snow_depth_m": Variable("snow_depth"),
}
"""Our names, with their units, and theirs; wind is asked for in m/s."""


class SourceFailed(ForecastError):
    """A weather service gave no answer that can be used."""

    status = 502
    type = "/problems/source-failed"
    title = "A weather service gave no usable answer"

    def __init__(self, source: str, kind: str, detail: str, *, again: bool = True, after_s: float | None = None):
        super().__init__(f"{source}: {detail}", source=source, reason=kind)
        self.kind = kind
        """A short name for metrics: refused, timeout, status, broken, incomplete."""
        self.again = again
        """Whether asking again may help."""
        self.after_s = after_s
        """How long the service asks us to wait."""


class WeatherSource(Protocol):
    """Somebody who forecasts the weather at points."""

    @property
    def name(self) -> str: ...

    def latest(self, series: Sequence[SeriesDescription], now: Moment, days: int) -> list[WeatherIssue]:
        """The newest issue for each of these weather series."""
        ...


@dataclass(frozen=True)
class OpenMeteo:
    """A service at a URL, with what may be asked of it."""

    name: str
    url: str = "https://api.open-meteo.com"
    resolution: Resolution = "hourly"
    model: str | None = None
    """Of the service, such as `ecmwf_ifs025`; None: its best match."""
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 10.0
    """For connecting and between two pieces of the answer."""
    answer_max_s: float = 30.0
    """For the whole answer: one that drips is given up."""
    attempts: int = 4
    wait_first_s: float = 0.5
    wait_max_s: float = 20.0
    cache_dir: Path | None = None
    cache_s: float = 600.0
    """How long an answer is good: the models behind the service run every hour at most."""

    def latest(self, series: Sequence[SeriesDescription], now: Moment, days: int = 10) -> list[WeatherIssue]:
        """The newest issue; it is known now, and as the service does not say when it was made, issued now."""
        query = {"forecast_days": str(days), "past_days": "1"}
        return self._issues(series, "/v1/forecast", query, now)

    def previous(
        self, series: Sequence[SeriesDescription], first: Moment, last: Moment, days_before: int, delay_h: float = 6.0
    ) -> list[WeatherIssue]:
        """What was forecast so many days before (`previous-runs` services), one issue per day that it is for.

        The value for each hour comes from the run so many days before that hour, so the day as a whole was known only
        when its last hour's run was: `delay_h` after the end of the day of the runs. With 0 days (as
        `historical-forecast` services have it) nothing is known ahead, and the values stand for measured weather.
        """
        query = {"start_date": str(first.astype("datetime64[D]")), "end_date": str(last.astype("datetime64[D]"))}
        late = np.timedelta64(round(delay_h * 3600) + DAY_S, "s")
        ahead = np.timedelta64(days_before * DAY_S, "s")
        suffix = f"_previous_day{days_before}" if days_before else ""
        whole = self._issues(series, "/v1/forecast", query, last, suffix)
        return [day for issue in whole for day in _by_day(issue, late, ahead)]

    def _issues(
        self, series: Sequence[SeriesDescription], path: str, query: dict[str, str], now: Moment, suffix: str = ""
    ) -> list[WeatherIssue]:
        points = _points(series)
        if not points:
            return []
        names = sorted({_variable(one).name + suffix for one in series})
        answers = _several(self.name, self._asked(path, {**query, **self._common(points, names)}), len(points))
        found = []
        for answer, some in zip(answers, points.values(), strict=True):
            for one in some:
                times, values = _column(self.name, answer, self.resolution, _variable(one), suffix)
                found.append(WeatherIssue(one.name, self.name, now, now, times, values))
        return found

    def _common(self, points: Mapping[tuple[float, float], Any], names: Sequence[str]) -> dict[str, str]:
        query = {
            "latitude": ",".join(f"{latitude:g}" for latitude, _ in points),
            "longitude": ",".join(f"{longitude:g}" for _, longitude in points),
            self.resolution: ",".join(names),
            "timeformat": "unixtime",
            "timezone": "GMT",
            "wind_speed_unit": "ms",
        }
        given = {"models": self.model, "apikey": self.api_key}
        return query | {name: value for name, value in given.items() if value}

    def _asked(self, path: str, query: dict[str, str]) -> Any:
        kept = _Cache(self.cache_dir, self.cache_s).of(self.url + path, query)
        document = kept.read()
        if document is None:
            document = self._insisting(lambda: self._ask(path, query))
            kept.write(document)
        return document

    def _insisting(self, ask: Any) -> Any:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self.attempts),
            retry=tenacity.retry_if_exception(lambda error: isinstance(error, SourceFailed) and error.again),
            wait=self._pause,
            reraise=True,
        )
        return retrying(ask)

    def _pause(self, state: tenacity.RetryCallState) -> float:
        """As long as the service asks for, else twice as long each time, and never in step with others."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.after_s if isinstance(error, SourceFailed) else None
        usual = self.wait_first_s * 2 ** (state.attempt_number - 1) * random.uniform(0.5, 1.0)
        return float(min(usual if asked is None else max(asked, 0.0), self.wait_max_s))

    def _ask(self, path: str, query: dict[str, str]) -> Any:
        try:
            with (
                httpx.Client(
                    base_url=self.url, timeout=self.timeout_s, follow_redirects=True, max_redirects=5
                ) as client,
                client.stream("GET", path, params=query) as response,
            ):
                body = self._body(response)
        except httpx.TooManyRedirects as error:
            raise SourceFailed(self.name, "status", "sends us round in a ring of redirects", again=False) from error
        except httpx.TimeoutException as error:
            raise SourceFailed(self.name, "timeout", f"no answer within {self.timeout_s:g} s") from error
        except httpx.ConnectError as error:
            raise SourceFailed(self.name, "refused", f"cannot be reached ({error})") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise SourceFailed(self.name, "broken", f"the answer broke off ({error})") from error
        return _document(self.name, response, body)

    def _body(self, response: httpx.Response) -> bytes:
        deadline, pieces, size = time.monotonic() + self.answer_max_s, [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if time.monotonic() > deadline:
                raise SourceFailed(self.name, "timeout", f"the answer was not whole within {self.answer_max_s:g} s")
            if size > BODY_MAX_BYTES:
                raise SourceFailed(self.name, "broken", "the answer does not end", again=False)
        return b"".join(pieces)


def _document(source: str, response: httpx.Response, body: bytes) -> Any:
    if response.status_code == 429 or response.status_code >= 500:
        words = f"answers {response.status_code}"
        raise SourceFailed(source, "status", words, after_s=_retry_after(response))
    try:
        document = json.loads(body)
    except ValueError as error:
        kind = response.headers.get("content-type", "no content type")
        again = response.status_code < 400
        raise SourceFailed(source, "broken", f"the answer is no JSON but {kind}", again=again) from error
    if response.status_code >= 400 or (isinstance(document, dict) and document.get("error")):
        reason = str(document.get("reason", "no reason given"))[:200] if isinstance(document, dict) else ""
        raise SourceFailed(source, "status", f"refuses the question ({response.status_code}): {reason}", again=False)
    return document


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, or the moment from which on we may ask again."""
    told = response.headers.get("retry-after")
    if told is None:
        return None
    if told.strip().isdigit():
        return float(told)
    try:
        return (email.utils.parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None


def _points(series: Sequence[SeriesDescription]) -> dict[tuple[float, float], list[SeriesDescription]]:
    points: dict[tuple[float, float], list[SeriesDescription]] = {}
    for one in series:
        if one.latitude is None or one.longitude is None:
            raise Unusable(
                f"{one.name}: has no position; give latitude and longitude", field="latitude", series=one.name
            )
        points.setdefault((one.latitude, one.longitude), []).append(one)
    return points


def _variable(one: SeriesDescription) -> Variable:
    found = VARIABLES.get(one.variable or "")
    if found is None:
        known = ", ".join(VARIABLES)
        raise Unusable(f"{one.name}: {one.variable} is not offered there; there are {known}", field="variable")
    return found


def _several(source: str, document: Any, points: int) -> list[Any]:
    """One answer per point; a single one comes without a list."""
    answers = document if isinstance(document, list) else [document]
    if len(answers) != points:
        raise SourceFailed(source, "incomplete", f"answers for {len(answers)} of {points} points", again=False)
    return answers


def _column(
    source: str, answer: Any, resolution: Resolution, variable: Variable, suffix: str
) -> tuple[Moments, Floats]:
    block = answer.get(resolution) if isinstance(answer, dict) else None
    if not isinstance(block, dict) or not isinstance(block.get("time"), list):
        raise SourceFailed(source, "incomplete", f"the answer has no {resolution} times", again=False)
    column = block.get(variable.name + suffix)
    if not isinstance(column, list):
        raise SourceFailed(source, "incomplete", f"the answer lacks {variable.name + suffix}", again=False)
    if len(column) != len(block["time"]) or not column:
        lengths = f"{len(column)} values of {variable.name} for {len(block['time'])} times"
        raise SourceFailed(source, "incomplete", f"the answer has {lengths}", again=False)
    times, values = _numbers(source, block["time"]), _numbers(source, column)
    if np.isnan(times).any() or (np.diff(times) <= 0).any():
        raise SourceFailed(source, "incomplete", "the times of the answer do not rise", again=False)
    if np.isnan(values).all():
        raise SourceFailed(source, "incomplete", f"the answer has no value of {variable.name}", again=False)
    begin_s = times.astype(np.int64) - (STEP_S[resolution] if variable.before else 0)
    return begin_s.astype("datetime64[s]"), values * variable.factor


def _numbers(source: str, column: Sequence[Any]) -> Floats:
    """NaN where there is none."""
    try:
        numbers = np.array([np.nan if value is None else float(value) for value in column], dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SourceFailed(source, "broken", f"the answer holds what is no number ({error})", again=False) from error
    numbers[~np.isfinite(numbers)] = np.nan
    return numbers


def _by_day(issue: WeatherIssue, late: np.timedelta64, ahead: np.timedelta64) -> list[WeatherIssue]:
    """One issue per day (UTC), issued at its beginning or so long before."""
    days = issue.times.astype("datetime64[D]")
    parts = np.split(np.arange(len(days)), np.flatnonzero(np.diff(days).astype(np.int64)) + 1)
    return [
        WeatherIssue(
            issue.series,
            issue.source,
            (begin := days[part[0]].astype("datetime64[s]") - ahead),
            begin + late,
            issue.times[part],
            issue.values[part],
        )
        for part in parts
    ]


@dataclass(frozen=True)
class _Cache:
    """Answers in files, by the question."""

    folder: Path | None
    fresh_s: float

    def of(self, url: str, query: Mapping[str, str]) -> "_Kept":
        asked = json.dumps([url, sorted((name, text) for name, text in query.items() if name != "apikey")])
        name = hashlib.sha256(asked.encode()).hexdigest()
        return _Kept(None if self.folder is None else self.folder / f"{name}.json", self.fresh_s)


@dataclass(frozen=True)
class _Kept:
    """One answer, if it is kept and fresh."""

    path: Path | None
    fresh_s: float

    def read(self) -> Any:
        if self.path is None or not self.path.exists() or time.time() - self.path.stat().st_mtime > self.fresh_s:
            return None
        try:
            return json.loads(self.path.read_bytes())
        except ValueError:
            return None  # half written by a process that died

    def write(self, document: Any) -> None:
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{random.getrandbits(64):x}.part")
        draft.write_text(json.dumps(document), encoding="utf-8")
        draft.replace(self.path)
