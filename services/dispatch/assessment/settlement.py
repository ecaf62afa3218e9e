"""What a measured response is worth: whether the event counts, what part of it is paid, and at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import stdtrit

Certainty = Literal["sourced", "unverified"]


@dataclass(frozen=True)
class PriceRule:
    """What a province pays for a response that was called, and for being ready."""

    id: str
    source: str
    certainty: Certainty
    energy_cny_per_kwh: float
    """Of energy that was saved; a cap where the price is bid."""
    ready_cny_per_kw_month: float = 0.0
    """Of contracted power, in months without a call."""
    valid_from: float = 0.8
    """Least share of the agreed power that makes an event count."""
    paid_up_to: float = 1.2
    """Share of the agreed power beyond which nothing is paid."""


PRICE_RULES: Mapping[str, PriceRule] = {
    rule.id: rule
    for rule in (
        PriceRule("hainan-2025-contract", "Hainan draft 2025 (bjx 20250617/1446702)", "sourced", 1.0, 0.3),
        PriceRule("hainan-2025-invited", "Hainan draft 2025 (bjx 20250617/1446702)", "sourced", 1.5),
        PriceRule("hainan-2025-emergency", "Hainan draft 2025 (bjx 20250617/1446702)", "sourced", 2.0),
        PriceRule("hainan-2023", "Hainan 2023 (mysteel)", "sourced", 0.3),
    )
}


@dataclass(frozen=True)
class Settled:
    """The verdict on one event."""

    response_mw: float
    ratio: float
    """Of the agreed power."""
    valid: bool
    paid_mwh: float
    payment_cny: float


def settled(response_mw: float, agreed_mw: float, duration_h: float, rule: PriceRule) -> Settled:
    """Whether the event counts and what it pays; below the gate nothing, above the ceiling no more."""
    ratio = response_mw / agreed_mw
    valid = ratio >= rule.valid_from - 1e-12
    paid_mwh = max(0.0, min(response_mw, rule.paid_up_to * agreed_mw)) * duration_h if valid else 0.0
    return Settled(response_mw, ratio, valid, paid_mwh, paid_mwh * 1000 * rule.energy_cny_per_kwh)


def proven_share(ratios: Sequence[float], confidence: float = 0.9) -> float:
    """The share of its contract that tests prove: the lower one-sided confidence bound of the mean, at least 0.

    Ratios above 1 count as 1; a single test proves nothing, for its spread is unknown.
    """
    capped = np.minimum(np.asarray(ratios, dtype=float), 1.0)
    tests = len(capped)
    if tests < 2:
        return 0.0
    margin = float(stdtrit(tests - 1, confidence)) * float(capped.std(ddof=1)) / np.sqrt(tests)
    return float(np.clip(capped.mean() - margin, 0.0, 1.0))
