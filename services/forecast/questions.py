"""What operators ask of joint scenarios: will load pass a threshold, will net load ramp, will response be needed?"""

from dataclasses import dataclass

import numpy as np

from grid_models.quantities import Floats


@dataclass(frozen=True)
class Odds:
    """How likely something is, at each step and at any time in the window."""

    by_step: Floats
    at_any_time: float
    expected_energy_mwh: float = 0.0
    """Expected energy beyond the threshold over the window."""
    expected_duration_h: float = 0.0
    """Expected time beyond the threshold, given that it is passed."""


def passes(values_mw: Floats, threshold_mw: Floats | float, step_h: float, weights: Floats | None = None) -> Odds:
    """Odds that futures [scenarios, steps] lie above a threshold."""
    weights = _weights(values_mw, weights)
    beyond_mw = np.maximum(values_mw - threshold_mw, 0.0)
    above = values_mw > threshold_mw
    ever = float(weights @ above.any(axis=1))
    return Odds(
        by_step=weights @ above,
        at_any_time=ever,
        expected_energy_mwh=float(weights @ beyond_mw.sum(axis=1)) * step_h,
        expected_duration_h=float(weights @ above.sum(axis=1)) * step_h / ever if ever > 0 else 0.0,
    )


def ramps(values_mw: Floats, ramp_mw: float, within_h: float, step_h: float, weights: Floats | None = None) -> Odds:
    """Odds that futures [scenarios, steps] rise (or, where `ramp_mw` is negative, fall) so much within that time.

    A step counts if the rise is complete at it, from any step of the time before.
    """
    weights = _weights(values_mw, weights)
    reach = max(1, round(within_h / step_h))
    turned = values_mw * np.sign(ramp_mw)
    lowest = turned.copy()
    for back in range(1, reach + 1):
        lowest[:, back:] = np.minimum(lowest[:, back:], turned[:, :-back])
    ramped = turned - lowest >= abs(ramp_mw)
    return Odds(by_step=weights @ ramped, at_any_time=float(weights @ ramped.any(axis=1)))


def response_needed(
    net_load_mw: Floats, available_mw: Floats | float, step_h: float, weights: Floats | None = None
) -> Odds:
    """Odds that net load exceeds what the ordinary fleet and imports can deliver, so that response must be called."""
    return passes(net_load_mw, available_mw, step_h, weights)


def _weights(values: Floats, weights: Floats | None) -> Floats:
    even: Floats = np.full(len(values), 1 / len(values))
    return even if weights is None else weights
