"""What is kept, table by table. Moments are whole seconds since 1970 in UTC; arrays are packed (see packing.py)."""

from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, LargeBinary, MetaData, String, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Constraints carry names, so that a migration can speak of them on every database.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
MOMENT = BigInteger()


class Table(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


class Series(Table):
    """A quantity by its name; what is said about it is in its versions."""

    __tablename__ = "series"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    zone: Mapped[str | None] = mapped_column(String(200))


class SeriesVersion(Table):
    """The description of a series from the moment on at which it became known."""

    __tablename__ = "series_version"
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    known_at: Mapped[int] = mapped_column(MOMENT)
    description: Mapped[dict[str, Any]] = mapped_column(JSON)


class ObservationChunk(Table):
    """All that was ever said about eight days of one series: every value, every correction, every doubt."""

    __tablename__ = "observation_chunk"
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    span: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rows: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class ObservationBatch(Table):
    """A batch that has been taken in: the same one again changes nothing and gets the same answer."""

    __tablename__ = "observation_batch"
    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    received_at: Mapped[int] = mapped_column(MOMENT, index=True)
    report: Mapped[dict[str, Any]] = mapped_column(JSON)


class Label(Table):
    """A text that many rows repeat: the name of a weather source, a model, an author."""

    __tablename__ = "label"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text, unique=True)


class WeatherIssue(Table):
    """What one issue of a weather forecast says about one series."""

    __tablename__ = "weather_issue"
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("label.id"), primary_key=True)
    issued: Mapped[int] = mapped_column(MOMENT, primary_key=True)
    known_at: Mapped[int] = mapped_column(MOMENT, primary_key=True)
    start: Mapped[int] = mapped_column(MOMENT)
    end: Mapped[int] = mapped_column(MOMENT)
    """The beginning of its last step."""
    steps: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class LevelSet(Table):
    """The levels of the quantiles, which many forecasts share."""

    __tablename__ = "level_set"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text, unique=True)
    """The levels as JSON; a list of `null` alone stands for a forecast of the mean."""


class IssuedForecast(Table):
    """A forecast as it was issued; author None: our own, else whoever brought it."""

    __tablename__ = "issued_forecast"
    id: Mapped[int] = mapped_column(primary_key=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("series.id"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("label.id"))
    issued: Mapped[int] = mapped_column(MOMENT)
    known_at: Mapped[int] = mapped_column(MOMENT)
    start: Mapped[int] = mapped_column(MOMENT)
    end: Mapped[int] = mapped_column(MOMENT)
    """The end of its last step."""
    step_min: Mapped[int]
    steps: Mapped[int]
    levels_id: Mapped[int] = mapped_column(ForeignKey("level_set.id"))
    model_id: Mapped[int] = mapped_column(ForeignKey("label.id"))
    unit: Mapped[str] = mapped_column(String(40))
    basis: Mapped[str] = mapped_column(String(20))
    reasons: Mapped[list[str] | None] = mapped_column(JSON)
    synthetic: Mapped[bool]
    payload: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_issued_forecast_newest", "series_id", "author_id", "issued", "known_at"),)


class TrainedModel(Table):
    """A model that has learned, with what it learned from and how good it is."""

    __tablename__ = "trained_model"
    id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[str] = mapped_column(String(200))
    """For what it competes, such as `solar day-ahead`: one champion each."""
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int]
    """Counted within the slot."""
    kind: Mapped[str] = mapped_column(String(20))
    status: Mapped[str] = mapped_column(String(20))
    trained_from: Mapped[int] = mapped_column(MOMENT)
    trained_until: Mapped[int] = mapped_column(MOMENT)
    data_hash: Mapped[str] = mapped_column(String(64))
    code_version: Mapped[str] = mapped_column(String(80))
    scores: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[int] = mapped_column(MOMENT)
    promoted_at: Mapped[int | None] = mapped_column(MOMENT)
    payload: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (UniqueConstraint("slot", "version"),)


class BacktestRun(Table):
    """A backtest: what was asked and how far it has come."""

    __tablename__ = "backtest_run"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20))
    parts: Mapped[int]
    created_at: Mapped[int] = mapped_column(MOMENT)
    changed_at: Mapped[int] = mapped_column(MOMENT)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)


class BacktestPart(Table):
    """A part of a backtest that is done: it need not be computed again after a crash."""

    __tablename__ = "backtest_part"
    run_id: Mapped[str] = mapped_column(ForeignKey("backtest_run.id"), primary_key=True)
    part: Mapped[str] = mapped_column(String(200), primary_key=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)


class Job(Table):
    """Work that was asked for over HTTP and is fetched later."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20), index=True)
    progress: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(MOMENT, index=True)
    changed_at: Mapped[int] = mapped_column(MOMENT)


class IdempotencyKey(Table):
    """A request that has been answered under this key, with the digest of what was asked."""

    __tablename__ = "idempotency_key"
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[int] = mapped_column(MOMENT, index=True)
