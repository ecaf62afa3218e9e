"""A shortage is named by its share of the highest demand."""

import pytest

from services.dispatch.assessment.document.warnings import warning_level


@pytest.mark.parametrize(
    ("gap_mw", "level"),
    [(0, None), (1, "IV (blue)"), (50, "IV (blue)"), (51, "III (yellow)"), (100, "II (orange)"), (200, "I (red)")],
)
def test_levels_of_1000_mw(gap_mw: float, level: str | None):
    assert level == warning_level(gap_mw, 1000)
