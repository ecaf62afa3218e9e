"""Models: what has been trained, how good it is, which one answers; training, promotion and roll-back."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import AwareDatetime, Field, Strict

from grid_models.forecast import SeriesKind
from grid_models.quantities import Data, Name
from services.forecast.adapting import ADAPTED
from services.forecast.api.tickets import Ticket, accepted, events, job_of, ticket
from services.forecast.api.wiring import IdempotencyKey, TheStore
from services.forecast.champions import models_for
from services.forecast.errors import Unusable
from services.forecast.horizons import HorizonName
from services.forecast.known import aware, moment
from services.forecast.models.registry import MODELS
from services.forecast.store.registry import ModelRecord, Status
from services.forecast.store.series import now
from services.forecast.training import of_kind
from services.web.idempotency import digest_of

router = APIRouter(prefix="/v1/models", tags=["models"])
TRAININGS = "/v1/models/trainings"


class ModelAnswer(Data):
    """A trained model: what it learned from and how good it was when it was tried."""

    slot: str
    """For what it competes; one champion each."""
    version: int
    members: tuple[str, ...]
    kind: SeriesKind
    status: Status
    trained_from: AwareDatetime
    trained_until: AwareDatetime
    data_hash: str
    code_version: str
    scores: dict[str, Any]
    """Shares of capacity or mean load, on days that it did not know; `weights` are those of its members a day ahead."""
    adapted_until: str | None
    """The last origin from which its calibration has learned since (UTC)."""
    created_at: AwareDatetime
    promoted_at: AwareDatetime | None


class Models(Data):
    models: tuple[ModelAnswer, ...]


class KnownModel(Data):
    """A way to forecast that can be trained."""

    name: str
    kinds: tuple[SeriesKind, ...]
    needs: tuple[str, ...]


class KnownModels(Data):
    models: tuple[KnownModel, ...]


class TrainingWish(Data):
    """What is to be trained."""

    kind: SeriesKind
    horizon: HorizonName = "day-ahead"
    series: Annotated[tuple[Name, ...], Field(max_length=5000)] = ()
    """Empty: all of the kind."""
    models: tuple[str, ...] = ()
    """Empty: all that can forecast the kind."""
    origin: AwareDatetime | None = None
    """What was known then is learned from; None: now."""
    holdout_days: Annotated[int, Strict(), Field(ge=4, le=366)] = 28
    """The last days, on which the models are tried before they learn from them too."""


class Slot(Data):
    slot: str
    """Such as `load day-ahead 15 min`."""
    version: Annotated[int, Strict(), Field(ge=1)] | None = None
    """Of the model that is to answer; not for a roll-back."""


@router.get("")
def trained_models(store: TheStore, slot: str | None = None, kind: SeriesKind | None = None) -> Models:
    """All trained models, by slot and version."""
    return Models(models=tuple(_told(record) for record in store.models.list(slot, kind)))


@router.get("/known")
def known_models() -> KnownModels:
    """The ways to forecast that can be trained, and what each cannot do without."""
    return KnownModels(
        models=tuple(
            KnownModel(name=name, kinds=tuple(sorted(model.kinds)), needs=tuple(sorted(model.needs)))
            for name, model in MODELS.items()
        )
    )


@router.post("/trainings", status_code=202, response_model=Ticket)
def train(wish: TrainingWish, store: TheStore, key: IdempotencyKey = None) -> JSONResponse:
    """Train a challenger; it answers as soon as it is about as good as the champion."""
    if wish.kind == "weather":
        raise Unusable("kind: weather is not forecast here; bring a weather forecast", field="kind")
    models_for(wish.kind, frozenset(wish.models))
    if wish.series:
        of_kind(store.series.many(wish.series), wish.kind)
    origin = now() if wish.origin is None else moment(wish.origin)
    if origin > now():
        raise Unusable(f"origin: {origin} lies in the future; nothing can be known then", field="origin")
    request = {**wish.model_dump(mode="json", exclude={"origin"}), "origin": str(origin)}
    return ask(store, "training", request, TRAININGS, key, wish.model_dump_json())


def ask(store: TheStore, kind: str, request: dict[str, Any], base: str, key: str | None, body: str) -> JSONResponse:
    """A new job, or under a known idempotency key the one that was made then."""
    digest = digest_of(kind, body)
    before = store.keys.find(key, digest) if key else None
    if before is not None and before.answer is not None:
        return accepted(store.jobs.get(before.answer["id"]), base)
    job = store.jobs.submit(kind, request)
    if key:
        store.keys.keep(key, digest, 202, {"id": job.id})
    return accepted(job, base)


@router.get("/trainings/{identity}")
def training(identity: str, store: TheStore) -> Ticket:
    """How far a training is, or what came out."""
    return ticket(job_of(store, identity, "training"), TRAININGS)


@router.get("/trainings/{identity}/events", response_class=StreamingResponse)
def training_events(identity: str, request: Request, store: TheStore) -> StreamingResponse:
    """The same as it happens (server-sent events)."""
    return events(request, store, job_of(store, identity, "training").id, TRAININGS)


@router.delete("/trainings/{identity}")
def stop_training(identity: str, store: TheStore) -> Ticket:
    """Stop it; what answered before answers on."""
    return ticket(store.jobs.cancel(job_of(store, identity, "training").id), TRAININGS)


@router.post("/promotions")
def promote(slot: Slot, store: TheStore) -> ModelAnswer:
    """Let this version answer from now on."""
    if slot.version is None:
        raise Unusable("version: name the version that is to answer", field="version")
    return _told(store.models.promote(slot.slot, slot.version))


@router.post("/rollbacks")
def roll_back(slot: Slot, store: TheStore) -> ModelAnswer:
    """Let the champion before this one answer again; this one is withdrawn."""
    return _told(store.models.roll_back(slot.slot))


def _told(record: ModelRecord) -> ModelAnswer:
    return ModelAnswer(
        slot=record.slot,
        version=record.version,
        members=tuple(record.name.split("+")),
        kind=record.kind,
        status=record.status,
        trained_from=aware(record.trained_from),
        trained_until=aware(record.trained_until),
        data_hash=record.data_hash,
        code_version=record.code_version,
        scores={name: score for name, score in record.scores.items() if name != ADAPTED},
        adapted_until=record.scores.get(ADAPTED, {}).get("until"),
        created_at=aware(record.created_at),
        promoted_at=None if record.promoted_at is None else aware(record.promoted_at),
    )
