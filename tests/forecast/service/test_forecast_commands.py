"""What a forecaster types, and how it is answered."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from province import FARMS, LOAD
from typer.testing import CliRunner

from gridflex.commands import main

AT = "2024-07-26T08:30:00+08:00"


@pytest.fixture
def typed(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Types a command on a store that has a past and two champions."""
    shutil.copy(trained, tmp_path / "forecast.db")
    monkeypatch.setenv("GRIDFLEX_FORECAST_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, ["forecast", *words])


def test_a_forecast_is_made_written_and_scored(typed, tmp_path: Path):
    made = typed("predict", *FARMS, "--origin", AT, "--out", "tomorrow.csv")
    assert 0 == made.exit_code, made.output
    lines = (tmp_path / "tomorrow.csv").read_text().splitlines()
    assert "series,time,unit,basis,q0.05,q0.25,q0.5,q0.75,q0.95" == lines[0]
    assert 1 + 3 * 96 == len(lines)
    scored = json.loads(typed("score", *FARMS, "--rule", "north", "--json").stdout)
    assert list(FARMS) == [one["series"] for one in scored["judged"]]
    assert all(0.3 < one["accuracy"] < 1 for one in scored["judged"])


def test_a_backtest_goes_on_where_it_was(typed):
    words = ("backtest", FARMS[0], "--first", AT, "--last", AT, "--model", "persistence", "--folds", "1")
    first = typed(*words, "--json")
    assert 0 == first.exit_code, first.output
    identity = first.stderr.split("--resume ")[1].split(")")[0]
    again = typed(*words, "--json", "--resume", identity)
    assert json.loads(first.stdout)["rows"] == json.loads(again.stdout)["rows"]


def test_a_model_is_trained_and_says_how_good_it_was(typed):
    told = typed("train", LOAD, "--model", "climatology", "--origin", AT, "--holdout-days", "7")
    assert 0 == told.exit_code, told.output
    assert "load day-ahead 15 min v2" in told.stdout
    assert "weights a day ahead: climatology 100%" in told.stdout


def test_a_file_is_judged_without_a_store(typed, tmp_path: Path):
    """One point of 100 MW misses by 30 MW: 1 - sqrt(30^3/30)/100 = 70 %, 15 % short of 85 %."""
    (tmp_path / "day.csv").write_text("forecast_mw,actual_mw,capacity_mw\n70,40,100\n40,40,100\n")
    told = typed("score", "--file", "day.csv", "--rule", "north")
    assert "north: accuracy 70.00%, required 85%: short by 15.00%" in told.stdout


def test_a_file_with_times_is_judged_day_by_day(typed, tmp_path: Path):
    """The first day misses by 30 MW (70 %), the second by nothing: 85 % in the mean, 7.5 % short in the mean."""
    rows = "2030-07-01T12:00:00,70,40,100\n2030-07-02T12:00:00,40,40,100\n"
    (tmp_path / "days.csv").write_text("time,forecast_mw,actual_mw,capacity_mw\n" + rows)
    told = typed("score", "--file", "days.csv", "--rule", "north")
    assert "north: accuracy 85.00% over 2 days, required 85%: short by 7.50%" in told.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no CSV"),
        ("forecast_mw,actual_mw\n1,2\n", "lacks the column capacity_mw"),
        ("forecast_mw,actual_mw,capacity_mw\n1,much,100\n", "row 2: actual_mw is 'much', no number"),
        ("forecast_mw,actual_mw,capacity_mw\n1,2,0\n", "row 2: capacity_mw must be above 0"),
        ("forecast_mw,actual_mw,capacity_mw\n,2,100\n", "has no row with forecast, actual and capacity"),
        ("time,forecast_mw,actual_mw,capacity_mw\nnoon,1,2,100\n", "row 2: time is 'noon'"),
    ],
)
def test_a_file_that_cannot_be_judged_is_refused_in_words(typed, tmp_path: Path, text: str, words: str):
    (tmp_path / "day.csv").write_text(text)
    told = typed("score", "--file", "day.csv", "--rule", "north")
    assert (2, True) == (told.exit_code, words in " ".join(told.output.replace("│", " ").split()))


def test_weather_comes_in_from_a_field(typed, tmp_path: Path):
    """Two issues on a grid around Hangzhou: of eleven cities the three on the grid are read."""
    xarray = pytest.importorskip("xarray")
    issued = np.array(["2024-07-25T00", "2024-07-25T12"], "datetime64[ns]")
    leads = np.arange(3).astype("timedelta64[h]").astype("timedelta64[ns]")
    coords = {"time": issued, "step": leads, "latitude": [30.0, 30.5], "longitude": [120.0, 120.5]}
    field = xarray.Dataset({"t2m": (tuple(coords), np.full((2, 3, 2, 2), 300.0))}, coords)
    field.to_netcdf(tmp_path / "field.nc", engine="netcdf4")
    told = typed("weather", "field.nc", "--source", "ecmwf", "--delay-h", "6")
    assert 0 == told.exit_code, told.output
    assert "field.nc: 6 issues of 3 series, 6 of them new" in told.stdout
    assert "0 of them new" in typed("weather", "field.nc", "--source", "ecmwf", "--delay-h", "6").stdout
    refused = typed("weather", "field.nc", "--series", "Ningbo temperature_c")
    assert (2, True) == (refused.exit_code, "Ningbo temperature_c: lies outside the grid" in refused.output)


def test_data_come_in_from_files(typed, tmp_path: Path):
    (tmp_path / "series.yaml").write_text("series:\n- {name: farm, kind: wind, step_min: 60}\n")
    (tmp_path / "values.csv").write_text("series,time,value\nfarm,2024-07-01T00:00:00Z,4.5\n")
    assert "1 series, 1 of them new" in typed("describe", "series.yaml").stdout
    assert "1 new values" in typed("ingest", "values.csv").stdout


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("predict", "nobody"), "nobody: not described yet"),
        (("predict",), "name some series, or give --kind"),
        (("predict", "--kind", "tide"), "'tide' is not a kind that is forecast"),
        (("predict", LOAD, "--levels", "0.9,0.1"), "must rise"),
        (("predict", LOAD, "--levels", "half"), "is not between 0 and 1"),
        (("predict", LOAD, "--horizon", "year"), "there is no horizon 'year'"),
        (("predict", LOAD, "--origin", "2024-07-26"), "needs its time and offset from UTC"),
        (("predict", LOAD, "--origin", "soon"), "is no moment"),
        (("predict", LOAD, "--origin", AT, "--out", "x.xls"), "written as .csv, .parquet or .json"),
        (("train", FARMS[0], "--kind", "load"), "is wind, not load"),
        (("train", "--kind", "solar", "--origin", "2020-01-01T00:00:00Z"), "nothing has been observed yet"),
        (("score", LOAD, "--rule", "east"), "there is no accuracy rule 'east'"),
        (("score", "--file", "none.csv", "--rule", "north"), "none.csv: No such file"),
        (("backtest", FARMS[0], "--first", AT, "--last", "2024-07-01T00:00:00Z"), "last: lies before first"),
        (("train", LOAD, "--model", "oracle", "--origin", AT), "there is no oracle for load"),
        (("predict", LOAD, "--origin", AT, "--out", "nowhere/x.csv"), "there is no folder nowhere"),
        (("describe", "/dev/null"), "must be a list of series"),
        (("seed", "atlantis"), "is not a built-in province"),
        (("fetch",), "no weather service is set up"),
    ],
)
def test_what_cannot_be_used_is_answered_in_words(typed, words: tuple[str, ...], answer: str):
    told = typed(*words)
    assert 2 == told.exit_code
    assert answer in told.stderr


@pytest.mark.parametrize(
    ("name", "value", "code", "words"),
    [
        ("THREADS", "0", 2, "the environment: threads: must be at least 1 (got '0')"),
        ("WEATHER_SERVICES", "junk", 2, "a setting cannot be read"),
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none", 1, "the database does not answer: connection failed"),
        ("DATABASE_URL", "somewhere", 2, "the database's URL cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(typed, monkeypatch, name: str, value: str, code: int, words: str):
    monkeypatch.setenv(f"GRIDFLEX_FORECAST_{name}", value)
    told = typed("series")
    assert (code, True) == (told.exit_code, words in told.stderr)
