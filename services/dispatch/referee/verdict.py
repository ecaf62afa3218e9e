"""What the referee says: every objection, and the bill that the schedule really runs up."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from grid_models.quantities import Floats


@dataclass(frozen=True)
class Violation:
    """One objection: which rule, at whom, when, by how much, and in words."""

    rule: str
    name: str
    """The resource, zone, link, product or fuel; `plan` for what the plan says about itself."""
    step: int | None
    amount: float
    """By how much, in the unit of the quantity; 0 where no quantity is at stake."""
    words: str


@dataclass(frozen=True)
class Verdict:
    """The judgement of one plan on one case. `cost` is not a number where the plan could not be read."""

    violations: tuple[Violation, ...]
    cost: float
    """Recomputed from the schedule alone."""
    cost_by_kind: dict[str, dict[str, float]]

    @property
    def accepted(self) -> bool:
        return not self.violations


@dataclass(frozen=True)
class Finding:
    """What the meters at one resource say."""

    injection_mw: Floats
    """Into its zone, or into the connection of the plant that it is a member of."""
    cost: dict[str, float]
    violations: tuple[Violation, ...]
    fuel_gj: Floats | None = None
    """Fuel burnt, step by step, where it burns any."""
    on: Floats | None = None
    """1 on, 0 off, where it has a commitment."""
    members: dict[str, "Finding"] = field(default_factory=dict)
    """The findings at the members of a composition."""


def everyone(findings: dict[str, Finding]) -> Iterator[tuple[str, Finding]]:
    """Every finding by name, those at members of plants included."""
    for name, finding in findings.items():
        yield name, finding
        yield from everyone(finding.members)
