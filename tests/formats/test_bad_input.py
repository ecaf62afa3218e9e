"""Whatever arrives, the answer is one clear `BadInput`: never a traceback, never a wait."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from grid_models.errors import BadInput, ContradictoryCase
from grid_models.formats import documents, read_case

HORIZON = {"start": "2030-07-15T00:00:00+08:00", "step_min": 60, "steps": 2}
ZONES = [{"name": "system", "demand_mw": [50, 60]}]
UNIT = {"kind": "thermal", "name": "coal", "min_mw": 10, "max_mw": 20, "cost": [[10, 100], [20, 200]]}


def complaint(path: Path, **how: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read_case(path, **how)
    message = str(caught.value)
    assert str(path.name) in message
    assert len(message) < 5_000
    return message


def case_complaint(folder: Path, **changes: Any) -> str:
    document = {"format_version": 1, "horizon": HORIZON, "zones": ZONES, "resources": [UNIT], **changes}
    path = folder / "case.json"
    path.write_text(json.dumps(document))
    return complaint(path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"zones": [{"name": "system", "demand_mw": [50, float("nan")]}]},
            "zones[0].demand_mw[1]: must be a finite number (got nan)",
        ),
        (
            {"zones": [{"name": "system", "demand_mw": [50, float("inf")]}]},
            "zones[0].demand_mw[1]: must be a finite number (got inf)",
        ),
        (
            {"zones": [{"name": "system", "demand_mw": [50, 60, 70]}]},
            "zones 'system'.demand_mw: has 3 values for 2 steps",
        ),
        (
            {"zones": [{"name": "system", "demand_mw": "much"}]},
            "zones[0] 'system'.demand_mw: must be a number, or a list (got 'much')",
        ),
        ({"zones": []}, "zones: must hold at least 1 of them"),
        ({"zones": ZONES * 2}, "zones: the name 'system' is used 2 times; names must differ"),
        ({"resources": [UNIT, UNIT]}, "resources: the name 'coal' is used 2 times; names must differ"),
        ({"resources": [{**UNIT, "max_mw": -20}]}, "resources[0] 'coal'.max_mw: must be at least 0 (got -20)"),
        ({"resources": [{**UNIT, "min_mw": 30}]}, "resources[0] 'coal': min_mw 30 is above max_mw 20"),
        (
            {"resources": [{**UNIT, "kind": "coal"}]},
            "resources[0] 'coal': kind 'coal' is unknown; accepted are 'thermal'",
        ),
        (
            {"resources": [{**UNIT, "zone": "north"}]},
            "resources 'coal'.zone: 'north' is not a zone; known zones are system",
        ),
        ({"resources": [{**UNIT, "pmax": 5}]}, "resources[0] 'coal'.pmax: is not a field here"),
        ({"horizon": {**HORIZON, "start": "2030-07-15T00:00:00"}}, "horizon.start: needs its offset from UTC"),
        ({"horizon": {**HORIZON, "step_min": 90}}, "horizon.step_min: must be at most 60 (got 90)"),
        ({"horizon": {**HORIZON, "timezone": "Moon/Far"}}, "horizon.timezone: is not an IANA time zone"),
        ({"horizon": None}, "horizon: must be a mapping of fields"),
        ({"name": "x" * 10_000, "currency": 5}, "currency: must be text; put it in quotes (got 5)"),
    ],
)
def test_a_fault_is_named_once_with_its_place(tmp_path: Path, changes: Any, expected: str) -> None:
    message = case_complaint(tmp_path, **changes)
    assert expected in message
    assert "\n" not in message


def test_a_thousand_faults_are_summed_up(tmp_path: Path) -> None:
    """20 are shown, 980 are counted."""
    zones = [{"name": "system", "demand_mw": [-1, "x"]}]
    units = [{**UNIT, "name": f"u{i}", "max_mw": -1} for i in range(999)]
    assert "and 980 more problems like these" in case_complaint(tmp_path, zones=zones, resources=units)


def test_data_that_rule_each_other_out_are_refused_in_words(tmp_path: Path) -> None:
    unit = {**UNIT, "min_up_h": 8, "commitment": [False, None], "initial": {"on": True, "hours": 3, "power_mw": 10}}
    path = tmp_path / "case.json"
    path.write_text(json.dumps({"format_version": 1, "horizon": HORIZON, "zones": ZONES, "resources": [unit]}))
    with pytest.raises(ContradictoryCase, match="must be off at 2030-07-15 00:00 but has run 3 h of its 8 h minimum"):
        read_case(path).case.check(str(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "does not exist" in complaint(tmp_path / "nothing.json")


def test_an_empty_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "case.json").touch()
    assert "is empty" in complaint(tmp_path / "case.json")


def test_a_folder_that_is_no_rts_gmlc_is_named(tmp_path: Path) -> None:
    assert "is no RTS-GMLC folder; accepted is one with SourceData/gen.csv" in complaint(tmp_path)


def test_a_folder_is_no_native_case(tmp_path: Path) -> None:
    assert "is a folder" in complaint(tmp_path, format="native")


def test_a_device_is_no_case() -> None:
    assert "is not a regular file" in complaint(Path("/dev/null"), format="native")


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("{}")
    assert "'matpower' is not a format; accepted are auto, native" in complaint(
        tmp_path / "case.json", format="matpower"
    )


def test_a_date_goes_with_rts_gmlc_only(tmp_path: Path) -> None:
    (tmp_path / "case.json").write_text("{}")
    assert "goes with rts-gmlc only" in complaint(tmp_path / "case.json", days=2)


@pytest.mark.parametrize("name", ["case.json", "case.yaml", "case", "case.xlsx", "case.json.gz"])
def test_ten_megabytes_of_noise_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(random.Random(1).randbytes(10_000_000))
    complaint(tmp_path / name)


@pytest.mark.parametrize("name", ["case.json", "case.yaml", "case"])
@pytest.mark.parametrize("text", ["lorem ipsum " * 900_000, "a" * 10_000_000, "- " * 5_000_000, "{" * 10_000_000])
def test_ten_megabytes_of_words_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    complaint(tmp_path / name)


@pytest.mark.parametrize("text", ["[]", "5", '"case"', "null", "{}", '{"a": 1}', "{", '{"a": }', "[1, 2"])
def test_json_that_is_no_case_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "case.json").write_text(text)
    complaint(tmp_path / "case.json")


@pytest.mark.parametrize(
    "text",
    ["# only a comment", "- a\n- b", "a: b: c", "a: [", "\ta: 1", "? [a]\n: 1", "a: !!python/object:os.system {}"],
)
def test_yaml_that_is_no_case_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "case.yaml").write_text(text)
    complaint(tmp_path / "case.yaml")


@pytest.mark.parametrize(
    ("name", "text"), [("case.json", '{"name": "a", "name": "b"}'), ("case.yaml", "name: a\nname: b\n")]
)
def test_a_key_that_stands_twice_is_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    assert "the key 'name' stands twice" in complaint(tmp_path / name)


@pytest.mark.parametrize("depth", [60, 900, 200_000])
@pytest.mark.parametrize("name", ["case.json", "case.yaml"])
def test_deep_nesting_is_refused(tmp_path: Path, name: str, depth: int) -> None:
    (tmp_path / name).write_text('{"format_version": 1, "zones": ' + "[" * depth + "]" * depth + "}")
    complaint(tmp_path / name)


def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    """Nine levels of nine: unfolded, this is 387 million words."""
    lines = ["a0: &a0 [lol]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 10)]
    (tmp_path / "case.yaml").write_text("\n".join(lines))
    assert "aliases" in complaint(tmp_path / "case.yaml")


@pytest.mark.parametrize("number", ["1" * 5_000, "1e999", "-1e400", "1" + "0" * 400])
@pytest.mark.parametrize("name", ["case.json", "case.yaml"])
def test_numbers_beyond_reckoning_are_refused(tmp_path: Path, name: str, number: str) -> None:
    (tmp_path / name).write_text(f'{{"format_version": 1, "zones": [{{"name": "a", "demand_mw": {number}}}]}}')
    complaint(tmp_path / name)


def test_a_truncated_gzip_file_is_named(tmp_path: Path) -> None:
    whole = gzip.compress(json.dumps({"zones": list(range(100_000))}).encode())
    (tmp_path / "case.json.gz").write_bytes(whole[: len(whole) // 2])
    assert "is cut short: the gzip stream ends" in complaint(tmp_path / "case.json.gz")


def test_what_only_claims_to_be_gzip_is_named(tmp_path: Path) -> None:
    (tmp_path / "case.json.gz").write_text("{}")
    assert "is not a sound gzip file" in complaint(tmp_path / "case.json.gz")


def test_a_gzip_bomb_is_refused_before_it_unfolds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """20 MiB of spaces shrink to 20 kB, a thousandth; limits are lowered so that the test need not unfold more."""
    monkeypatch.setattr(documents, "RATIO_COUNTS_FROM_BYTES", 2**20)
    (tmp_path / "case.json.gz").write_bytes(gzip.compress(b" " * 20 * 2**20))
    assert "that is a bomb, not a case" in complaint(tmp_path / "case.json.gz")


def test_a_file_above_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 100)
    (tmp_path / "case.json").write_text(" " * 101)
    assert "has 101 bytes; at most 100 are read" in complaint(tmp_path / "case.json")


@pytest.mark.parametrize("name", ["case.json.gz", "zipped.json", "case.yaml.gz"])
def test_gzip_is_read_whatever_its_name(tmp_path: Path, name: str) -> None:
    document = {"format_version": 1, "horizon": HORIZON, "zones": ZONES}
    (tmp_path / name).write_bytes(gzip.compress(json.dumps(document).encode()))
    assert read_case(tmp_path / name).case.zones[0].demand_mw == (50, 60)
