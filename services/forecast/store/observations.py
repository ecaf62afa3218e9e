"""Observations with both clocks: a value stays when a later one corrects it, and so does the doubt cast on it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from grid_models.quantities import Floats
from services.database.engine import Database
from services.database.statements import in_turns, insert, insert_new
from services.forecast.known import Moment, Moments, Observed
from services.forecast.store.packing import expand_alike, squeeze, steps_of
from services.forecast.store.series import locked, now, series_ids
from services.forecast.store.statements import END, moment_at, moments, seconds
from services.forecast.store.tables import ObservationBatch, ObservationChunk

SPAN_S = 8 * 86_400
"""A chunk holds eight days: 768 values of a quarter-hour series in about 4 kB.

Longer ones would make every live value rewrite more, shorter ones would make a year of history many rows.
"""
_KINDS = ("<i4", "<i8", "<f8", "<i8", "<u2")


@dataclass(frozen=True)
class Readings:
    """Values of one series with everything that is known about each; sorted by time, then by when they became known."""

    times: Moments
    known_at: Moments
    values: Floats
    """As they came, whatever they are worth; NaN where the sender said that there is none."""
    usable: Floats
    """What models see: NaN where a flag forbids it, another value where a correction was asked for."""
    flags: NDArray[np.uint16]

    @classmethod
    def of(cls, times: Moments, values: Floats, known_at: Moments) -> Self:
        """Values that nobody has judged."""
        order = np.lexsort((known_at, times))
        times, values, known_at = times[order], np.asarray(values, dtype=np.float64)[order], known_at[order]
        return cls(times, known_at, values, values, np.zeros(len(times), np.uint16))

    def __len__(self) -> int:
        return len(self.times)

    def rows(self, chosen: Any) -> Self:
        """Those that are true, listed or in the slice."""
        return type(self)(**{field.name: getattr(self, field.name)[chosen] for field in fields(self)})

    def as_of(self, origin: Moment | None) -> Self:
        """Each time once: what was last known about it at that moment."""
        seen = self if origin is None else self.rows(self.known_at <= origin)
        return seen.rows(np.append(seen.times[1:] != seen.times[:-1], True)[: len(seen)])

    def between(self, start: Moment | None, end: Moment | None) -> Self:
        """From the start up to, not including, the end."""
        low = 0 if start is None else np.searchsorted(self.times, start)
        high = len(self) if end is None else np.searchsorted(self.times, end)
        return self.rows(slice(low, high))

    def observed(self) -> Observed:
        """What models see."""
        return Observed(self.times, self.usable, self.known_at)

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """One after the other; no parts make no readings."""
        if not parts:
            nothing = np.array([], "datetime64[s]")
            return cls.of(nothing, np.array([]), nothing)
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


@dataclass(frozen=True)
class Arrivals:
    """Readings of one series that arrive, and where nobody said when they became known."""

    readings: Readings
    assumed: NDArray[np.bool_]
    """Whether `known_at` is the usual delay of the series, not what the sender said."""


@dataclass(frozen=True)
class Added:
    """What became of a batch."""

    new: int
    corrected: int
    repeated: int
    """Values that were known already, and so changed nothing."""

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        return cls(*(sum(counts) for counts in zip((0, 0, 0), *map(astuple, parts), strict=True)))


class Observations:
    """Everything that was measured."""

    def __init__(self, database: Database):
        self._database = database

    def seen_batch(self, digest: bytes) -> dict[str, Any] | None:
        """The report on this very batch, if it came before."""
        with self._database.reading() as connection:
            return _report(connection, digest)

    def add(
        self,
        arrivals: Mapping[str, Arrivals],
        received_at: Moment | None = None,
        digest: bytes | None = None,
        report: Callable[[Added], dict[str, Any]] = lambda added: {},
    ) -> Added:
        """Keeps all of it or nothing, with a report on it; the same batch again (by its digest) changes nothing."""
        received = seconds(received_at, otherwise=seconds(now()))
        with self._database.writing() as connection:
            ids = series_ids(connection, arrivals)
            locked(connection, ids.values())
            if digest is not None and _report(connection, digest) is not None:
                return Added(0, 0, sum(len(some.readings) for some in arrivals.values()))
            parts = [_add(connection, ids[name], some, moment_at(received)) for name, some in arrivals.items()]
            added = Added.total(parts)
            if digest is not None:
                insert_new(
                    connection,
                    ObservationBatch,
                    [{"digest": digest, "received_at": received, "report": report(added)}],
                )
        return added

    def judge(self, name: str, judged: Readings, at: Moment | None = None) -> None:
        """New flags and usable values for values that are there; what was thought of them before stays known."""
        stamped = replace(judged, known_at=np.full(len(judged), now() if at is None else at, "datetime64[s]"))
        with self._database.writing() as connection:
            ids = series_ids(connection, [name])
            locked(connection, ids.values())
            kept = _chunks(connection, list(ids.values()), _span(stamped.times))
            _keep(connection, ids[name], _by_span(stamped), {span: rows for (_, span), rows in kept.items()})

    def read(
        self, name: str, start: Moment | None = None, end: Moment | None = None, as_of: Moment | None = None
    ) -> Readings:
        """What was known then about each time from the start up to, not including, the end."""
        return self.read_many([name], start, end, as_of)[name]

    def read_many(
        self, names: Iterable[str], start: Moment | None = None, end: Moment | None = None, as_of: Moment | None = None
    ) -> dict[str, Readings]:
        with self._database.reading() as connection:
            ids = series_ids(connection, names)
            found = readings_of(connection, list(ids.values()), start, end, as_of)
        return {name: found[identity] for name, identity in ids.items()}

    def history(self, name: str, start: Moment | None = None, end: Moment | None = None) -> Readings:
        """Every version of every value."""
        with self._database.reading() as connection:
            ids = series_ids(connection, [name])
            chunks = _chunks(connection, list(ids.values()), _spans(start, end))
        return Readings.joined(list(chunks.values())).between(start, end)


def readings_of(
    connection: Connection,
    ids: Sequence[int],
    start: Moment | None = None,
    end: Moment | None = None,
    as_of: Moment | None = None,
) -> dict[int, Readings]:
    """Of each series what was known then."""
    parts: dict[int, list[Readings]] = {identity: [] for identity in ids}
    for (identity, _), rows in _chunks(connection, ids, _spans(start, end)).items():
        parts[identity].append(rows)
    return {identity: Readings.joined(some).between(start, end).as_of(as_of) for identity, some in parts.items()}


def _report(connection: Connection, digest: bytes) -> dict[str, Any] | None:
    return connection.execute(
        select(ObservationBatch.report).where(ObservationBatch.digest == digest)
    ).scalar_one_or_none()


def _add(connection: Connection, identity: int, some: Arrivals, received: Moment) -> Added:
    kept = {span: rows for (_, span), rows in _chunks(connection, [identity], _span(some.readings.times)).items()}
    fresh: dict[int, Readings] = {}
    new = 0
    for span, (arriving, assumed) in _arrivals_by_span(some).items():
        before = kept.get(span)
        fresh[span] = arriving if before is None else _news(before, arriving, assumed, received)
        new += len(fresh[span]) if before is None else int((~np.isin(fresh[span].times, before.times)).sum())
    _keep(connection, identity, {span: rows for span, rows in fresh.items() if len(rows)}, kept)
    total = sum(len(rows) for rows in fresh.values())
    return Added(new, total - new, len(some.readings) - total)


def _news(before: Readings, arriving: Readings, assumed: NDArray[np.bool_], received: Moment) -> Readings:
    """What the arriving rows say that was not known: values for new times, and corrections.

    A value that was already held at its moment says nothing. One that differs is a correction; where its moment is
    only assumed or already taken by another value, it became known when it arrived, or the past would change.
    """
    then = _version_at(before, arriving.times, arriving.known_at)
    last = _version_at(before, arriving.times, np.full(len(arriving), moment_at(END)))
    told = _same(before, then, arriving) | ((assumed | _taken(before, then, arriving)) & _same(before, last, arriving))
    late = (assumed & (last >= 0)) | _taken(before, then, arriving)
    known_at = np.where(late, np.maximum(received, arriving.known_at), arriving.known_at)
    rows = replace(arriving, known_at=known_at).rows(~told)
    return rows.rows(np.lexsort((rows.known_at, rows.times)))


def _version_at(before: Readings, times: Moments, known_at: Moments) -> NDArray[np.intp]:
    """The row that was in force for each time at that moment; -1 where none was."""
    place = np.searchsorted(_order(before.times, before.known_at), _order(times, known_at), side="right") - 1
    return np.where((place >= 0) & (before.times[place] == times), place, -1)


def _order(times: Moments, known_at: Moments) -> NDArray[np.int64]:
    # One number that orders by time, then by known_at: 20 bits within the span, 41 bits of seconds either side of 1970.
    within: NDArray[np.int64] = times.astype(np.int64) % SPAN_S
    return within * 2**42 + np.clip(known_at.astype(np.int64), -END, END) + 2**41


def _same(before: Readings, place: NDArray[np.intp], arriving: Readings) -> NDArray[np.bool_]:
    held = before.values[place]
    equal = (held == arriving.values) | (np.isnan(held) & np.isnan(arriving.values))
    return np.asarray((place >= 0) & equal)


def _taken(before: Readings, place: NDArray[np.intp], arriving: Readings) -> NDArray[np.bool_]:
    return np.asarray((place >= 0) & (before.known_at[place] == arriving.known_at))


def _keep(connection: Connection, identity: int, fresh: Mapping[int, Readings], kept: Mapping[int, Readings]) -> None:
    rows = []
    for span, added in fresh.items():
        both = Readings.joined([kept[span], added]) if span in kept else added
        # The sort is stable: of two rows of the same moments the one that came later stays the later one.
        both = both.rows(np.lexsort((both.known_at, both.times)))
        rows.append({"series_id": identity, "span": span, "rows": len(both), "payload": _squeezed(span, both)})
    if rows:
        statement = insert(connection, ObservationChunk)
        update = {"rows": statement.excluded.rows, "payload": statement.excluded.payload}
        connection.execute(statement.on_conflict_do_update(index_elements=["series_id", "span"], set_=update), rows)


def _arrivals_by_span(some: Arrivals) -> dict[int, tuple[Readings, NDArray[np.bool_]]]:
    rows, assumed = _without_echoes(some)
    return {span: (rows.rows(part), assumed[part]) for span, part in _parts(rows.times).items()}


def _without_echoes(some: Arrivals) -> tuple[Readings, NDArray[np.bool_]]:
    """Without rows that repeat the one before: same time, same value, only known later."""
    rows = some.readings
    alike = (rows.values[1:] == rows.values[:-1]) | (np.isnan(rows.values[1:]) & np.isnan(rows.values[:-1]))
    fresh = np.append(True, (rows.times[1:] != rows.times[:-1]) | ~alike)[: len(rows)]
    return rows.rows(fresh), some.assumed[fresh]


def _by_span(rows: Readings) -> dict[int, Readings]:
    return {span: rows.rows(part) for span, part in _parts(rows.times).items()}


def _parts(times: Moments) -> dict[int, slice]:
    """The rows of each span; the times are sorted."""
    spans = times.astype(np.int64) // SPAN_S
    begins = np.flatnonzero(np.append(True, spans[1:] != spans[:-1])[: len(spans)])
    ends = np.append(begins[1:], len(spans))[: len(begins)]
    return {int(spans[begin]): slice(begin, end) for begin, end in zip(begins, ends, strict=True)}


def _span(times: Moments) -> tuple[int, int]:
    return (
        (int(times[0].astype(np.int64)) // SPAN_S, int(times[-1].astype(np.int64)) // SPAN_S) if len(times) else (0, -1)
    )


def _spans(start: Moment | None, end: Moment | None) -> tuple[int, int]:
    return max(seconds(start, -END) // SPAN_S, -(2**31)), min(seconds(end) // SPAN_S, 2**31 - 1)


def _chunks(connection: Connection, ids: Sequence[int], spans: tuple[int, int]) -> dict[tuple[int, int], Readings]:
    """The chunks of these series between two spans, both included, in order."""
    table = ObservationChunk
    columns = select(table.series_id, table.span, table.rows, table.payload).order_by(table.series_id, table.span)
    within = columns.where(table.span >= spans[0], table.span <= spans[1])
    read = [row for some in in_turns(ids) for row in connection.execute(within.where(table.series_id.in_(some)))]
    by_rows: dict[int, list[int]] = {}
    for place, row in enumerate(read):
        by_rows.setdefault(row.rows, []).append(place)
    expanded: dict[int, Readings] = {}
    for rows, places in by_rows.items():
        alike = _expanded([read[place].span for place in places], rows, [read[place].payload for place in places])
        expanded |= dict(zip(places, alike, strict=True))
    return {(row.series_id, row.span): expanded[place] for place, row in enumerate(read)}


def _squeezed(span: int, rows: Readings) -> bytes:
    begin = moment_at(span * SPAN_S)
    offset = (rows.times - begin).astype("<i4")
    delay = (rows.known_at - rows.times).astype("<i8")
    # Nearly always the usable value is the value: the difference of their bits is nothing, and takes no room.
    changed = rows.usable.view("<i8") ^ rows.values.view("<i8")
    return squeeze(steps_of(offset), steps_of(delay), rows.values.astype("<f8"), changed, rows.flags.astype("<u2"))


def _expanded(spans: Sequence[int], rows: int, payloads: Sequence[bytes]) -> Iterator[Readings]:
    """Chunks of as many rows each; together they cost little more than one."""
    offset, delay, values, changed, flags = expand_alike(payloads, rows, *_KINDS)
    begins = np.array(spans, dtype=np.int64)[:, None] * SPAN_S
    times = moments(np.cumsum(offset, axis=1, dtype=np.int64) + begins)
    known_at = times + np.cumsum(delay, axis=1).astype("timedelta64[s]")
    usable = (values.view("<i8") ^ changed).view("<f8")
    return map(Readings, times, known_at, values, usable, flags)
