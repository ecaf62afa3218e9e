"""What is answered when somebody asks whether a province can answer 5 % of its peak: the assessment, as data.

Every headline can be recomputed from the tables beside it: shares add up to levels, losses to their difference, and the
gap is the target less what counts.
"""

import hashlib
import json
from typing import Literal

from pydantic import Field

from grid_models.quantities import Data
from services.dispatch.assessment.capability import Capability
from services.dispatch.assessment.profiles import Profile

Answer = Literal["yes", "no", "not tested"]


class PeakTable(Data):
    """The load above one threshold."""

    threshold: float
    hours: float
    days: int
    longest_run_h: float
    above_mwh: float
    full_load_hours: float


class LoadFacts(Data):
    """The load that is judged."""

    peak_mw: float
    peak_at: str
    hours: float
    energy_mwh: float
    peak_valley_annual: float
    peak_valley_max_day: float
    peak_valley_peak_day: float
    thresholds: tuple[PeakTable, ...]


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


class Commitment(Data):
    """One day planned by unit commitment, with or without response."""

    response: bool
    cost: float
    gap: float
    status: str
    unserved_mwh: float
    peak_left_mw: float
    """Highest demand less what the demand side gives, rebound included."""
    response_max_mw: float
    calls: int
    curtailed_share: float | None = None


class Provenance(Data):
    """On what the assessment rests, so that it can be repeated."""

    case_name: str
    case_hash: str
    sources: tuple[str, ...]
    load: str
    """Where the load comes from."""
    versions: dict[str, str]


class Assessment(Data):
    """Every definition side by side, for one fleet and one load."""

    format_version: Literal[1] = 1
    load: LoadFacts
    verdicts: tuple[Verdict, ...]
    duplicates: tuple[Duplicated, ...]
    commitments: tuple[Commitment, ...] = Field(default=(), description="Without response and with it; empty: not run.")
    provenance: Provenance

    @property
    def hash(self) -> str:
        """The content in 64 hex digits: equal content, equal hash."""
        document = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(document.encode()).hexdigest()

    def of(self, profile: str) -> Verdict:
        """The verdict under that definition."""
        return next(one for one in self.verdicts if one.profile.id == profile)
