"""A plan made again from what the store keeps of it: the same case, the same request, the same versions if they are."""

from dataclasses import dataclass

from grid_models.plan import Plan
from services.dispatch.planning import Options, plan_case
from services.dispatch.progress import Listener, ignore
from services.dispatch.questions import Question, versions
from services.dispatch.store import Store
from services.web.errors import Conflict

SAME = 1e-6
"""Relative: costs that differ by less are the same."""


@dataclass(frozen=True)
class Replay:
    """The plan as it was, and as it comes out today."""

    plan: str
    stored: Plan
    again: Plan
    other_versions: dict[str, str]
    """Of what was another version then: that version."""

    @property
    def same(self) -> bool:
        return abs(self.again.cost - self.stored.cost) <= SAME * max(1.0, abs(self.stored.cost))


def replay(store: Store, identity: str, progress: Listener = ignore) -> Replay:
    """Solve again what was asked then."""
    record = store.plans.get(identity)
    if record.status != "done":
        raise Conflict(f"plan {identity}: it is {record.status}; only a plan that is done is replayed", plan=identity)
    question = Question.model_validate(record.request)
    start = None if question.start is None else Plan.model_validate_json(store.jobs.plan(question.start))
    case = store.cases.case(record.solved_hash or record.case_hash)
    again = plan_case(case, Options(**question.solver.model_dump(), start=start), progress)
    changed = {name: then for name, then in question.versions.items() if versions().get(name) != then}
    return Replay(identity, Plan.model_validate_json(store.jobs.plan(record.key)), again, changed)
