"""What came out: the plan in the form that is asked for, its calls, what changed, and what the referee says."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import JSONResponse

from grid_models.case import Case
from grid_models.plan import Plan
from grid_models.quantities import Data
from services.dispatch.api.access import Viewer
from services.dispatch.api.wiring import IfNoneMatch, TheStore, etag, known_to_client
from services.dispatch.diff import Difference, difference
from services.dispatch.exporting import as_csv, as_parquet, as_workbook, calls, calls_as_csv
from services.dispatch.referee import judge
from services.dispatch.report import as_json
from services.dispatch.rest import comparable
from services.dispatch.store import Store
from services.dispatch.store.plans import PlanRecord
from services.web.errors import Conflict, NotAcceptable, NotFound

router = APIRouter(prefix="/v1/plans", tags=["results"])
Form = Literal["json", "csv", "parquet", "xlsx"]
TYPES: dict[str, str] = {
    "json": "application/json",
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CALLED = ("interruptible_load", "virtual_power_plant")
"""Kinds of resources that are called."""
WRITERS: dict[str, Callable[[Plan], bytes]] = {"csv": as_csv, "parquet": as_parquet, "xlsx": as_workbook}
AskedForm = Annotated[Form | None, Query(description="Instead of `Accept`.")]
CallForm = Annotated[Literal["json", "csv"] | None, Query(description="Instead of `Accept`.")]
_BINARY: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already."}}


class PlanFailed(Conflict):
    """There is no result, and why."""

    type = "/problems/plan-failed"
    title = "The plan failed"


class NotDoneYet(Conflict):
    """There is no result yet."""

    type = "/problems/not-done-yet"
    title = "The plan is not done"


class Instruction(Data):
    """One call of one contract."""

    contract: str
    kind: str
    start: str
    end: str
    hours: float
    energy_mwh: float
    peak_mw: float
    cost: float
    reason: str


class Instructions(Data):
    """Whom to call, in order of time."""

    plan: str
    life: str
    currency: str
    calls: tuple[Instruction, ...]


class Verdict(Data):
    """What the referee says of the plan against the case that was solved."""

    accepted: bool
    violations: tuple[dict[str, Any], ...]


@router.get(
    "/{identity}/result",
    response_class=Response,
    responses={
        200: {
            "content": {
                TYPES["json"]: {"schema": {"$ref": "#/components/schemas/Plan"}},
                **{TYPES[form]: _BINARY for form in WRITERS},
            }
        },
        **NOT_MODIFIED,
    },
)
def plan_result(
    identity: str,
    request: Request,
    store: TheStore,
    _: Viewer,
    form: AskedForm = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """The plan, as JSON, Parquet, CSV or a workbook."""
    chosen = form or _accepted(request, tuple(TYPES))
    record = finished(store, identity)
    tag = f"{record.key}-{chosen}"
    headers = {"ETag": etag(tag), "Vary": "Accept"}
    if known_to_client(if_none_match, tag):
        return Response(status_code=304, headers=headers)
    text = store.jobs.plan(record.key)
    content = text if chosen == "json" else WRITERS[chosen](Plan.model_validate_json(text))
    if chosen != "json":
        headers["Content-Disposition"] = f'attachment; filename="plan-{record.id[:12]}.{chosen}"'
    return Response(content, media_type=TYPES[chosen], headers=headers)


@router.get(
    "/{identity}/calls",
    response_model=Instructions,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def call_instructions(
    identity: str,
    request: Request,
    store: TheStore,
    _: Viewer,
    form: CallForm = None,
    contract: Annotated[str | None, Query(max_length=200, description="Of one contract only.")] = None,
) -> Response:
    """The calls of response as instructions, of all contracts or of one."""
    chosen = form or _accepted(request, ("json", "csv"))
    record = finished(store, identity)
    plan = plan_of(store, record)
    _check_contract(plan, contract)
    rows = calls(plan, contract)
    if chosen == "csv":
        return Response(calls_as_csv(rows), media_type=TYPES["csv"])
    return JSONResponse({"plan": record.id, "life": record.life, "currency": plan.currency, "calls": rows})


@router.get("/{identity}/diff/{other}")
def plan_difference(identity: str, other: str, store: TheStore, _: Viewer) -> Difference:
    """What the other plan does differently, and what that costs; of a replan, from the moment at which it begins."""
    before, after = (_solved(store, finished(store, one)) for one in (identity, other))
    return difference(*comparable(before, after))


@router.get("/{identity}/verdict")
def verdict(identity: str, store: TheStore, _: Viewer) -> Verdict:
    """Let the referee judge the plan anew, as it is stored."""
    record = finished(store, identity)
    said = judge(*_solved(store, record))
    return Verdict(accepted=said.accepted, violations=tuple(as_json(one) for one in said.violations))


def finished(store: Store, identity: str) -> PlanRecord:
    """The plan, if it has a result."""
    record = store.plans.get(identity)
    if record.status == "failed":
        error = record.error or {}
        raise PlanFailed(f"plan {identity}: {error.get('detail', 'it failed')}", plan=identity, cause=error)
    if record.status != "done":
        raise NotDoneYet(f"plan {identity}: it is {record.status}; follow it at /v1/plans/{identity}", plan=identity)
    return record


def plan_of(store: Store, record: PlanRecord) -> Plan:
    return Plan.model_validate_json(store.jobs.plan(record.key))


def _solved(store: Store, record: PlanRecord) -> tuple[Plan, Case]:
    """The plan, and the case with the forecasts in it."""
    return plan_of(store, record), store.cases.case(record.solved_hash or record.case_hash)


def _check_contract(plan: Plan, contract: str | None) -> None:
    """A misspelt name must not read like a contract that is not called."""
    known = [name for name, entry in plan.resources.items() if entry.get("kind") in CALLED]
    if contract is not None and contract not in known:
        listed = ", ".join(sorted(known)[:20]) or "none"
        raise NotFound(f"contract: {contract} is no contract of this plan; there are {listed}", contract=contract)


def _accepted(request: Request, forms: tuple[str, ...]) -> str:
    """The first of our forms among those that the client takes, in the client's order of preference."""
    wanted = sorted(_weighed(request.headers.get("accept", "*/*")), key=lambda one: -one[1])
    for kind, weight in wanted:
        for form in forms:
            if weight > 0 and kind in (TYPES[form], f"{TYPES[form].split('/')[0]}/*", "*/*"):
                return form
    offered = ", ".join(TYPES[form] for form in forms)
    raise NotAcceptable(f"Accept: none of these is offered; there are {offered}, or say ?form=")


def _weighed(accept: str) -> list[tuple[str, float]]:
    return [
        (kind.strip().lower(), _weight(rest)) for part in accept.split(",") for kind, _, rest in [part.partition(";")]
    ]


def _weight(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
