"""The native form: every case comes back the same, and tables beside it are read with care."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.formats import case_schema, read_case, write_case
from grid_models.formats.native import write_native

HORIZON = {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2}
SMALL = {"format_version": 1, "horizon": HORIZON, "zones": [{"name": "system", "demand_mw": [50, 60]}]}
WITH_TABLE = {**SMALL, "zones": [{"name": "system", "demand_mw": {"file": "load.csv", "column": "east"}}]}
TIMES = ("2030-07-15T00:00:00+08:00", "2030-07-15T01:00:00+08:00")


def put(folder: Path, document: Any, name: str = "case.json", table: str | None = None) -> Path:
    path = folder / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    if table is not None:
        (folder / "load.csv").write_text(table, encoding="utf-8")
    return path


def table_rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text(encoding="utf-8").splitlines()))


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_case(path)
    return str(caught.value)


@pytest.mark.parametrize("name", ["case.yaml", "case.yml", "case.json"])
@pytest.mark.parametrize("series", ["csv", "parquet", "inline"])
def test_a_case_comes_back_the_same(everything: Case, tmp_path: Path, name: str, series: Any) -> None:
    write_native(everything, tmp_path / name, series)
    reading = read_case(tmp_path / name)
    assert everything.hash == reading.case.hash
    assert reading.format == "native"
    assert reading.not_carried == ()


def test_long_series_stand_in_one_table_beside_the_case(everything: Case, tmp_path: Path) -> None:
    write_case(everything, tmp_path / "case.yaml")
    rows = table_rows(tmp_path / "case.series.csv")
    assert rows[0][:2] == ["time", "东部.demand_mw"]
    assert len(rows) == 1 + 12
    assert rows[1][:2] == ["2030-07-15T00:00:00+08:00", "400.0"]
    assert "东部.demand_mw" in (tmp_path / "case.yaml").read_text(encoding="utf-8")


def test_a_day_with_a_clock_change_keeps_its_times(tmp_path: Path) -> None:
    """Berlin, 31 March 2030: 23 hours, and 02:00 local time does not exist."""
    steps = [float(hour) for hour in range(23)]
    document = {
        "format_version": 1,
        "horizon": {"start": "2030-03-31T00:00:00+01:00", "step_min": 60, "steps": 23, "timezone": "Europe/Berlin"},
        "zones": [{"name": "system", "demand_mw": steps}],
    }
    case = read_case(put(tmp_path, document)).case
    write_case(case, tmp_path / "again.yaml")
    times = [row[0] for row in table_rows(tmp_path / "again.series.csv")]
    assert times[2:4] == ["2030-03-31T01:00:00+01:00", "2030-03-31T03:00:00+02:00"]
    assert case.hash == read_case(tmp_path / "again.yaml").case.hash


def test_series_by_reference_from_csv(tmp_path: Path) -> None:
    table = f"time,east,west\n{TIMES[0]},50,1\n{TIMES[1]},60.5,2\n"
    assert read_case(put(tmp_path, WITH_TABLE, table=table)).case.zones[0].demand_mw == (50, 60.5)


def test_series_by_reference_without_times(tmp_path: Path) -> None:
    assert read_case(put(tmp_path, WITH_TABLE, table="east\n50\n60\n")).case.zones[0].demand_mw == (50, 60)


def test_series_by_reference_from_parquet(tmp_path: Path) -> None:
    pq.write_table(pa.table({"east": [50.0, 61.0]}), tmp_path / "load.parquet")
    document = {**SMALL, "zones": [{"name": "system", "demand_mw": {"file": "load.parquet", "column": "east"}}]}
    assert read_case(put(tmp_path, document)).case.zones[0].demand_mw == (50, 61)


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (f"time,east\n{TIMES[0]},1\n", "has 1 rows for the 2 steps"),
        ("time,east\n2030-07-15T00:00:00,1\n2030-07-15T01:00:00,2\n", "row 2, column 'time': needs its offset"),
        (
            f"time,east\n{TIMES[1]},1\n{TIMES[0]},2\n",
            "row 2, column 'time': is 2030-07-15T01:00:00+08:00 but the step begins",
        ),
        ("time,east\nnoon,1\nlater,2\n", "'noon' is no moment of time"),
        ("east\n1\nfive\n", "row 3, column 'east': must be a number (got 'five')"),
        ("east\n1\nnan\n", "zones[0] 'system'.demand_mw[1]: must be a finite number (got nan)"),
        ("east,west\n1,2\n,3\n", "zones[0] 'system'.demand_mw: load.csv, row 3, column 'east' is empty"),
        ("west\n1\n2\n", "has no column 'east'; it has west"),
        ("east,east\n1,2\n1,2\n", "two columns have the same name"),
        ("east\n1,2\n3\n", "row 2: has 2 cells under a header of 1"),
        ("east\n1\n2\n3\n", "has 3 values for 2 steps"),
        ("", "is empty"),
    ],
)
def test_a_faulty_table_is_named(tmp_path: Path, table: str, expected: str) -> None:
    message = complaint(put(tmp_path, WITH_TABLE, table=table))
    assert expected in message
    assert "load.csv" in message or "case.json" in message


@pytest.mark.parametrize("file", ["../load.csv", "/etc/hosts", "a/../../load.csv", "load\0.csv", "link/load.csv"])
def test_a_table_outside_the_folder_is_refused(tmp_path: Path, file: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "load.csv").write_text("east\n1\n2\n")
    (inner / "link").symlink_to(tmp_path)
    document = {**SMALL, "zones": [{"name": "system", "demand_mw": {"file": file, "column": "east"}}]}
    assert "leaves the folder of the case" in complaint(put(inner, document))


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    assert "zones[0] 'system'.demand_mw: load.csv does not exist beside the case" in complaint(
        put(tmp_path, WITH_TABLE)
    )


def test_a_broken_parquet_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "load.parquet").write_bytes(b"PAR1 but no more")
    document = {**SMALL, "zones": [{"name": "system", "demand_mw": {"file": "load.parquet", "column": "east"}}]}
    assert "is not a sound Parquet file" in complaint(put(tmp_path, document))


def test_yaml_words_keep_their_meaning(tmp_path: Path) -> None:
    """`on` is the field of a unit's state, `no` a name, 010 the number ten: YAML 1.1 would read them otherwise."""
    text = f"""
format_version: 1
horizon: {{start: 2030-07-15T00:00:00+08:00, step_min: 60, steps: 2}}
zones: [{{name: no, demand_mw: 010}}]
resources:
- {{kind: thermal, name: off, zone: no, min_mw: 1, max_mw: 2e0, cost: [[1, 1], [2, 2]],
   initial: {{on: true, hours: 5}}}}
# {TIMES[0]}
"""
    case = read_case(put(tmp_path, text, "case.yaml")).case
    assert (case.zones[0].name, case.zones[0].demand_mw) == ("no", 10.0)
    assert case.resources[0].name == "off"
    assert case.resources[0].initial.on  # type: ignore[union-attr]


def test_version_0_is_brought_to_version_1(tmp_path: Path) -> None:
    """The draft called the price of unserved energy `voll` and a store's first level `soc_start_mwh`."""
    store = {"kind": "battery", "name": "store", "charge_max_mw": 1, "discharge_max_mw": 1, "energy_max_mwh": 4}
    draft = {
        "horizon": HORIZON,
        "zones": SMALL["zones"],
        "voll": 12_345,
        "prices": {"spilled_per_mwh": 7},
        "resources": [{**store, "soc_start_mwh": 3}],
    }
    case = read_case(put(tmp_path, draft)).case
    assert (case.prices.unserved_per_mwh, case.prices.spilled_per_mwh) == (12_345, 7)
    assert case.resources[0].energy_start_mwh == 3  # type: ignore[union-attr]
    assert case.hash == read_case(put(tmp_path, {"format_version": 0, **draft}, "zero.json")).case.hash


@pytest.mark.parametrize("version", [2, -1, "1", True, None])
def test_another_version_is_refused(tmp_path: Path, version: Any) -> None:
    message = complaint(put(tmp_path, {**SMALL, "format_version": version}))
    assert "accepted versions 0, 1" in message
    assert ("newer gridflex" in message) == (version == 2)


def test_the_schema_names_every_section_and_allows_references() -> None:
    schema = case_schema()
    assert schema["$id"] == "urn:gridflex:case:1"
    assert {"format_version", "horizon", "zones"} == set(schema["required"])
    assert {"$ref": "#/$defs/SeriesReference"} in schema["$defs"]["Zone"]["properties"]["demand_mw"]["anyOf"]
    assert {"$ref": "#/$defs/SeriesReference"} in schema["$defs"]["ThermalUnit"]["properties"]["commitment"]["anyOf"]
    assert "anyOf" not in schema["$defs"]["ThermalUnit"]["properties"]["min_mw"]
    json.dumps(schema)


@pytest.mark.parametrize("name", ["case.txt", "case"])
def test_an_unknown_suffix_is_not_written(everything: Case, tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="names no format to write; accepted are"):
        write_case(everything, tmp_path / name)


def test_a_missing_folder_is_not_written(everything: Case, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be written: No such file"):
        write_case(everything, tmp_path / "nowhere" / "case.yaml")
