"""RTS-GMLC's table of units, as resources of a case."""

import math
from itertools import pairwise
from typing import Any

from grid_models.formats.rts_gmlc_tables import Row, SeriesFolder

TONNES_PER_POUND = 0.000_453_592_37
MBTU_PER_MMBTU = 1000.0
"""Heat rates are BTU per kWh, which is MMBTU per GWh."""
MINUTES_PER_HOUR = 60
BURNS = ("CT", "CC", "STEAM", "NUCLEAR")
CURTAILABLE = {"PV": "pv", "WIND": "wind"}
GIVEN = {"HYDRO": "hydro", "ROR": "hydro", "RTPV": "rtpv"}
"""What may not be curtailed, as in the RTS-GMLC cases of pglib-uc: rooftop panels and scheduled water."""
UNIT_TYPES = {*BURNS, *CURTAILABLE, *GIVEN, "CSP", "STORAGE"}


def unit(row: Row, series: SeriesFolder, storage: list[Row]) -> dict[str, Any]:
    """The resource that a row describes."""
    kind, name = row.text("Unit Type"), row.text("GEN UID")
    if kind in BURNS:
        return _thermal(row)
    if kind in CURTAILABLE:
        return {"kind": "renewable", "available_mw": series.column(CURTAILABLE[kind], name), **_variable_cost(row)}
    if kind in GIVEN:
        output_mw = series.column(GIVEN[kind], name)
        return {"kind": "renewable", "min_mw": output_mw, "available_mw": output_mw, **_variable_cost(row)}
    return _solar_tower(row, series) if kind == "CSP" else _battery(row, storage)


def _variable_cost(row: Row) -> dict[str, float]:
    return {"cost_per_mwh": row.number("VOM", 0.0)}


def _solar_tower(row: Row, series: SeriesFolder) -> dict[str, Any]:
    inflow_mw = series.column("Natural_Inflow", row.text("GEN UID"))
    rating_mw = row.number("PMax MW")
    return {"kind": "renewable", "available_mw": [min(mw, rating_mw) for mw in inflow_mw], **_variable_cost(row)}


def _battery(row: Row, storage: list[Row]) -> dict[str, Any]:
    """The store behind the unit; its round trip is split evenly between the ways in and out."""
    name = row.text("GEN UID")
    heads = [item for item in storage if item.text("GEN UID") == name and item.text("position") == "head"]
    if not heads:
        raise row.fault("GEN UID", f"'{name}' is a store, but storage.csv has no head of that name")
    one_way = math.sqrt(row.number("Storage Roundtrip Efficiency") / 100)
    return {
        "kind": "battery",
        "charge_max_mw": row.number("Pump Load MW"),
        "discharge_max_mw": row.number("PMax MW"),
        "energy_max_mwh": heads[0].number("Max Volume GWh") * 1000,
        "energy_start_mwh": heads[0].number("Initial Volume GWh") * 1000,
        "charge_efficiency": one_way,
        "discharge_efficiency": one_way,
    }


def _thermal(row: Row) -> dict[str, Any]:
    """Start and stop limits are not in the table: the minimum output, as in the RTS-GMLC cases of pglib-uc."""
    heat = _heat_curve(row)
    min_mw, max_mw = heat[0][0], heat[-1][0]
    ramp_mw_per_h = row.number("Ramp Rate MW/Min") * MINUTES_PER_HOUR
    price, wear = row.number("Fuel Price $/MMBTU"), row.number("VOM", 0.0)
    return {
        "kind": "thermal",
        "min_mw": min_mw,
        "max_mw": max_mw,
        "cost": [{"mw": mw, "cost_per_h": mmbtu * price + mw * wear} for mw, mmbtu in heat],
        "start_costs": _start_costs(row, price),
        "min_up_h": row.number("Min Up Time Hr"),
        "min_down_h": row.number("Min Down Time Hr"),
        "ramp_up_mw_per_h": ramp_mw_per_h,
        "ramp_down_mw_per_h": ramp_mw_per_h,
        "start_max_mw": min_mw,
        "stop_max_mw": min_mw,
        # Not in the table either; pglib-uc's cases run the nuclear unit throughout.
        "must_run": row.text("Unit Type") == "NUCLEAR",
        "emission_t_per_mwh": _emission_t_per_mwh(row, heat),
    }


def _heat_curve(row: Row) -> list[tuple[float, float]]:
    """Output in MW and heat burnt in MMBTU per hour, from minimum to maximum."""
    max_mw = row.number("PMax MW")
    shares = [row.number(f"Output_pct_{i}", None) for i in range(5)]
    outputs = [round(share * max_mw, 6) for share in shares if share is not None]
    if not outputs or any(later <= earlier for earlier, later in pairwise(outputs)):
        raise row.fault("Output_pct_0", "output shares must rise, and there must be one at least")
    if abs(outputs[0] - row.number("PMin MW")) > 1e-3 * max_mw:
        raise row.fault("Output_pct_0", f"begins at {outputs[0]:g} MW but PMin MW is {row.number('PMin MW'):g}")
    average = row.number("HR_avg_0")
    curve = [(outputs[0], average * outputs[0] / MBTU_PER_MMBTU)]
    for i, (lower, upper) in enumerate(pairwise(outputs), start=1):
        # 0 stands for "no increment known" (the nuclear unit); more output from no fuel there is not.
        rate = row.number(f"HR_incr_{i}", 0.0) or average
        curve.append((upper, curve[-1][1] + rate * (upper - lower) / MBTU_PER_MMBTU))
    return curve


def _start_costs(row: Row, fuel_price: float) -> list[dict[str, float]]:
    """Hot, warm and cold starts by hours off; of equal hours the coldest counts."""
    fixed = row.number("Non Fuel Start Cost $", 0.0)
    by_hours = {
        row.number(f"Start Time {state} Hr"): row.number(f"Start Heat {state} MBTU", 0.0) * fuel_price + fixed
        for state in ("Hot", "Warm", "Cold")
    }
    return [{"hours_off": hours, "cost": by_hours[hours]} for hours in sorted(by_hours)]


def _emission_t_per_mwh(row: Row, heat: list[tuple[float, float]]) -> float:
    """At full load; the heat rate at part load is a few per cent higher."""
    full_mw, mmbtu = heat[-1]
    return row.number("Emissions CO2 Lbs/MMBTU", 0.0) * TONNES_PER_POUND * mmbtu / full_mw
