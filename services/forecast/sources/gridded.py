"""Weather fields on grids, NetCDF and GRIB2, as vintages at the points of weather series (needs the extra `grids`)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

import numpy as np

from grid_models.forecast import SeriesDescription
from grid_models.quantities import Floats
from services.forecast.errors import ForecastError, UnsupportedForm, Unusable
from services.forecast.known import Moment, Moments
from services.forecast.store import WeatherIssue

NETCDF = (".nc", ".nc4", ".netcdf")
GRIB = (".grib", ".grib2", ".grb", ".grb2")
Between = Literal["nearest", "bilinear"]
NAMES = {
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "x"),
    "issued": ("forecast_reference_time", "issued_at", "reference_time", "time"),
    "valid": ("valid_time",),
    "lead": ("step", "lead_time", "prediction_timedelta"),
}


class ExtraMissing(ForecastError):
    """A library that is not installed."""

    status = 422
    type = "/problems/extra-missing"
    title = "A library is not installed"


@dataclass(frozen=True)
class Variable:
    """How a field becomes a weather series: `value = factor * field + offset`."""

    field: str
    factor: float = 1.0
    offset: float = 0.0


USUAL = {
    "temperature_c": Variable("t2m", offset=-273.15),
    "dew_point_c": Variable("d2m", offset=-273.15),
    "wind_east_10m_m_per_s": Variable("u10"),
    "wind_north_10m_m_per_s": Variable("v10"),
    "wind_east_100m_m_per_s": Variable("u100"),
    "wind_north_100m_m_per_s": Variable("v100"),
    "pressure_pa": Variable("sp", factor=0.01),
    "cloud_cover": Variable("tcc"),
}
"""Names as ECMWF has them."""


def read(
    path: Path,
    series: Sequence[SeriesDescription],
    source: str,
    known_at: Moment,
    between: Between = "bilinear",
    variables: dict[str, Variable] | None = None,
    every: bool = True,
    delay_h: float | None = None,
) -> list[WeatherIssue]:
    """What the file says at the points of these weather series, for each issue in it.

    With `every` all of them must be in the file, else those are read that are. Each issue was known `delay_h` after it,
    without that at `known_at`.
    """
    chosen = USUAL | (variables or {})
    issues: list[WeatherIssue] = []
    for dataset in _datasets(path):
        with dataset:
            for one in series:
                field = chosen.get(one.variable or "")
                if field is None or field.field not in dataset.data_vars:
                    continue
                if every or _is_inside(dataset, one):
                    issues += _issues(dataset, one, field, source, known_at, between)
    missing = {one.name for one in series} - {issue.series for issue in issues}
    if missing and (every or not issues):
        raise Unusable(f"{path.name}: holds no field for {', '.join(sorted(missing)[:5])}; name one in `variables`")
    return issues if delay_h is None else [_known_after(issue, delay_h) for issue in issues]


def _known_after(issue: WeatherIssue, delay_h: float) -> WeatherIssue:
    return replace(issue, known_at=issue.issued + np.timedelta64(round(delay_h * 3600), "s"))


def is_field(path: Path) -> bool:
    """Whether the name is that of a field."""
    return path.suffix.lower() in NETCDF + GRIB


def _datasets(path: Path) -> Iterable[Any]:
    if not path.exists():
        raise Unusable(f"{path}: there is no such file")
    if path.suffix.lower() in NETCDF:
        return [_opened(path, _extra("xarray").open_dataset, engine="netcdf4")]
    if path.suffix.lower() in GRIB:
        # Fields at several heights do not fit into one dataset: cfgrib gives as many as are needed.
        return list(_opened(path, _extra("cfgrib").open_datasets, backend_kwargs={"indexpath": ""}))
    raise UnsupportedForm(f"{path.name}: accepted are .nc, .grib and .grib2")


def _extra(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraMissing(f"{name} is not installed; pip install 'gridflex[grids]' reads NetCDF and GRIB2") from error


def _opened(path: Path, how: Any, **options: Any) -> Any:
    try:
        return how(str(path), **options)
    except ImportError as error:
        raise ExtraMissing(f"{error.name} is not installed; pip install 'gridflex[grids]'") from error
    except Exception as error:
        raise Unusable(f"{path.name}: cannot be read ({type(error).__name__}: {str(error)[:200]})") from error


def _issues(
    dataset: Any, one: SeriesDescription, field: Variable, source: str, known_at: Moment, between: Between
) -> list[WeatherIssue]:
    latitude, longitude = _coordinate(dataset, "latitude"), _coordinate(dataset, "longitude")
    column = _at(dataset[field.field], latitude, longitude, one, between)
    issued, times, values = _by_issue(dataset, column)
    turned = field.factor * values + field.offset
    return [
        WeatherIssue(one.name, source, issue, known_at, row_times, row)
        for issue, row_times, row in zip(issued, times, turned, strict=True)
    ]


def _coordinate(dataset: Any, what: str) -> str:
    for name in NAMES[what]:
        if name in dataset.coords:
            return name
    raise Unusable(f"the file has no {what}: expected a coordinate named {' or '.join(NAMES[what])}")


def _at(field: Any, latitude: str, longitude: str, one: SeriesDescription, between: Between) -> Any:
    if one.latitude is None or one.longitude is None:
        raise Unusable(f"{one.name}: has no position; give latitude and longitude", field="latitude", series=one.name)
    lats, lons = np.asarray(field[latitude]), np.asarray(field[longitude])
    east = _as_counted(one.longitude, lons)
    if not _is_over(one.latitude, east, lats, lons):
        raise Unusable(f"{one.name}: lies outside the grid of the file ({one.latitude:g}, {one.longitude:g})")
    if between == "nearest":
        return field.sel({latitude: one.latitude, longitude: east}, method="nearest")
    return _bilinear(_bilinear(field, latitude, lats, one.latitude), longitude, lons, east)


def _is_inside(dataset: Any, one: SeriesDescription) -> bool:
    if one.latitude is None or one.longitude is None:
        return False
    lats, lons = (np.asarray(dataset[_coordinate(dataset, what)]) for what in ("latitude", "longitude"))
    return _is_over(one.latitude, _as_counted(one.longitude, lons), lats, lons)


def _as_counted(longitude: float, lons: Floats) -> float:
    """Some grids count longitude from 0 to 360."""
    return longitude % 360 if lons.max() > 180 else longitude


def _is_over(latitude: float, east: float, lats: Floats, lons: Floats) -> bool:
    return _within(latitude, lats, _half_cell(lats)) and _within(east, lons, _half_cell(lons))


def _bilinear(field: Any, axis: str, places: Floats, wanted: float) -> Any:
    """On the line between the two neighbours along this axis."""
    order = np.argsort(places)
    at = float(np.clip(np.interp(wanted, places[order], np.arange(len(places))), 0, len(places) - 1))
    low, high = int(np.floor(at)), int(np.ceil(at))
    below, above = (field.isel({axis: int(order[place])}, drop=True) for place in (low, high))
    return below + (above - below) * (at - low)


def _half_cell(places: Floats) -> float:
    return float(np.abs(np.diff(places)).max() / 2) if len(places) > 1 else 0.05


def _within(wanted: float, places: Floats, reach: float) -> bool:
    return bool(places.min() - reach <= wanted <= places.max() + reach)


def _by_issue(dataset: Any, column: Any) -> tuple[Moments, list[Moments], Floats]:
    """Issues, the times that each is for, and values: issues x times."""
    issued_name = next((name for name in NAMES["issued"] if name in dataset.coords), None)
    lead_name = next((name for name in NAMES["lead"] if name in dataset.coords), None)
    if issued_name is None or lead_name is None:
        raise Unusable(
            "the file does not say when it was issued: needs the coordinates time and step, as GRIB has them"
        )
    issued = _seconds(np.atleast_1d(np.asarray(dataset[issued_name])))
    leads = np.atleast_1d(np.asarray(dataset[lead_name])).astype("timedelta64[s]")
    wanted = [name for name in (issued_name, lead_name) if name in column.dims]
    others = [name for name in column.dims if name not in wanted]
    if others:
        raise Unusable(f"the field has the further dimension {others[0]}; choose one member or height first")
    values: Floats = np.asarray(column.transpose(*wanted), dtype=np.float64).reshape(len(issued), len(leads))
    return issued, [issue + leads for issue in issued], values


def _seconds(stamps: Any) -> Moments:
    # NetCDF and GRIB say time in UTC by their conventions.
    seconds: Moments = stamps.astype("datetime64[s]")
    return seconds
