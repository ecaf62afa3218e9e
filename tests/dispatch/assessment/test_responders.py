"""A case as the assessment sees it, and meters that stand in two registers."""

import pytest
from dispatch.building import battery, case, thermal

from grid_models.case import Case
from grid_models.provinces import builtin_case
from grid_models.resources import InterruptibleLoad, VirtualPowerPlant
from grid_models.resources.virtual_power_plant import Composition, Envelope
from services.dispatch.assessment.capability import contracted_mw
from services.dispatch.assessment.responders import Responder, each_meter_once, relief_limits_mw, responders_of

approx = pytest.approx


def test_a_meter_counts_once_and_the_log_says_where_it_went():
    """A plant of 100 MW has members of 60 and 40; the 40 are already contracted: 60 of its 100 MW are left."""
    direct = Responder("mill", 40, meters_mw={"meter 7": 40.0})
    plant = Responder("plant", 100, (80.0,), energy_mwh=200, programme="virtual power plant",
                      meters_mw={"meter 1": 60.0, "meter 7": 40.0})  # fmt: skip
    kept, log = each_meter_once([plant, direct])
    assert [60, 40] == [one.contracted_mw for one in kept]
    assert (48.0,) == approx(kept[0].headroom_mw)
    assert 120 == approx(kept[0].energy_mwh)
    assert [("meter 7", "mill", "plant", 40)] == [(one.meter, one.kept_by, one.taken_from, one.mw) for one in log]


def test_whoever_shares_no_meter_keeps_everything():
    users = (Responder("one", 10), Responder("two", 20))
    assert (users, ()) == each_meter_once(users)


def views(*resources: object) -> dict[str, Responder]:
    study: Case = case([100, 200, 150], *resources)  # type: ignore[arg-type]
    return {one.name: one for one in responders_of(study)}


def test_a_contract_as_it_stands_in_the_case():
    load = InterruptibleLoad(
        name="mill", contract_mw=50, baseline_mw=(60, 70, 80), floor_mw=30, availability=0.9, notice_h=2,
        call_max_h=3, calls_per_day_max=1, calls_max=20, rest_h=4, rebound_share=0.5, rebound_window_h=2,
    )  # fmt: skip
    seen = views(load)["mill"]
    assert (30, 40, 50) == seen.headroom_mw
    assert (0.9, 2, 3, 1, 20, 4) == (
        seen.availability, seen.notice_h, seen.duration_h, seen.calls_per_day, seen.calls_per_year, seen.rest_h,
    )  # fmt: skip
    assert "D" == seen.source


def test_a_store_gives_what_its_energy_allows():
    """100 MWh less 10 that must stay, at 90 %: 81 MWh; the user's own counts on the demand side."""
    losses = {"energy_min_mwh": 10, "discharge_efficiency": 0.9}
    seen = views(battery(**losses), battery(name="mine", technology="user-side storage", **losses))
    assert 81 == approx(seen["battery"].energy_mwh)
    assert ["S", "D"] == [one.source for one in seen.values()]


def test_a_captive_plant_adds_what_it_does_not_give_yet():
    """150 MW at 110: 40 more. A plant without a contract is supply, no response."""
    study = case([100], thermal("own", high=150, was=110), thermal("grid"))
    assert () == responders_of(study)
    (own,) = responders_of(study, captive=["own"])
    assert (150, (40,)) == (own.contracted_mw, own.headroom_mw)


def test_the_members_of_a_plant_share_its_connection():
    members = (battery(name="store", mw=30), InterruptibleLoad(name="users", contract_mw=60))
    park = VirtualPowerPlant(
        name="park", availability=0.5, model=Composition(members=members, export_max_mw=70, import_max_mw=10)
    )
    study = case([100], park)
    seen = responders_of(study)
    assert 90 == contracted_mw(seen)
    assert all(("system", "park") == one.corridors and one.availability == 0.5 for one in seen)
    assert {"park": 35.0} == relief_limits_mw(study)


def test_an_envelope_returns_what_ran_ahead():
    """40 MWh ahead at most and none at the end: all of it comes back, at 10 MW in no less than 4 h."""
    band = Envelope(power_min_mw=-10, power_max_mw=(20, 30, 20), energy_max_mwh=(40, 40, 0))
    seen = views(VirtualPowerPlant(name="homes", model=band))["homes"]
    assert (30, 40, 1, 4) == (seen.contracted_mw, seen.energy_mwh, seen.rebound_share, seen.rebound_window_h)


def test_the_province_that_ships():
    """4,250 MW of contracts, 530 of envelopes, and the members of two parks: 50 storage, 40 engines, 100 users."""
    seen = responders_of(builtin_case("zhejiang"))
    mw = {source: contracted_mw([one for one in seen if one.source == source]) for source in "DSP"}
    assert 4250 + 530 + 190 == approx(mw["D"])
    assert 10 * 50 + 11 * 100 + 2 * 200 == approx(mw["S"])
    assert 6 * 300 + 4 * 300 + 4 * 375 + 6 * 350 + 2 * 40 + 350 == approx(mw["P"])
