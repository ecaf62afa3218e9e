"""What is old and was never issued may go."""

from sqlalchemy import delete, select, union

from services.database.engine import Database
from services.dispatch.store.jobs import ENDED
from services.dispatch.store.keys import KEPT_MS
from services.dispatch.store.moments import now_ms
from services.dispatch.store.tables import (
    AskedAssessment,
    AskedPlan,
    Attempt,
    AuditEntry,
    CaseContent,
    CaseVersion,
    IdempotencyKey,
    Job,
    Result,
    StoredCase,
    Vintage,
)

DAY_MS = 86_400_000


def retain(database: Database, days: int) -> dict[str, int]:
    """Deletes what is older, and says how many of each.

    Issued plans stay for ever, with their results and cases: somebody may have to answer for them.
    """
    before = now_ms() - days * DAY_MS
    old_plan = (AskedPlan.asked_ms < before, AskedPlan.life != "issued")
    wanted_keys = union(select(AskedPlan.key), select(AskedAssessment.key))
    gone: dict[str, int] = {}
    with database.writing() as connection:

        def clear(name: str, statement: object) -> None:
            gone[name] = connection.execute(statement).rowcount  # type: ignore[call-overload]

        ended = select(Job.key).where(Job.status.in_(ENDED))
        clear("plans", delete(AskedPlan).where(*old_plan, AskedPlan.key.in_(ended)))
        old_one = (AskedAssessment.asked_ms < before, AskedAssessment.key.in_(ended))
        clear("assessments", delete(AskedAssessment).where(*old_one))
        old_job = (Job.status.in_(ENDED), Job.changed_ms < before, Job.key.not_in(wanted_keys))
        doomed = select(Job.key).where(*old_job)
        clear("results", delete(Result).where(Result.key.in_(doomed)))
        clear("attempts", delete(Attempt).where(Attempt.key.in_(doomed)))
        clear("jobs", delete(Job).where(*old_job))
        clear("audit_entries", delete(AuditEntry).where(AuditEntry.at_ms < before))
        clear("vintages", delete(Vintage).where(Vintage.fetched_ms < before))
        clear("idempotency_keys", delete(IdempotencyKey).where(IdempotencyKey.created_ms < now_ms() - KEPT_MS))
        rested_on = (select(StoredCase.hash), select(CaseVersion.hash), select(Job.case_hash), select(Result.case_hash))
        unused = [CaseContent.hash.not_in(hashes) for hashes in rested_on]
        clear("cases", delete(CaseContent).where(CaseContent.created_ms < before, *unused))
    return gone
