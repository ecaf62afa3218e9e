"""What is answered when somebody asks whether a province can answer 5 % of its peak: the assessment, as data.

Every headline can be recomputed from the tables beside it: shares add up to levels, losses to their difference, and the
gap is the target less what counts.
"""

import hashlib
import json
from typing import Any, Literal

from grid_models.quantities import Data
from services.dispatch.assessment.document.days import PlannedDay
from services.dispatch.assessment.document.levels import Capability
from services.dispatch.assessment.document.load import LoadFacts
from services.dispatch.assessment.document.payments import Payments
from services.dispatch.assessment.document.risk import Risk
from services.dispatch.assessment.document.stated import Stated
from services.dispatch.assessment.document.ways import Closing, Held, PathTo, Sensitivity
from services.dispatch.assessment.profiles import DEFAULT, Profile

Answer = Literal["yes", "no", "not tested"]


class Duplicated(Data):
    """A meter that stood in two programmes."""

    meter: str
    kept_by: str
    taken_from: str
    mw: float


class Verdict(Data):
    """The answer under one definition."""

    profile: Profile
    target_share: float
    target_mw: float
    counted_mw: float | None
    """At the level that the definition judges; None: not tested."""
    ratio: float | None
    gap_mw: float | None
    answer: Answer
    capability: Capability
    shaved_peak_mw: float
    shaved_peak_bound_mw: float
    """No search can leave less."""
    notes: tuple[str, ...] = ()


class Provenance(Data):
    """On what the assessment rests, so that it can be repeated."""

    case_name: str
    case_hash: str
    sources: tuple[str, ...]
    load: str
    """Where the load comes from."""
    versions: dict[str, str]
    commitment_gap: float | None = None
    """That was asked for; None: no day was planned."""
    sample_years: int = 0


class Assessment(Data):
    """Every definition side by side, for one fleet and one load."""

    format_version: Literal[1] = 1
    name: str
    title: str
    title_zh: str
    year: int | None = None
    load: LoadFacts
    verdicts: tuple[Verdict, ...]
    duplicates: tuple[Duplicated, ...]
    days: tuple[PlannedDay, ...] = ()
    """The worst days, planned without response and with it; empty: not run."""
    risk: Risk | None = None
    payments: Payments | None = None
    """By the capacity rules of 2026; None: not worked out."""
    closings: tuple[Closing, ...] = ()
    paths: tuple[PathTo, ...] = ()
    sensitivities: tuple[Sensitivity, ...] = ()
    """Of the strict definition."""
    held: tuple[Held, ...] = ()
    """Of the strict definition too, for one, two and four hours."""
    stated: tuple[Stated, ...] = ()
    """Of a province: the figures of its card on which most rests."""
    notes: tuple[str, ...] = ()
    names_zh: dict[str, str] = {}
    """What resources are called in Chinese, where it is known."""
    provenance: Provenance

    @property
    def hash(self) -> str:
        """The content in 64 hex digits: equal content, equal hash; how long a search took is no content."""
        document = json.dumps(_timeless(self.model_dump(mode="json")), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(document.encode()).hexdigest()

    def of(self, profile: str) -> Verdict:
        """The verdict under that definition."""
        return next(one for one in self.verdicts if one.profile.id == profile)

    @property
    def summary(self) -> dict[str, Any]:
        """For lists: the answer with its figures, and who else says yes."""
        verdict = self.headline
        return {
            "name": self.name,
            "year": self.year,
            "profile": verdict.profile.id,
            "answer": verdict.answer,
            "ratio": verdict.ratio,
            "peak_mw": self.load.peak_mw,
            "target_mw": verdict.target_mw,
            "counted_mw": verdict.counted_mw,
            "gap_mw": verdict.gap_mw,
            "answers": {one.profile.id: one.answer for one in self.verdicts},
            "hash": self.hash,
        }

    @property
    def headline(self) -> Verdict:
        """Under the default definition, or the first that was asked for."""
        return next((one for one in self.verdicts if one.profile.id == DEFAULT), self.verdicts[0])


def _timeless(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _timeless(value) for name, value in document.items() if name != "seconds"}
    return [_timeless(one) for one in document] if isinstance(document, list) else document
