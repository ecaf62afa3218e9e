"""GEFCom2014 solar: three plants, forecast a month at a time from the weather of every midnight (Hong et al. 2016)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecast import peer
from benchmarks.forecast.monthly import Said, by_model, by_peer, observed, tasks, untuned
from benchmarks.forecast.protocol import Row, file_in
from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.features.questions import Questions
from services.forecast.features.solar import sky_of
from services.forecast.features.weather import deaccumulated
from services.forecast.known import Known, Vintages
from services.forecast.models.base import Task
from services.forecast.models.climatology import Climatology
from services.forecast.models.persistence import Persistence
from services.forecast.models.physical_solar import PhysicalSolar
from services.forecast.models.renewable_boosting import RenewableBoosting

SET = "GEFCom2014 solar"
BELOW_UNTUNED = 0.92
# Canberra: the description of the track gives 35 deg 16' S, 149 deg 06' E; the sun in the predictors agrees.
PLACE = {"latitude": -35.275, "longitude": 149.11}
SUMMED = ("var169", "var175", "var178", "var228")
RATES = {
    "var169": "irradiance_w_per_m2",
    "var175": "thermal_radiation_w_per_m2",
    "var178": "top_radiation_w_per_m2",
    "var228": "precipitation_m_per_s",
}
STATES = {
    "var78": "cloud_water_kg_per_m2",
    "var79": "cloud_ice_kg_per_m2",
    "var134": "pressure_pa",
    "var157": "humidity_pct",
    "var164": "cloud_cover",
    "var165": "wind_u_10m_m_per_s",
    "var166": "wind_v_10m_m_per_s",
    "var167": "temperature_c",
}
TASK = Task(step_min=60, first_lead_h=0.0, last_lead_h=24.0, origins_utc_h=(0.0,), threads=1)


def rows(data: Path) -> Iterator[Row]:
    table = pd.read_parquet(file_in(data, "gefcom2014_solar.parquet"))
    known = [plant(zone, of) for zone, of in table.groupby("zone")]
    months = tasks(known[0].observed.times)
    ours = lit(known, by_model(RenewableBoosting(), known, months, TASK, 0.0))
    reference = untuned(raw_table(table), (*SUMMED, *STATES, "zone", "hour"), months, ours)
    yield reference.row(SET, "LightGBM untuned")
    for other in peer.installed():
        yield lit(known, by_peer(other, raw_table(table), (*SUMMED, *STATES), months, ours)).row(SET, other.name)
    yield ours.row(SET, "gridflex renewable_boosting", must_reach=BELOW_UNTUNED * reference.pinball())
    for model in (PhysicalSolar(), Climatology(), Persistence()):
        yield lit(known, by_model(model, known, months, TASK, 0.0)).row(SET, f"gridflex {model.name}")


def plant(zone: int, table: pd.DataFrame) -> Known:
    """One plant with all the weather there is: an hour that ends at `t_end` is the step that begins one before."""
    table = table.sort_values("t_end_utc")
    ends = table["t_end_utc"].to_numpy().astype("datetime64[s]")
    begins = ends - np.timedelta64(3600, "s")
    since = [CapacityFrom(since=datetime(2000, 1, 1, tzinfo=UTC), capacity_mw=1.0)]
    series = SeriesDescription(
        name=f"zone {zone}", kind="solar", step_min=60, timezone="UTC", capacity_mw=since, **PLACE
    )
    return Known(
        series,
        np.datetime64("2100-01-01", "s"),
        observed(begins, table["power_pu"].to_numpy(dtype=float)),
        {"ecmwf": weather(table, ends, begins)},
    )


def weather(table: pd.DataFrame, ends: np.ndarray, begins: np.ndarray) -> Vintages:
    """Issued every midnight for the day that follows; sums become rates of the hour before their time."""
    first = begins.astype("datetime64[D]").astype("datetime64[s]") == begins
    rates = {name: deaccumulated(table[code].to_numpy(dtype=float), 1.0, first) for code, name in RATES.items()}
    states = {name: table[code].to_numpy(dtype=float) for code, name in STATES.items()}
    states["temperature_c"] = states["temperature_c"] - 273.15
    issued = begins.astype("datetime64[D]").astype("datetime64[s]")
    return Vintages.sorted(begins, issued, issued, {**rates, **states})


def raw_table(table: pd.DataFrame) -> pd.DataFrame:
    ends = table["t_end_utc"]
    return table.assign(
        series=table["zone"] - table["zone"].min(),
        time=(ends - pd.Timedelta(hours=1)).astype("datetime64[us]"),
        power=table["power_pu"],
        hour=ends.dt.hour,
    )


def lit(known: list[Known], said: Said) -> Said:
    """Intervals are judged by daylight: at night everybody is right."""
    scored = np.zeros(len(said.times), dtype=bool)
    for place, one in enumerate(known):
        mine = np.flatnonzero(said.series == place)
        asked = Questions([one], np.array([0]), said.times[mine[:1]], said.times[mine][None, :], 60)
        scored[mine] = sky_of(asked).daylight[0]
    return replace(said, scored=scored)
