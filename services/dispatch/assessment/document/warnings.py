"""How grave a shortage is in the words of the load management rules: IV (blue) to I (red)."""

from typing import Literal

WarningLevel = Literal["I (red)", "II (orange)", "III (yellow)", "IV (blue)"]
FROM_SHARE: tuple[tuple[float, WarningLevel], ...] = ((0.20, "I (red)"), (0.10, "II (orange)"))
BLUE_TO_SHARE = 0.05
"""Of the highest demand. Source of all: Guangxi load management rules of 2024 (m.bjx 20240321/1367255)."""


def warning_level(gap_mw: float, demand_mw: float) -> WarningLevel | None:
    """The level of a gap before the highest demand; None where nothing is missing."""
    if gap_mw <= 0:
        return None
    share = gap_mw / demand_mw
    otherwise: WarningLevel = "III (yellow)" if share > BLUE_TO_SHARE else "IV (blue)"
    return next((level for least, level in FROM_SHARE if share >= least), otherwise)
