"""A province from its card, assessed: the year, the days and the fleet come together."""

import numpy as np
import pytest

from grid_models.errors import BadInput
from services.dispatch.assessment.assessing import Depth, assess
from services.dispatch.assessment.provincial import subject_of_province
from services.dispatch.assessment.register import Register


def test_a_province_is_assessed_from_its_card():
    """The load is the year's, the worst days are all different."""
    subject = subject_of_province("hainan", 2027, days=3)
    assert (8760, 2027, 3) == (len(subject.load.load_mw), subject.load.start.year, len(subject.days))
    assert len({case.horizon.start for case in subject.days}) == 3
    assert subject.case.demand_mw.max() == pytest.approx(subject.load.peak_mw, abs=0.1)
    assert subject.supply.net_load_mw.shape == (20, 8760)
    found = assess(subject, ["CN-2024-128"], Depth(None, sample_years=40, seconds=5))
    assert found.load.weather is not None
    assert found.load.weather.cooling_mw_per_c > 0
    assert found.of("CN-2024-128").target_mw == pytest.approx(0.05 * subject.load.peak_mw)
    assert found.risk is not None
    assert found.risk.without.eue_mwh >= found.risk.answered.eue_mwh
    assert 1 + 2030 - 2027 == len(found.paths[0].years)
    assert any("no record" in note for note in found.notes)
    assert np.isclose(sum(map(sum, found.load.peak_hours_by_month)), found.load.thresholds[1].hours)


def test_users_own_plants_count_once_a_register_names_them():
    """Until then the card knows their megawatts and no contract of theirs."""
    subject = subject_of_province("gansu", 2026, days=1)
    captive = next(one.name for one in subject.case.resources if one.name.startswith("captive"))
    programmes = [one.programme for one in subject.fleet()[0].responders]
    assert "captive" not in programmes
    assert any("until a register names" in note for note in subject.notes)
    named = subject.with_register(Register(captive=(captive,))).fleet()[0].responders
    assert [captive] == [one.name for one in named if one.programme == "captive"]
    with pytest.raises(BadInput, match="nobody is called"):
        subject.with_register(Register(captive=("captive-999",)))
