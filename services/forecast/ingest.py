"""Observations on their way in: judged, stamped with when they became known, kept as they came."""

import hashlib
from collections.abc import Sequence

import numpy as np
import structlog

from grid_models.forecast import SeriesDescription
from services.forecast.errors import Unusable
from services.forecast.known import Moment, aware
from services.forecast.quality.judging import CONTEXT_DAYS, judged
from services.forecast.quality.report import Finding, QualityReport
from services.forecast.sources.tables import Incoming
from services.forecast.store import Added, Arrivals, Readings, Store, WeatherIssue
from services.forecast.store.series import now
from services.forecast.telemetry import DOUBTED, INGESTED

FIRST_YEAR, LAST_YEAR = 1900, 2200
"""Times beyond are a slip: nobody measured power before, and forecasts do not reach so far."""
LARGEST = 1e15
"""No quantity here is larger, in any unit that is meant by mistake."""
HOTTEST_C = 95.0
"""No air was ever so hot or so cold."""
log = structlog.get_logger(__name__)


def ingest(
    store: Store,
    batch: Sequence[Incoming],
    *,
    received_at: Moment | None = None,
    clock_skew_max_s: float = 300.0,
    correct: bool = False,
) -> QualityReport:
    """Keeps the whole batch or nothing of it; the same batch again gets the same answer and changes nothing.

    `correct` lets models see values in the series' unit and sign where the doubt says how; they are kept as they came.
    """
    received = now() if received_at is None else received_at
    digest = _digest(batch, correct)
    before = store.observations.seen_batch(digest)
    if before is not None:
        return QualityReport.model_validate(before).model_copy(update={"repeated_batch": True})
    merged = _merged(batch)
    described = dict(zip(merged, store.series.many(list(merged)), strict=True))
    for name, some in merged.items():
        _possible(name, some)
        _not_from_the_future(name, some, received, clock_skew_max_s)
    contexts = _contexts(store, merged)
    arrivals, findings = {}, []
    for name, some in merged.items():
        stamped, assumed = _stamped(described[name], some, received)
        rows, found = judged(described[name], stamped, contexts[name], correct)
        arrivals[name] = Arrivals(rows, assumed)
        findings += found
    return _kept(store, arrivals, findings, described, received, digest)


def ingest_weather(store: Store, issues: Sequence[WeatherIssue], clock_skew_max_s: float = 300.0) -> int:
    """Keeps all of the issues or none; how many were new. What cannot be meant is refused."""
    latest = now() + np.timedelta64(round(clock_skew_max_s), "s")
    described = {one.name: one for one in store.series.many(list(dict.fromkeys(one.series for one in issues)))}
    for one in issues:
        _is_issue(one, described[one.series], latest)
    return store.weather.add(issues)


def _is_issue(one: WeatherIssue, series: SeriesDescription, latest: Moment) -> None:
    told = f"{one.series} of {one.source}, issued {one.issued},"
    if series.kind != "weather":
        raise Unusable(f"series: {one.series} is {series.kind}, not weather; bring forecasts of it as your own")
    for field, at in (("issued_at", one.issued), ("known_at", one.known_at)):
        if at > latest:
            raise Unusable(f"{field}: {told} has {at}, which is still to come", field=field, series=one.series)
    if one.known_at < one.issued:
        raise Unusable(f"known_at: {told} cannot be known at {one.known_at} already", field="known_at")
    name = series.variable or ""
    if "temperature" in name and name.endswith("_c") and np.nanmax(np.abs(one.values), initial=0.0) > HOTTEST_C:
        words = f"has {np.nanmax(np.abs(one.values)):g} degrees Celsius; is it in kelvin or Fahrenheit?"
        raise Unusable(f"values: {told} {words}", field="values", series=one.series)


def _kept(
    store: Store,
    arrivals: dict[str, Arrivals],
    findings: Sequence[Finding],
    described: dict[str, SeriesDescription],
    received: Moment,
    digest: bytes,
) -> QualityReport:
    count = sum(len(some.readings) for some in arrivals.values())
    masked = sum(int(np.isnan(some.readings.usable).sum()) for some in arrivals.values())
    draft = QualityReport(received=count, masked=masked, findings=tuple(findings))

    def report(added: Added) -> QualityReport:
        return draft.model_copy(update={"new": added.new, "corrected": added.corrected, "repeated": added.repeated})

    added = store.observations.add(arrivals, received, digest, lambda so_far: report(so_far).model_dump(mode="json"))
    _count(described, added, findings)
    return report(added)


def _count(described: dict[str, SeriesDescription], added: Added, findings: Sequence[Finding]) -> None:
    kinds = {one.kind for one in described.values()}
    kind = kinds.pop() if len(kinds) == 1 else "several"
    for outcome in ("new", "corrected", "repeated"):
        INGESTED.labels(kind, outcome).inc(getattr(added, outcome))
    for finding in findings:
        DOUBTED.labels(finding.doubt, finding.action).inc(finding.values)
    log.info(
        "observations kept", series=len(described), new=added.new, corrected=added.corrected, findings=len(findings)
    )


def _digest(batch: Sequence[Incoming], correct: bool) -> bytes:
    digest = hashlib.sha256(b"corrected" if correct else b"as it came")
    for some in batch:
        name = some.series.encode()
        for piece in (name, some.times.tobytes(), some.values.tobytes(), some.known_at.tobytes()):
            digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.digest()


def _merged(batch: Sequence[Incoming]) -> dict[str, Incoming]:
    """One entry per series, in the order in which they first appear."""
    parts: dict[str, list[Incoming]] = {}
    for some in batch:
        parts.setdefault(some.series, []).append(some)
    return {name: _joined(name, several) for name, several in parts.items()}


def _joined(name: str, several: Sequence[Incoming]) -> Incoming:
    columns = zip(*((one.times, one.values, one.known_at) for one in several), strict=True)
    return several[0] if len(several) == 1 else Incoming(name, *map(np.concatenate, columns))


def _possible(name: str, some: Incoming) -> None:
    """Refuses what cannot be meant; everything that might be is kept and judged."""
    for field, moments in (("time", some.times), ("known_at", some.known_at)):
        years = moments.astype("datetime64[Y]").astype(np.int64) + 1970
        wrong = ~np.isnat(moments) & ((years < FIRST_YEAR) | (years >= LAST_YEAR))
        if wrong.any():
            words = f"must lie between the years {FIRST_YEAR} and {LAST_YEAR}"
            raise Unusable(f"{field}: {name} has {moments[wrong][0]}; it {words}", field=field, series=name)
    if (np.abs(some.values) > LARGEST).any():
        raise Unusable(f"value: {name} has a value beyond {LARGEST:g}; leave it empty", field="value", series=name)


def _not_from_the_future(name: str, some: Incoming, received: Moment, skew_max_s: float) -> None:
    late = some.known_at > received + np.timedelta64(round(skew_max_s), "s")
    if late.any():
        place = int(late.argmax())
        raise Unusable(
            f"known_at: the value of {name} for {aware(some.times[place]).isoformat()} says that it became known at "
            f"{aware(some.known_at[place]).isoformat()}, which is still to come; leave known_at out or set the clock",
            field="known_at",
            series=name,
        )


def _stamped(series: SeriesDescription, some: Incoming, received: Moment) -> tuple[Readings, np.ndarray]:
    """With the moment at which each value became known, and whether that is only assumed."""
    late = np.timedelta64(round((series.step_min + series.delay_min) * 60), "s")
    silent = np.isnat(some.known_at)
    # Nothing is known before it arrives, but a history that arrives at once became known as it happened.
    known_at = np.where(silent, np.minimum(some.times + late, received), some.known_at)
    order = np.lexsort((known_at, some.times))
    return Readings.of(some.times, some.values, known_at), silent[order]


def _contexts(store: Store, merged: dict[str, Incoming]) -> dict[str, Readings]:
    """What is known of the weeks before the batch, which tells what is usual."""
    told = [some.times for some in merged.values() if len(some.times)]
    if not told:
        return store.observations.read_many(merged, now(), now())
    first, last = min(times.min() for times in told), max(times.max() for times in told)
    return store.observations.read_many(
        merged, first - np.timedelta64(CONTEXT_DAYS, "D"), last + np.timedelta64(1, "s")
    )
