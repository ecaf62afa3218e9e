"""What the demand side of the card can give: contracts to shed and virtual power plants."""

from grid_models.provinces.card import Card, CompositionFact, Contract, EnvelopeFact
from grid_models.provinces.curves import daylight, eased, hours_of_day, tenths
from grid_models.quantities import Floats
from grid_models.resources import Battery, InterruptibleLoad, Renewable, ThermalUnit, VirtualPowerPlant
from grid_models.resources.base import PriceStep
from grid_models.resources.thermal import CostPoint, StartCost, ThermalState
from grid_models.resources.virtual_power_plant import Composition, Envelope, Member

# Assumed for every park: a gas engine of 40 % least output, a lithium battery, and users that shed for two hours.
ENGINE_MIN_SHARE = 0.4
ENGINE_PRICE_PER_MWH = 660.0
ENGINE_EMISSION_T_PER_MWH = 0.47
ENGINE_START_PER_MW = 40.0
PARK_BATTERY_EFFICIENCY = 0.92
PARK_BATTERY_WEAR_PER_MWH = 70.0
PARK_SHED_PRICE_PER_MWH = 1500.0


def contracts(card: Card) -> tuple[InterruptibleLoad, ...]:
    shape = eased(hours_of_day(card.day.horizon), card.demand.shape.points)
    return tuple(contract(item, card.name, shape) for item in card.contracts)


def contract(item: Contract, zone: str, shape: Floats) -> InterruptibleLoad:
    """Cooling follows the demand of the day and comes back after a call; a works draws the same all day."""
    cooling = item.rebound > 0
    return InterruptibleLoad(
        name=item.name,
        zone=zone,
        technology="interruptible load",
        contract_mw=item.mw,
        form=item.form,
        shed_min_mw=item.mw if item.form == "block" else round(0.2 * item.mw, 1),
        baseline_mw=tenths(item.baseline * shape) if cooling else item.baseline,
        floor_mw=tenths(item.floor * shape) if cooling else item.floor,
        notice_h=item.notice_h,
        call_min_h=item.call_h[0],
        call_max_h=item.call_h[1],
        calls_per_day_max=item.calls,
        calls_max=item.calls_per_year,
        rest_h=item.rest_h,
        rebound_share=item.rebound,
        rebound_window_h=item.rebound_h,
        price_per_mwh=item.price,
        price_per_call=item.price_per_call,
    )


def virtual_power_plants(card: Card) -> tuple[VirtualPowerPlant, ...]:
    sun = daylight(hours_of_day(card.day.horizon), card.solar[0].sunrise_h, card.solar[0].sunset_h, card.solar[0].power)
    parks = (_park(item, card, sun * card.solar[0].peak_share) for item in card.compositions)
    return (*(envelope(item, card.name, card.day.horizon.steps) for item in card.envelopes), *parks)


def envelope(item: EnvelopeFact, zone: str, steps: int) -> VirtualPowerPlant:
    """By the end of the day its users have drawn again what they gave."""
    return VirtualPowerPlant(
        name=item.name,
        zone=zone,
        technology="virtual power plant",
        standing_cost_per_h=item.standing_cost_per_h,
        model=Envelope(
            power_min_mw=-item.down_mw,
            power_max_mw=item.up_mw,
            energy_min_mwh=-item.behind_mwh,
            energy_max_mwh=(item.ahead_mwh,) * (steps - 1) + (0.0,),
            ramp_mw_per_h=item.ramp_mw_per_h,
            up_bids=tuple(PriceStep(mw=mw, price_per_mwh=price) for mw, price in item.bids),
        ),
    )


def _park(item: CompositionFact, card: Card, sun: Floats) -> VirtualPowerPlant:
    members: tuple[Member, ...] = (
        _park_battery(item, card.name),
        _engine(item, card.name),
        Renewable(
            name=f"{item.name} roofs",
            zone=card.name,
            technology="photovoltaics",
            available_mw=tenths(item.pv_mw * sun),
            curtailment_price_per_mwh=200,
        ),
        _users(item, card.name),
    )
    return VirtualPowerPlant(
        name=item.name,
        zone=card.name,
        technology="virtual power plant",
        standing_cost_per_h=item.standing_cost_per_h,
        model=Composition(members=members, export_max_mw=item.export_max_mw, import_max_mw=item.import_max_mw),
    )


def _park_battery(item: CompositionFact, zone: str) -> Battery:
    energy_mwh = item.battery_mw * item.battery_h
    return Battery(
        name=f"{item.name} battery",
        zone=zone,
        technology="lithium battery",
        charge_max_mw=item.battery_mw,
        discharge_max_mw=item.battery_mw,
        energy_max_mwh=energy_mwh,
        energy_min_mwh=round(0.1 * energy_mwh, 1),
        energy_start_mwh=round(0.5 * energy_mwh, 1),
        charge_efficiency=PARK_BATTERY_EFFICIENCY,
        discharge_efficiency=PARK_BATTERY_EFFICIENCY,
        wear_cost_per_mwh=PARK_BATTERY_WEAR_PER_MWH,
    )


def _engine(item: CompositionFact, zone: str) -> ThermalUnit:
    min_mw, max_mw = round(ENGINE_MIN_SHARE * item.engine_mw, 1), item.engine_mw
    return ThermalUnit(
        name=f"{item.name} engine",
        zone=zone,
        technology="gas engine",
        min_mw=min_mw,
        max_mw=max_mw,
        cost=tuple(CostPoint(mw=mw, cost_per_h=round(mw * ENGINE_PRICE_PER_MWH, 2)) for mw in (min_mw, max_mw)),
        start_costs=(StartCost(hours_off=0, cost=ENGINE_START_PER_MW * max_mw),),
        min_up_h=0.5,
        min_down_h=0.5,
        start_time_min=10,
        emission_t_per_mwh=ENGINE_EMISSION_T_PER_MWH,
        initial=ThermalState(on=False, hours=3),
    )


def _users(item: CompositionFact, zone: str) -> InterruptibleLoad:
    return InterruptibleLoad(
        name=f"{item.name} users",
        zone=zone,
        technology="interruptible load",
        contract_mw=item.shed_mw,
        notice_h=1,
        call_min_h=0.5,
        call_max_h=2,
        calls_per_day_max=2,
        rest_h=2,
        price_per_mwh=PARK_SHED_PRICE_PER_MWH,
    )
