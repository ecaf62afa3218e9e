"""Files of every kind: what they hold arrives, and what they lack is named."""

import json
import sys

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from grid_models.forecast import SeriesDescription
from services.forecast.errors import NaiveTime, UnsupportedForm, Unusable
from services.forecast.sources import files, gridded

NOW = np.datetime64("2024-07-01T12:00:00", "s")
TEXTS = ["2024-01-01T08:00:00+08:00", "2024-01-01T01:00:00Z"]
HOURS = np.array(["2024-01-01T00", "2024-01-01T01"], "datetime64[s]")


def test_a_long_table_says_the_same_in_every_form(tmp_path):
    rows = {"series": ["b", "a"], "time": TEXTS, "value": [1.5, None], "known_at": [None, "2024-01-01T03:00:00Z"]}
    table = pa.table(rows)
    pa.parquet.write_table(table, tmp_path / "t.parquet")
    pa.feather.write_feather(table, tmp_path / "t.feather")
    (tmp_path / "t.json").write_text(json.dumps(rows))
    (tmp_path / "rows.json").write_text(json.dumps(table.to_pylist()))
    (tmp_path / "t.csv").write_text(
        f"series,time,value,known_at\nb,{TEXTS[0]},1.5,\na,{TEXTS[1]},,2024-01-01T03:00:00Z\n"
    )
    for path in sorted(tmp_path.iterdir()):
        b, a = files.observations(path)
        assert ("b", "a") == (b.series, a.series), path
        assert (HOURS[0], 1.5, True) == (b.times[0], b.values[0], np.isnat(b.known_at[0]))
        assert (HOURS[1], True) == (a.times[0], np.isnan(a.values[0]))
        assert np.datetime64("2024-01-01T03:00:00") == a.known_at[0]


def test_a_wide_table_has_a_column_per_series(tmp_path):
    (tmp_path / "w.csv").write_text(f"time,007,x y\n{TEXTS[0]},1,2\n{TEXTS[1]},3,\n")
    first, second = files.observations(tmp_path / "w.csv")
    assert ("007", "x y") == (first.series, second.series)
    assert_array_equal([2, np.nan], second.values)
    assert_array_equal(HOURS, second.times)


@pytest.mark.parametrize(
    ("name", "content", "error", "words"),
    [
        ("a.csv", "time,a\n2024-01-01 00:00,1\n", NaiveTime, "row 1 is '2024-01-01 00:00'"),
        ("a.csv", "time,a\n2024-01-01T00:00:00.5Z,1\n", NaiveTime, "row 1"),
        ("a.csv", "time\n2024-01-01T00:00:00Z\n", Unusable, "none beside time"),
        ("a.json", "[1, 2]", Unusable, "list of rows"),
        ("a.json", "{", Unusable, "list of rows"),
        ("a.xml", "<a/>", UnsupportedForm, "accepted are .csv"),
    ],
)
def test_what_cannot_be_read_is_refused_in_words(tmp_path, name, content, error, words):
    (tmp_path / name).write_text(content)
    with pytest.raises(error, match=words):
        files.observations(tmp_path / name)


def test_arrow_moments_need_a_zone(tmp_path):
    pa.parquet.write_table(pa.table({"time": HOURS, "a": [1.0, 2.0]}), tmp_path / "a.parquet")
    with pytest.raises(NaiveTime, match="no time zone"):
        files.observations(tmp_path / "a.parquet")


def test_weather_comes_issue_by_issue(tmp_path):
    lines = [f"t,nwp,2024-01-01T00:00:00Z,{time},{value}" for time, value in zip(reversed(TEXTS), (2, 1), strict=True)]
    lines += [f"t,nwp,2024-01-01T06:00:00Z,{TEXTS[1]},9"]
    (tmp_path / "w.csv").write_text("series,source,issued_at,time,value\n" + "\n".join(lines))
    first, second = files.weather(tmp_path / "w.csv", NOW)
    assert_array_equal([1, 2], first.values)
    assert_array_equal(HOURS, first.times)
    assert (NOW, "nwp", "t") == (first.known_at, first.source, first.series)
    assert_array_equal([9], second.values)
    (tmp_path / "w.csv").write_text("series,source,issued_at,time,value\n" + "\n".join([lines[0], lines[0]]))
    with pytest.raises(Unusable, match="twice"):
        files.weather(tmp_path / "w.csv", NOW)


T = SeriesDescription(name="t", kind="weather", variable="temperature_c", latitude=30.25, longitude=120.5)
LEADS = np.array([0, 3600, 7200], "timedelta64[s]").astype("timedelta64[ns]")


def dataset(west=120.0):
    """Temperature 273.15 K + latitude + 10 longitude steps + lead, on a grid of one degree, issued twice."""
    import xarray

    lats, lons = np.array([31.0, 30.0, 29.0]), np.array([west, west + 1])
    base = lats[:, None] + 10 * np.arange(2)[None] + 273.15
    field = np.arange(2)[:, None, None, None] * 100 + np.arange(3)[None, :, None, None] + base
    issued = np.array(["2024-01-01T00", "2024-01-01T06"], "datetime64[ns]")
    coords = {"time": issued, "step": LEADS, "latitude": lats, "longitude": lons}
    return xarray.Dataset({"t2m": (tuple(coords), field)}, coords)


@pytest.mark.parametrize("west", [120.0, -240.0 + 360.0])
def test_a_netcdf_field_is_read_at_the_point_between_its_nodes(tmp_path, west):
    dataset(west).to_netcdf(tmp_path / "f.nc", engine="netcdf4")
    first, second = gridded.read(tmp_path / "f.nc", [T], "ecmwf", NOW)
    # Half a degree east is half of ten; the latitude is itself.
    assert_allclose([35.25, 36.25, 37.25], first.values)
    assert_allclose(first.values + 100, second.values)
    assert_array_equal(np.datetime64("2024-01-01T06") + LEADS, second.times)
    (nearest, _) = gridded.read(tmp_path / "f.nc", [T], "ecmwf", NOW, between="nearest")
    assert nearest.values[0] in (30, 40)


def test_a_point_beside_the_grid_and_a_field_that_is_not_there_are_named(tmp_path):
    dataset().to_netcdf(tmp_path / "f.nc", engine="netcdf4")
    far = T.model_copy(update={"latitude": 50.0})
    with pytest.raises(Unusable, match="t: lies outside the grid"):
        gridded.read(tmp_path / "f.nc", [far], "ecmwf", NOW)
    wind = T.model_copy(update={"name": "w", "variable": "wind_speed_100m_m_per_s"})
    with pytest.raises(Unusable, match="no field for w"):
        gridded.read(tmp_path / "f.nc", [T, wind], "ecmwf", NOW)
    (tmp_path / "g.nc").write_bytes(b"no field at all")
    with pytest.raises(Unusable, match="cannot be read"):
        gridded.read(tmp_path / "g.nc", [T], "ecmwf", NOW)


def grib(path, values):
    """Temperature at 2 m from a sample of the library, three leads of one issue."""
    import eccodes

    with path.open("wb") as file:
        for lead, value in enumerate(values):
            message = eccodes.codes_grib_new_from_samples("regular_ll_sfc_grib2")
            settings = {"gridType": "regular_ll", "Ni": 3, "Nj": 3, "latitudeOfFirstGridPointInDegrees": 31}
            settings |= {"latitudeOfLastGridPointInDegrees": 29, "longitudeOfFirstGridPointInDegrees": 119}
            settings |= {"longitudeOfLastGridPointInDegrees": 121, "iDirectionIncrementInDegrees": 1}
            settings |= {"jDirectionIncrementInDegrees": 1, "dataDate": 20240101, "dataTime": 0, "forecastTime": lead}
            settings |= {"discipline": 0, "parameterCategory": 0, "parameterNumber": 0, "typeOfFirstFixedSurface": 103}
            settings |= {"scaleFactorOfFirstFixedSurface": 0, "scaledValueOfFirstFixedSurface": 2, "stepUnits": 1}
            for name, setting in settings.items():
                eccodes.codes_set(message, name, setting)
            eccodes.codes_set_values(message, np.full(9, 273.15 + value))
            eccodes.codes_write(message, file)
            eccodes.codes_release(message)


def test_a_grib_field_is_read_at_the_point(tmp_path):
    grib(tmp_path / "f.grib2", [10.0, 11.0, 12.0])
    (issue,) = gridded.read(tmp_path / "f.grib2", [T], "ecmwf", NOW)
    assert_allclose([10, 11, 12], issue.values, atol=0.01)
    assert np.datetime64("2024-01-01T00:00:00") == issue.issued
    assert np.datetime64("2024-01-01T02:00:00") == issue.times[-1]


def test_a_field_is_read_where_its_grid_and_its_variables_reach(tmp_path):
    """Of three series one lies elsewhere and one is another variable; the issue was known six hours after it."""
    dataset().to_netcdf(tmp_path / "f.nc", engine="netcdf4")
    far = T.model_copy(update={"name": "far", "latitude": 50.0})
    wind = T.model_copy(update={"name": "wind", "variable": "wind_speed_100m_m_per_s"})
    read = gridded.read(tmp_path / "f.nc", [far, T, wind], "ecmwf", NOW, every=False, delay_h=6)
    assert ["t", "t"] == [issue.series for issue in read]
    assert all(np.timedelta64(6, "h") == issue.known_at - issue.issued for issue in read)
    with pytest.raises(Unusable, match="no field for far"):
        gridded.read(tmp_path / "f.nc", [far], "ecmwf", NOW, every=False)


def test_without_the_extra_the_way_out_is_named(tmp_path, monkeypatch):
    (tmp_path / "f.nc").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(gridded.ExtraMissing, match=r"pip install 'gridflex\[grids\]'"):
        gridded.read(tmp_path / "f.nc", [T], "ecmwf", NOW)
