"""GEFCom2014 wind, zone 1: forecast a month at a time from the winds of every midnight (Hong et al. 2016)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecast import peer
from benchmarks.forecast.monthly import by_model, by_peer, observed, tasks, untuned
from benchmarks.forecast.protocol import Row, file_in
from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.known import Known, Vintages
from services.forecast.models.base import Task
from services.forecast.models.climatology import Climatology
from services.forecast.models.persistence import Persistence
from services.forecast.models.physical_wind import PhysicalWind
from services.forecast.models.renewable_boosting import RenewableBoosting

SET = "GEFCom2014 wind zone 1"
BELOW_UNTUNED = 0.92
WINDS = {
    "u10": "wind_u_10m_m_per_s",
    "v10": "wind_v_10m_m_per_s",
    "u100": "wind_u_100m_m_per_s",
    "v100": "wind_v_100m_m_per_s",
}
TASK = Task(step_min=60, first_lead_h=0.0, last_lead_h=24.0, origins_utc_h=(0.0,), threads=1)


def rows(data: Path) -> Iterator[Row]:
    table = pd.read_parquet(file_in(data, "gefcom2014_wind_zone1.parquet")).dropna(subset=["u100"])
    known = [farm(table)]
    months = tasks(known[0].observed.times)
    ours = by_model(RenewableBoosting(), known, months, TASK, 0.0)
    reference = untuned(raw_table(table), (*WINDS, "speed10", "speed100", "hour"), months, ours)
    yield reference.row(SET, "LightGBM untuned")
    for other in peer.installed():
        yield by_peer(other, raw_table(table), (*WINDS, "speed10", "speed100"), months, ours).row(SET, other.name)
    yield ours.row(SET, "gridflex renewable_boosting", must_reach=BELOW_UNTUNED * reference.pinball())
    for model in (PhysicalWind(), Climatology(), Persistence()):
        yield by_model(model, known, months, TASK, 0.0).row(SET, f"gridflex {model.name}")


def farm(table: pd.DataFrame) -> Known:
    """The farm with all the weather there is; winds hold at the end of an hour, where the next one begins."""
    ends = table["t_end"].to_numpy().astype("datetime64[s]")
    begins = ends - np.timedelta64(3600, "s")
    since = [CapacityFrom(since=datetime(2000, 1, 1, tzinfo=UTC), capacity_mw=1.0)]
    series = SeriesDescription(name="zone 1", kind="wind", step_min=60, timezone="UTC", capacity_mw=since)
    issued = table["issue"].to_numpy().astype("datetime64[s]")
    winds = {name: table[code].to_numpy(dtype=float) for code, name in WINDS.items()}
    power = table["power_pu"].to_numpy(dtype=float)
    # Where the farm stood still for want of a reading the competition left a gap.
    told = np.isfinite(power)
    return Known(
        series,
        np.datetime64("2100-01-01", "s"),
        observed(begins[told], power[told]),
        {"ecmwf": Vintages.sorted(ends, issued, issued, winds)},
    )


def raw_table(table: pd.DataFrame) -> pd.DataFrame:
    return table.dropna(subset=["power_pu"]).assign(
        series=0,
        time=lambda of: (of["t_end"] - pd.Timedelta(hours=1)).astype("datetime64[us]"),
        power=lambda of: of["power_pu"],
        speed10=lambda of: np.hypot(of["u10"], of["v10"]),
        speed100=lambda of: np.hypot(of["u100"], of["v100"]),
        hour=lambda of: of["t_end"].dt.hour,
    )
