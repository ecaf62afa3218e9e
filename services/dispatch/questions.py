"""A question: a case and how a plan of it is wanted. Its hash names the answer."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, Strict

from grid_models.quantities import Data


class SolverWish(Data):
    """How the search is to go."""

    gap: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1e-3
    """Relative gap that ends the search."""
    time_limit_s: Annotated[float, Field(ge=0.1, le=1e6, allow_inf_nan=False)] = 300.0
    threads: Annotated[int, Strict(), Field(ge=1, le=1024)] = 2
    seed: Annotated[int, Strict(), Field(ge=0, le=2**31 - 1)] = 1
    method: Literal["auto", "direct", "decomposed"] = "auto"
    """One branch and bound, or unit pricing first; `auto` goes by the size of the thermal fleet."""


class ForecastWish(Data):
    """Which of the forecast service's numbers are to replace those of the case."""

    basis: Literal["median", "quantile", "scenarios"] = "median"
    level: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] | None = None
    """With `quantile`: which one, of every series by itself: 0.9 is a high load, and much wind and sun beside it."""
    as_of: AwareDatetime | None = None
    """What was known then; None: now."""


class Question(Data):
    """All that the answer depends on."""

    case_hash: str
    solver: SolverWish = SolverWish()
    start: str | None = None
    """The key of the question whose plan the search starts from."""
    forecast: ForecastWish | None = None
    versions: dict[str, str]

    @property
    def key(self) -> str:
        """64 hex digits: the same question, the same key."""
        return digest(self.document)

    @property
    def document(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


class AssessmentQuestion(Data):
    """All that an assessment depends on."""

    kind: Literal["assessment"] = "assessment"
    case_hash: str
    """Of the case, or of the province's worst day: another card makes another."""
    wish: dict[str, Any]
    """An `AssessmentWish`; not loaded here, for the API must not load the engine."""
    versions: dict[str, str]

    @property
    def key(self) -> str:
        """64 hex digits: the same question, the same key."""
        return digest(self.document)

    @property
    def document(self) -> dict[str, Any]:
        return self.model_dump(mode="json")


def digest(document: dict[str, Any]) -> str:
    """64 hex digits: the same content, the same digest."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


@cache
def versions() -> dict[str, str]:
    """What else decides which plan is found, read without loading any of it."""
    named = ("gridflex", "highspy", "numpy", "scipy")
    return {name: version(name) for name in named} | {"python": platform.python_version()}
