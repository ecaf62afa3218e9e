"""Trained models: for each slot one champion answers, challengers wait, a roll-back brings the last champion back."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from grid_models.forecast import SeriesKind
from services.database.engine import Database
from services.forecast.errors import Conflict, NotFound
from services.forecast.known import Moment
from services.forecast.store.series import now
from services.forecast.store.statements import moment_at, seconds
from services.forecast.store.tables import TrainedModel

Status = Literal["champion", "challenger", "retired", "withdrawn"]
"""Withdrawn: rolled back, never the one to return to."""


@dataclass(frozen=True)
class ModelRecord:
    """A trained model without its bytes."""

    slot: str
    name: str
    version: int
    kind: SeriesKind
    status: Status
    trained_from: Moment
    trained_until: Moment
    data_hash: str
    code_version: str
    scores: dict[str, Any]
    created_at: Moment
    promoted_at: Moment | None


class ModelShelf:
    """All trained models by slot, such as `solar day-ahead`, and version."""

    def __init__(self, database: Database):
        self._database = database

    def add(
        self,
        slot: str,
        name: str,
        kind: SeriesKind,
        payload: bytes,
        *,
        trained_from: Moment,
        trained_until: Moment,
        data_hash: str,
        code_version: str,
        scores: dict[str, Any],
    ) -> ModelRecord:
        """A new challenger; its version is counted within the slot."""
        with self._database.writing() as connection:
            _alone(connection)
            newest = select(func.max(TrainedModel.version)).where(TrainedModel.slot == slot)
            version = (connection.execute(newest).scalar_one() or 0) + 1
            row = {
                "slot": slot,
                "name": name,
                "version": version,
                "kind": kind,
                "status": "challenger",
                "trained_from": seconds(trained_from),
                "trained_until": seconds(trained_until),
                "data_hash": data_hash,
                "code_version": code_version,
                "scores": scores,
                "created_at": seconds(now()),
                "promoted_at": None,
                "payload": payload,
            }
            connection.execute(insert(TrainedModel), [row])
        return self.get(slot, version)

    def get(self, slot: str, version: int) -> ModelRecord:
        with self._database.reading() as connection:
            return _record(connection, slot, version)

    def champion(self, slot: str) -> ModelRecord | None:
        with self._database.reading() as connection:
            version = _champion(connection, slot)
            return None if version is None else _record(connection, slot, version)

    def list(self, slot: str | None = None, kind: SeriesKind | None = None) -> tuple[ModelRecord, ...]:
        chosen = _records().order_by(TrainedModel.slot, TrainedModel.version)
        chosen = chosen if slot is None else chosen.where(TrainedModel.slot == slot)
        chosen = chosen if kind is None else chosen.where(TrainedModel.kind == kind)
        with self._database.reading() as connection:
            return tuple(_read(row) for row in connection.execute(chosen))

    def payload(self, slot: str, version: int) -> bytes:
        with self._database.reading() as connection:
            _record(connection, slot, version)
            return bytes(connection.execute(select(TrainedModel.payload).where(*_that(slot, version))).scalar_one())

    def score(self, slot: str, version: int, scores: dict[str, Any]) -> None:
        """Adds scores to those that it has."""
        with self._database.writing() as connection:
            _alone(connection)
            merged = _record(connection, slot, version).scores | scores
            connection.execute(update(TrainedModel).where(*_that(slot, version)).values(scores=merged))

    def promote(self, slot: str, version: int) -> ModelRecord:
        """It answers from now on; the champion so far retires."""
        with self._database.writing() as connection:
            _alone(connection)
            _record(connection, slot, version)
            before = _champion(connection, slot)
            if before != version:
                _turn(connection, slot, before, "retired")
                connection.execute(
                    update(TrainedModel)
                    .where(*_that(slot, version))
                    .values(status="champion", promoted_at=_later(connection, slot))
                )
        return self.get(slot, version)

    def roll_back(self, slot: str) -> ModelRecord:
        """The champion before this one answers again; this one is withdrawn."""
        with self._database.writing() as connection:
            _alone(connection)
            before = _last_retired(connection, slot)
            if before is None:
                raise Conflict(f"{slot}: no earlier champion to return to; promote a version instead", slot=slot)
            _turn(connection, slot, _champion(connection, slot), "withdrawn")
            _turn(connection, slot, before, "champion")
        return self.get(slot, before)


def _alone(connection: Connection) -> None:
    """One change of the registry at a time; on SQLite a writer is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE trained_model IN SHARE ROW EXCLUSIVE MODE")


def _that(slot: str, version: int) -> tuple[Any, Any]:
    return TrainedModel.slot == slot, TrainedModel.version == version


def _champion(connection: Connection, slot: str) -> int | None:
    chosen = select(TrainedModel.version).where(TrainedModel.slot == slot, TrainedModel.status == "champion")
    return connection.execute(chosen).scalar_one_or_none()


def _last_retired(connection: Connection, slot: str) -> int | None:
    chosen = select(TrainedModel.version).where(TrainedModel.slot == slot, TrainedModel.status == "retired")
    return connection.execute(chosen.order_by(TrainedModel.promoted_at.desc()).limit(1)).scalar_one_or_none()


def _later(connection: Connection, slot: str) -> int:
    # Two promotions within a second still have an order.
    newest = select(func.max(TrainedModel.promoted_at)).where(TrainedModel.slot == slot)
    return max(seconds(now()), (connection.execute(newest).scalar_one() or 0) + 1)


def _turn(connection: Connection, slot: str, version: int | None, status: Status) -> None:
    if version is not None:
        connection.execute(update(TrainedModel).where(*_that(slot, version)).values(status=status))


def _record(connection: Connection, slot: str, version: int) -> ModelRecord:
    row = connection.execute(_records().where(*_that(slot, version))).first()
    if row is None:
        raise NotFound(f"{slot}: no version {version}; GET /v1/models lists what there is", slot=slot, version=version)
    return _read(row)


def _records() -> Any:
    return select(*(column for column in TrainedModel.__table__.columns if column.name not in ("id", "payload")))


def _read(row: Any) -> ModelRecord:
    fields = dict(row._mapping)
    for name in ("trained_from", "trained_until", "created_at"):
        fields[name] = moment_at(fields[name])
    promoted_at = fields.pop("promoted_at")
    return ModelRecord(**fields, promoted_at=None if promoted_at is None else moment_at(promoted_at))
