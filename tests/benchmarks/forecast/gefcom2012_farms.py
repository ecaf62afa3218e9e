"""The farms of GEFCom2012 wind with their weather issues, as the service would know them (Hong et al. 2014)."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.forecast.protocol import file_in
from grid_models.forecast import CapacityFrom, SeriesDescription
from services.forecast.known import Known, Observed, Vintages


def farms(data: Path) -> list[Known]:
    """Every farm with all that is ever known; weather is issued at 00 and 12 h for the next 48."""
    power = pd.read_parquet(file_in(data, "gefcom2012_wind_power.parquet"))
    weather = pd.read_parquet(file_in(data, "gefcom2012_wind_nwp.parquet"))
    return [farm(one, of, weather[weather["farm"] == one]) for one, of in power.groupby("farm")]


def farm(name: int, power: pd.DataFrame, weather: pd.DataFrame) -> Known:
    since = [CapacityFrom(since=datetime(2000, 1, 1, tzinfo=UTC), capacity_mw=1.0)]
    series = SeriesDescription(name=f"farm {name}", kind="wind", step_min=60, timezone="UTC", capacity_mw=since)
    issued = weather["issue"].to_numpy().astype("datetime64[s]")
    times = issued + (weather["lead_h"].to_numpy(dtype=np.int64) * 3600).astype("timedelta64[s]")
    winds = {f"wind_{one}_10m_m_per_s": weather[one].to_numpy(dtype=float) for one in ("u", "v")}
    power = power.dropna(subset=["power_pu"]).sort_values("t")
    observed = Observed.promptly(power["t"].to_numpy().astype("datetime64[s]"), power["power_pu"].to_numpy(dtype=float))
    issues = Vintages.sorted(times, issued, issued, winds)
    return Known(series, np.datetime64("2100-01-01", "s"), observed, {"gfs": issues})
