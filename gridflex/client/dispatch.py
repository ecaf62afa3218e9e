"""The nouns of the dispatch service: cases, plans, provinces, and the audit log."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import httpx

from gridflex.client.calls import Call, Speaker, document, given, member, operation
from gridflex.client.tickets import Ticket

if TYPE_CHECKING:
    import pandas as pd

    from grid_models.case import Case
    from grid_models.plan import Plan

Form = Literal["json", "csv", "parquet", "xlsx"]
T = TypeVar("T")


class Cases(Speaker):
    """Stored cases."""

    @operation("POST", "/v1/cases")
    def upload(
        self,
        case: Any,
        form: str = "auto",
        date: str | None = None,
        days: int | None = None,
    ) -> Call[dict[str, Any]]:
        """Keep a case: a `Case`, a mapping in the native format, or a file in any format that is read."""
        content, kind, name = _sent(case)
        query = given(format=form, filename=name, date=date, days=days)
        return Call(document, params=query, content=content, headers={"Content-Type": kind}, once=True)

    @operation("POST", "/v1/cases/validations")
    def validate(
        self,
        case: Any,
        form: str = "auto",
        date: str | None = None,
        days: int | None = None,
    ) -> Call[dict[str, Any]]:
        """Whether a case can be used, and what is wrong with it; nothing is kept."""
        content, kind, name = _sent(case)
        query = given(format=form, filename=name, date=date, days=days)
        return Call(document, params=query, content=content, headers={"Content-Type": kind})

    @operation("GET", "/v1/cases")
    def page(self, cursor: str = "", limit: int = 100) -> Call[dict[str, Any]]:
        """A page of the cases, newest first; `next` is the cursor of the next one."""
        return Call(document, params=given(cursor=cursor or None, limit=limit))

    def each(self) -> Iterator[dict[str, Any]]:
        """Every case, newest first, fetched as they are looked at."""
        return self._transport.each(_pages("/v1/cases"), "cases")  # type: ignore[no-any-return]

    @operation("GET", "/v1/cases/{identity}")
    def get(self, identity: str) -> Call["Case"]:
        """The case under a number, or the one with a hash."""
        return Call(_case)

    @operation("GET", "/v1/cases/{identity}/versions")
    def versions(self, identity: str) -> Call[list[dict[str, Any]]]:
        """What it was before, newest first."""
        return Call(member("versions"))

    @operation("PUT", "/v1/cases/{identity}")
    def replace(self, identity: str, case: Any, if_match: str) -> Call[dict[str, Any]]:
        """Replace what a case says; `if_match` is the hash of what is replaced, or `*`."""
        content, kind, name = _sent(case)
        headers = {"Content-Type": kind, "If-Match": _quoted(if_match)}
        return Call(document, params=given(filename=name), content=content, headers=headers)

    @operation("DELETE", "/v1/cases/{identity}")
    def remove(self, identity: str, if_match: str | None = None) -> Call[None]:
        """Forget the number; plans of the case stay."""
        return Call(_nothing, headers={} if if_match is None else {"If-Match": _quoted(if_match)})


class PlanTicket(Ticket, what="plan", place="/v1/plans/{identity}"):
    """A plan that was asked for; its result once it is done."""

    @property
    def summary(self) -> dict[str, Any]:
        """The plan at a glance, once it is done."""
        return self.document["summary"] or {}

    @operation("GET", "/v1/plans/{identity}/result")
    def result(self, form: Form = "json") -> Call[bytes]:
        """The plan in this form."""
        return Call(_bytes, params={"form": form})

    def plan(self) -> "Plan":
        """Every number of every step."""
        return self._transport.run(self._read_as("json", _plan))  # type: ignore[no-any-return]

    def to_pandas(self) -> "pd.DataFrame":
        """One row per series and step: time, kind, name, quantity, value."""
        return self._transport.run(self._read_as("parquet", _frame))  # type: ignore[no-any-return]

    def _read_as(self, form: Form, read: Callable[[httpx.Response], T]) -> Call[T]:
        return Call(read, "GET", f"{self.url}/result", params={"form": form})

    @operation("GET", "/v1/plans/{identity}/calls")
    def calls(self, contract: str | None = None) -> Call[list[dict[str, Any]]]:
        """Whom to call for response, in order of time."""
        return Call(member("calls"), params=given(form="json", contract=contract))

    @operation("GET", "/v1/plans/{identity}/verdict")
    def verdict(self) -> Call[dict[str, Any]]:
        """What the referee says of it, judged anew."""
        return Call(document)

    @operation("GET", "/v1/plans/{identity}/diff/{other}")
    def diff(self, other: str) -> Call[dict[str, Any]]:
        """What the plan of this number does differently, and what that costs."""
        return Call(document)

    @operation("POST", "/v1/plans/{identity}/approve")
    def approve(self) -> Call["PlanTicket"]:
        """Approve the draft."""
        return Call(self.heard)

    @operation("POST", "/v1/plans/{identity}/issue")
    def issue(self) -> Call["PlanTicket"]:
        """Issue what was approved."""
        return Call(self.heard)

    @operation("POST", "/v1/plans/{identity}/replans")
    def replan(self, /, now: datetime | str, forecast: Any = None, **solver: Any) -> Call["PlanTicket"]:
        """Plan the rest anew from where this plan has led by now."""
        body = given(now=now, forecast=_forecast(forecast), **solver)
        return Call(self._another, json=body, once=True)

    def _another(self, response: httpx.Response) -> "PlanTicket":
        return PlanTicket(self._transport, document(response))


class Plans(Speaker):
    """Plans that were asked for."""

    @operation("POST", "/v1/plans")
    def ask(
        self,
        /,
        case: Any = None,
        *,
        case_id: str | None = None,
        case_hash: str | None = None,
        forecast: Any = None,
        start: str | None = None,
        key: str | None = None,
        **solver: Any,
    ) -> Call[PlanTicket]:
        """Ask for a plan of a case: a `Case`, a mapping, a file, or a stored one by `case_id` or `case_hash`.

        `forecast` is median, a level such as 0.9, or a mapping with `basis`, `level` and `as_of`; `start` a plan to
        start the search from; `key` an idempotency key; `gap`, `time_limit_s`, `threads`, `seed` and `method` go to
        the search.
        """
        whole = None if case is None else _as_document(case)
        body = given(
            case=whole, case_id=case_id, case_hash=case_hash, forecast=_forecast(forecast), start=start, **solver
        )
        headers = {} if key is None else {"Idempotency-Key": key}
        return Call(self._ticket, json=body, headers=headers, once=True)

    @operation("GET", "/v1/plans")
    def page(self, cursor: str = "", limit: int = 100, life: str | None = None) -> Call[dict[str, Any]]:
        """A page of the plans, newest first; `next` is the cursor of the next one."""
        return Call(document, params=given(cursor=cursor or None, limit=limit, life=life))

    def each(self, life: str | None = None) -> Iterator[dict[str, Any]]:
        """Every plan, newest first, fetched as they are looked at; `life`: draft, approved or issued."""
        return self._transport.each(_pages("/v1/plans", life=life), "plans")  # type: ignore[no-any-return]

    @operation("GET", "/v1/plans/{identity}")
    def get(self, identity: str) -> Call[PlanTicket]:
        """The plan of this number."""
        return Call(self._ticket)

    def _ticket(self, response: httpx.Response) -> PlanTicket:
        return PlanTicket(self._transport, document(response))


class AssessmentTicket(Ticket, what="assessment", place="/v1/assessments/{identity}"):
    """An assessment that was asked for."""

    @property
    def summary(self) -> dict[str, Any]:
        """The verdict at a glance, once it is done."""
        return self.document["summary"] or {}

    @operation("GET", "/v1/assessments/{identity}/result")
    def result(self) -> Call[dict[str, Any]]:
        """Every figure of it."""
        return Call(document)

    @operation("GET", "/v1/assessments/{identity}/report")
    def report(self, lang: str = "en") -> Call[str]:
        """The page for reading, in English or Chinese (`zh`)."""
        return Call(lambda response: response.text, params={"lang": lang})


class Assessments(Speaker):
    """Whether provinces and cases answer their share of the peak."""

    @operation("POST", "/v1/assessments")
    def ask(self, /, province: str | None = None, *, key: str | None = None, **wish: Any) -> Call[AssessmentTicket]:
        """Ask for the assessment of a province, or of a stored case by `case_id` or `case_hash`.

        `year`, `profiles`, `commitment`, `peak_days`, `gap`, `time_limit_s`, `threads` and `sample_years` say how
        thorough; `registered` what a register knows of who responds (delivery ratios, meters, captive units, tests);
        `key` is an idempotency key.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        return Call(self._ticket, json=given(province=province, **wish), headers=headers, once=True)

    @operation("GET", "/v1/assessments")
    def page(self, cursor: str = "", limit: int = 100) -> Call[dict[str, Any]]:
        """A page of the assessments, newest first; `next` is the cursor of the next one."""
        return Call(document, params=given(cursor=cursor or None, limit=limit))

    def each(self) -> Iterator[dict[str, Any]]:
        """Every assessment, newest first, fetched as they are looked at."""
        return self._transport.each(_pages("/v1/assessments"), "assessments")  # type: ignore[no-any-return]

    @operation("GET", "/v1/assessments/{identity}")
    def get(self, identity: str) -> Call[AssessmentTicket]:
        """The assessment of this number."""
        return Call(self._ticket)

    def _ticket(self, response: httpx.Response) -> AssessmentTicket:
        return AssessmentTicket(self._transport, document(response))


class Provinces(Speaker):
    """Provinces that come with the service."""

    @operation("GET", "/v1/provinces")
    def names(self) -> Call[list[str]]:
        return Call(lambda response: [one["name"] for one in response.json()["provinces"]])

    @operation("GET", "/v1/provinces/{name}")
    def get(self, name: str) -> Call["Case"]:
        """The case of its peak day."""
        return Call(_case)


class AuditLog(Speaker):
    """Who asked for what."""

    @operation("GET", "/v1/audit")
    def page(self, cursor: str = "", limit: int = 100) -> Call[dict[str, Any]]:
        """A page of the audit log, newest first."""
        return Call(document, params=given(cursor=cursor or None, limit=limit))

    def each(self) -> Iterator[dict[str, Any]]:
        return self._transport.each(_pages("/v1/audit"), "entries")  # type: ignore[no-any-return]


def _pages(path: str, **query: Any) -> Callable[[str], Call[dict[str, Any]]]:
    return lambda cursor: Call(document, "GET", path, params=given(cursor=cursor or None, limit=500, **query))


def _sent(case: Any) -> tuple[bytes, str, str | None]:
    """Content, its type and the file's name."""
    if isinstance(case, str | Path):
        return Path(case).read_bytes(), "application/octet-stream", Path(case).name
    if hasattr(case, "model_dump_json"):
        return case.model_dump_json().encode(), "application/json", None
    import json

    return json.dumps(case).encode(), "application/json", None


def _as_document(case: Any) -> Any:
    """In the native format; a file is read here."""
    if isinstance(case, str | Path):
        from grid_models.formats import read_case

        case = read_case(Path(case)).case
    return case.model_dump(mode="json") if hasattr(case, "model_dump") else case


def _forecast(wish: Any) -> Any:
    if isinstance(wish, float):
        return {"basis": "quantile", "level": wish}
    return {"basis": wish} if isinstance(wish, str) else wish


def _quoted(tag: str) -> str:
    return tag if tag == "*" or tag.startswith('"') else f'"{tag}"'


def _case(response: httpx.Response) -> "Case":
    from grid_models.case import Case

    return Case.model_validate_json(response.content)


def _plan(response: httpx.Response) -> "Plan":
    from grid_models.plan import Plan

    return Plan.model_validate_json(response.content)


def _frame(response: httpx.Response) -> "pd.DataFrame":
    import io

    import pyarrow.parquet as pq

    frame: pd.DataFrame = pq.read_table(io.BytesIO(response.content)).to_pandas()
    # Plain words: categories group and compare in ways that surprise.
    return frame.astype({"kind": str, "name": str, "quantity": str})


def _bytes(response: httpx.Response) -> bytes:
    return response.content


def _nothing(_response: httpx.Response) -> None:
    return None
