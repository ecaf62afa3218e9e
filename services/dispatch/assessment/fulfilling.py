"""From what is wanted of an assessment to the assessment."""

from collections.abc import Callable
from pathlib import Path

from grid_models.case import Case
from services.dispatch.assessment.assessing import Depth, assess
from services.dispatch.assessment.document.assessment import Assessment
from services.dispatch.assessment.profiles import chosen
from services.dispatch.assessment.provincial import subject_of_province
from services.dispatch.assessment.subject import Subject, subject_of_case
from services.dispatch.assessment.wish import AssessmentWish
from services.dispatch.planning import Options


def fulfilled(
    wish: AssessmentWish, case: Case | None, tell: Callable[[str], None], data: Path | None = None
) -> Assessment:
    """The assessment; `case` is judged where no province is named, `data` are reference tables for a province."""
    return assess(subject_of(wish, case, data), chosen(wish.profiles), depth_of(wish), tell=tell)


def subject_of(wish: AssessmentWish, case: Case | None, data: Path | None = None) -> Subject:
    """What is judged; `BadInput` where there is no such province, or nobody of a name in the register."""
    found = _before_register(wish, case, data)
    return found if wish.registered is None else found.with_register(wish.registered)


def _before_register(wish: AssessmentWish, case: Case | None, data: Path | None) -> Subject:
    if wish.province is not None:
        return subject_of_province(wish.province, wish.year, wish.peak_days if wish.commitment else 1, data)
    assert case is not None
    return subject_of_case(case)


def depth_of(wish: AssessmentWish) -> Depth:
    options = Options(gap=wish.gap, time_limit_s=wish.time_limit_s, threads=wish.threads)
    return Depth(options if wish.commitment else None, wish.sample_years)
