"""What a meter at a given series would object to: anything but the series."""

from grid_models.quantities import per_step
from grid_models.resources import Profile
from services.dispatch.referee.verdict import Finding
from services.dispatch.referee.yard import Yard


def inspect(profile: Profile, yard: Yard) -> Finding:
    """Judge that what was scheduled elsewhere arrives as scheduled, and holds nothing ready."""
    name = profile.name
    power_mw = yard.readings.resources[name]["power_mw"]
    awards = yard.awards(name)
    violations = (
        *yard.equal("given series", name, "power", power_mw, per_step(profile.power_mw, yard.steps)),
        *yard.at_most("no reserve", name, "reserve of a given series", awards.up_mw + awards.down_mw, 0.0),
    )
    return Finding(power_mw, {"production": profile.cost_per_mwh * float(power_mw.sum()) * yard.step_h}, violations)
