"""RTS-GMLC: a folder of three buses and one unit of each type, its numbers worked out by hand."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from grid_models.errors import BadInput
from grid_models.formats import Reading, read_case
from grid_models.resources import Battery, Renewable, ThermalUnit

GEN_HEADER = (
    "GEN UID,Bus ID,Unit Type,Category,PMax MW,PMin MW,Min Down Time Hr,Min Up Time Hr,Ramp Rate MW/Min,"
    "Start Time Cold Hr,Start Time Warm Hr,Start Time Hot Hr,Start Heat Cold MBTU,Start Heat Warm MBTU,"
    "Start Heat Hot MBTU,Non Fuel Start Cost $,Non Fuel Shutdown Cost $,Fuel Price $/MMBTU,Output_pct_0,Output_pct_1,"
    "Output_pct_2,HR_avg_0,HR_incr_1,HR_incr_2,VOM,Emissions CO2 Lbs/MMBTU,Pump Load MW,Storage Roundtrip Efficiency"
)
COAL = "101_STEAM_1,101,STEAM,Coal,100,40,4,8,2,12,10,3,500,400,300,50,0,2,0.4,0.7,1,10000,8000,9000,1.5,200,0,0"
NUCLEAR = (
    "101_NUCLEAR_1,101,NUCLEAR,Nuclear,400,396,48,24,20,9999,9999,9999,78978,0,9999,0,0,"
    "0.8,0.99,1,NA,10000,0,NA,0,0,0,0"
)
PLAIN = ",0,0,0,0,0,0,0,0,0,0,0,0,0,1,NA,NA,3412,NA,NA,0,0,0,0"
GEN_ROWS = (
    COAL,
    NUCLEAR,
    "201_PV_1,201,PV,Solar PV,50" + PLAIN,
    "201_RTPV_1,201,RTPV,Solar RTPV,50" + PLAIN,
    "201_HYDRO_1,201,HYDRO,Hydro,50" + PLAIN,
    "301_WIND_1,301,WIND,Wind,50" + PLAIN,
    "301_CSP_1,301,CSP,CSP,200" + PLAIN,
    "301_STORAGE_1,301,STORAGE,Storage,50,0,0,0,50,0,0,0,0,0,0,0,0,0,NA,NA,NA,NA,NA,NA,NA,0,40,81",
    "101_SYNC_COND_1,101,SYNC_COND,Sync_Cond,0" + PLAIN,
)
SERIES = {
    "regional_Load": ("1", "2", "3"),
    "pv": ("201_PV_1",),
    "rtpv": ("201_RTPV_1",),
    "hydro": ("201_HYDRO_1",),
    "wind": ("301_WIND_1",),
    "Natural_Inflow": ("301_CSP_1",),
    "regional_Spin_Up_R1": ("Spin_Up_R1",),
}
DAYS = ((2020, 2, 28), (2020, 2, 29), (2020, 3, 1))


def long_table(columns: tuple[str, ...]) -> str:
    """Hour h of day d of the n-th column is 1000 d + 10 h + n."""
    lines = ["Year,Month,Day,Period," + ",".join(columns)]
    for d, (year, month, day) in enumerate(DAYS):
        for period in range(1, 25):
            values = ",".join(str(1000 * d + 10 * period + n) for n in range(len(columns)))
            lines.append(f"{year},{month},{day},{period},{values}")
    return "\n".join(lines) + "\n"


def wide_table() -> str:
    header = "Year,Month,Day," + ",".join(str(hour) for hour in range(1, 25))
    rows = [
        f"{y},{m},{day}," + ",".join(str(100 * d + hour) for hour in range(1, 25)) for d, (y, m, day) in enumerate(DAYS)
    ]
    return "\n".join([header, *rows]) + "\n"


def build(root: Path, source: str = "SourceData", series: str = "day_ahead") -> Path:
    tables = root / source
    tables.mkdir(parents=True)
    (tables / "gen.csv").write_text("\n".join([GEN_HEADER, *GEN_ROWS]) + "\n")
    (tables / "bus.csv").write_text("Bus ID,Area\n101,1\n201,2\n301,3\n")
    branches = "UID,From Bus,To Bus,Cont Rating\nA,101,201,175\nB,201,101,500\nC,101,101,999\n"
    (tables / "branch.csv").write_text(branches)
    (tables / "dc_branch.csv").write_text("UID,From Bus,To Bus,MW Load\nDC1,101,301,100\n")
    storage = "GEN UID,Max Volume GWh,Initial Volume GWh,position\n301_STORAGE_1,0.15,0.075,head\n"
    (tables / "storage.csv").write_text(storage)
    reserves = (
        "Reserve Product,Timeframe (sec),Requirement (MW),Eligible Regions,Eligible Device SubCategories,Direction\n"
        'Spin_Up_R1,600,40,1,"(Coal,Solar PV)",Up\nReg_Down,300,77,"(1,2,3)","(Coal,Solar PV)",Down\n'
    )
    (tables / "reserves.csv").write_text(reserves)
    folder = root / series
    folder.mkdir(parents=True)
    for name, columns in SERIES.items():
        (folder / f"DAY_AHEAD_{name}.csv").write_text(long_table(columns))
    (folder / "DAY_AHEAD_regional_Reg_Down.csv").write_text(wide_table())
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return build(tmp_path)


@pytest.fixture
def reading(folder: Path) -> Reading:
    return read_case(folder, date=date(2020, 2, 29), days=2)


def named(reading: Reading, name: str) -> Any:
    return next(resource for resource in reading.case.resources if resource.name == name)


def test_two_days_begin_at_the_midnight_asked_for(reading: Reading) -> None:
    """Period 1 of 29 February is hour 0: 1000 x 1 + 10; the last, period 24 of 1 March, 2000 + 240."""
    assert reading.case.horizon.start.isoformat() == "2020-02-29T00:00:00-07:00"
    assert reading.case.horizon.steps == 48
    load = reading.case.zones[1].demand_mw
    assert (load[0], load[-1]) == (1011, 2241)  # type: ignore[index]
    assert [zone.name for zone in reading.case.zones] == ["1", "2", "3"]


def test_without_a_date_the_data_begin_and_last_two_days(folder: Path) -> None:
    horizon = read_case(folder).case.horizon
    assert (f"{horizon.start:%Y-%m-%d}", horizon.steps) == ("2020-02-28", 48)


@pytest.mark.parametrize(
    ("first", "days"), [((2020, 3, 1), 2), ((2020, 2, 27), 1), ((2021, 1, 1), 1), ((2020, 2, 28), 0)]
)
def test_days_outside_the_data_are_refused_with_the_range(folder: Path, first: tuple[int, int, int], days: int) -> None:
    with pytest.raises(BadInput, match="not in the data, which cover 2020-02-28 to 2020-03-01"):
        read_case(folder, date=date(*first), days=days)


@pytest.mark.parametrize("asked", ["", "RTS_Data", "RTS_Data/SourceData"])
def test_the_layout_of_the_repository_is_read_too(tmp_path: Path, asked: str) -> None:
    build(tmp_path, "RTS_Data/SourceData", "RTS_Data/timeseries_data_files/All")
    assert len(read_case(tmp_path / asked).case.resources) + 2 == 10


def test_heat_rates_and_fuel_price_make_the_cost_curve(reading: Reading) -> None:
    """
    40 MW burn 40 x 10 = 400 MMBTU, 70 MW 30 x 8 = 240 more, 100 MW 30 x 9 = 270 more.

    At 2 $ per MMBTU and 1.5 $ of wear per MWh:

    400 x 2 + 40 x 1.5 = 860; 640 x 2 + 105 = 1385; 910 x 2 + 150 = 1970.
    """
    coal = named(reading, "101_STEAM_1")
    assert [(point.mw, pytest.approx(point.cost_per_h)) for point in coal.cost] == [(40, 860), (70, 1385), (100, 1970)]


def test_ramps_starts_and_times(reading: Reading) -> None:
    """2 MW a minute is 120 MW an hour; a hot start is 300 x 2 + 50 = 650."""
    coal = named(reading, "101_STEAM_1")
    assert isinstance(coal, ThermalUnit)
    assert (coal.ramp_up_mw_per_h, coal.ramp_down_mw_per_h, coal.start_max_mw, coal.stop_max_mw) == (120, 120, 40, 40)
    assert (coal.min_up_h, coal.min_down_h) == (8, 4)
    assert [(start.hours_off, start.cost) for start in coal.start_costs] == [(3, 650), (10, 850), (12, 1050)]
    assert not coal.must_run
    assert coal.initial is None
    assert (coal.zone, coal.bus, coal.technology) == ("1", "101", "Coal")


def test_emissions_are_tonnes_at_full_load(reading: Reading) -> None:
    """200 lb x 0.45359237 kg x 910 MMBTU / 100 MWh = 825.5 kg."""
    assert pytest.approx(named(reading, "101_STEAM_1").emission_t_per_mwh, abs=1e-5) == 0.82554


def test_the_nuclear_unit_runs_throughout_and_burns_by_its_average(reading: Reading) -> None:
    """396 MW x 10 MMBTU x 0.8 $ = 3168; 4 MW more cost 4 x 10 x 0.8 = 32. Of equal start times the coldest counts."""
    nuclear = named(reading, "101_NUCLEAR_1")
    assert nuclear.must_run
    assert [pytest.approx(3168), pytest.approx(3200)] == [point.cost_per_h for point in nuclear.cost]
    assert pytest.approx(78978 * 0.8) == nuclear.start_cost(48)


def test_sun_and_wind_may_be_curtailed_roofs_and_water_not(reading: Reading) -> None:
    for name, share in (("201_PV_1", 0), ("301_WIND_1", 0), ("201_RTPV_1", 1), ("201_HYDRO_1", 1)):
        plant = named(reading, name)
        assert isinstance(plant, Renewable)
        assert plant.available_mw[:2] == (1010, 1020)  # type: ignore[index]
        assert plant.min_mw == (plant.available_mw if share else 0)


def test_the_solar_tower_follows_its_inflow_up_to_its_rating(reading: Reading) -> None:
    assert {200.0} == set(named(reading, "301_CSP_1").available_mw)
    assert any("301_CSP_1: follows its natural inflow" in loss for loss in reading.not_carried)


def test_the_store_splits_its_losses_evenly(reading: Reading) -> None:
    """A round trip of 81 % is 90 % each way."""
    store = named(reading, "301_STORAGE_1")
    assert isinstance(store, Battery)
    assert (pytest.approx(0.9), pytest.approx(0.9)) == (store.charge_efficiency, store.discharge_efficiency)
    assert (
        store.charge_max_mw,
        store.discharge_max_mw,
        store.energy_max_mwh,
        store.energy_start_mwh,
    ) == (40, 50, 150, 75)


def test_between_regions_the_ratings_add_up(reading: Reading) -> None:
    """175 + 500 between 1 and 2, whichever way they are listed; the DC line between 1 and 3; C is inside 1."""
    links = [(link.from_zone, link.to_zone, link.forward_max_mw, link.back_max_mw) for link in reading.case.links]
    assert links == [("1", "2", 675, 675), ("1", "3", 100, 100)]


def test_reserves_are_regional_or_of_the_system(reading: Reading) -> None:
    spin, regulation = reading.case.reserves
    assert (spin.product, spin.zones, spin.response_min, spin.eligible) == ("spinning", ("1",), 10, ("101_STEAM_1",))
    assert spin.requirement_mw[:2] == (1010, 1020)  # type: ignore[index]
    assert (regulation.product, regulation.zones, regulation.response_min) == ("regulation_down", None, 5)
    assert regulation.eligible == ("101_STEAM_1", "201_PV_1")
    assert regulation.requirement_mw[:2] == (101, 102)  # type: ignore[index]
    assert regulation.requirement_mw[-1] == 224  # type: ignore[index]


def test_what_gives_no_power_is_left_out_and_said(reading: Reading) -> None:
    assert any(loss.startswith("101_SYNC_COND_1: give or take no power") for loss in reading.not_carried)
    assert len(reading.case.resources) == 8


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (
            "SourceData/gen.csv",
            "Coal,100,40",
            "Coal,hundred,40",
            "gen.csv: row 2, column 'PMax MW': must be a finite number",
        ),
        ("SourceData/gen.csv", "Coal,100,40", "Coal,,40", "gen.csv: row 2, column 'PMax MW': is required and missing"),
        ("SourceData/gen.csv", "Coal,100,40", "Coal,100,90", "begins at 40 MW but PMin MW is 90"),
        ("SourceData/gen.csv", "0.4,0.7,1", "0.4,0.3,1", "output shares must rise"),
        (
            "SourceData/gen.csv",
            "101_STEAM_1,101",
            "101_STEAM_1,999",
            "row 2, column 'Bus ID': '999' is not among the buses",
        ),
        (
            "SourceData/gen.csv",
            "201_PV_1,201",
            "201_PV_9,201",
            "DAY_AHEAD_pv.csv: has no column '201_PV_9'; it has 201_PV_1",
        ),
        ("SourceData/gen.csv", COAL, COAL[:-2], "gen.csv: row 2: has 27 cells under a header of 28"),
        ("SourceData/storage.csv", "head", "tail", "'301_STORAGE_1' is a store, but storage.csv has no head"),
        ("SourceData/reserves.csv", "Reg_Down", "Fast_Down", "'Fast_Down' is not read; accepted begin with Spin_Up"),
        ("day_ahead/DAY_AHEAD_wind.csv", "2020,2,29,1,", "2020,2,29,2,", "does not hold periods 1 to 24 of 2 days"),
        (
            "day_ahead/DAY_AHEAD_wind.csv",
            "2020,2,29,1,1010",
            "2020,2,29,1,x",
            "column '301_WIND_1': must be a finite number",
        ),
        ("day_ahead/DAY_AHEAD_wind.csv", "Year,", "Jahr,", "must begin with the columns Year, Month, Day"),
        ("day_ahead/DAY_AHEAD_regional_Reg_Down.csv", "2020,3,1", "2020,3,9", "has 1 of the 2 days from 2020-02-29"),
        ("day_ahead/DAY_AHEAD_regional_Load.csv", "2020,2,28,1,", "2020,2,30,1,", "is no day of the calendar"),
        ("SourceData/bus.csv", "Bus ID", "Bus", "column 'Bus ID': is required and missing"),
    ],
)
def test_a_fault_names_the_table_the_row_and_the_column(
    folder: Path, file: str, old: str, new: str, expected: str
) -> None:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        read_case(folder, date=date(2020, 2, 29), days=2)
    assert expected in str(caught.value)


@pytest.mark.parametrize("file", ["SourceData/bus.csv", "SourceData/reserves.csv", "day_ahead/DAY_AHEAD_pv.csv"])
def test_a_missing_table_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    with pytest.raises(BadInput, match=Path(file).name):
        read_case(folder)
