"""A workbook: every case comes back the same, and a planner's slips are named by sheet and row."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.formats import read_case, spreadsheet_book, write_case


@pytest.fixture
def book(everything: Case, tmp_path: Path) -> Path:
    write_case(everything, tmp_path / "case.xlsx")
    return tmp_path / "case.xlsx"


def edit(path: Path, sheet: str, cell: str, value: Any) -> Path:
    workbook = load_workbook(path)
    workbook[sheet][cell] = value
    workbook.save(path)
    return path


def column(path: Path, sheet: str, name: str) -> str:
    """The letter of the column of that name."""
    page = load_workbook(path)[sheet]
    return next(cell.column_letter for cell in page[1] if cell.value == name)


def complaint(path: Path) -> str:
    with pytest.raises(BadInput) as caught:
        read_case(path)
    assert "case.xlsx" in str(caught.value)
    return str(caught.value)


def test_a_case_comes_back_the_same(everything: Case, book: Path) -> None:
    reading = read_case(book)
    assert everything.hash == reading.case.hash
    assert (reading.format, reading.not_carried) == ("spreadsheet", ())


def test_a_case_comes_back_the_same_after_an_office_program_saved_it(everything: Case, book: Path) -> None:
    """The program that saves it here keeps 16 digits, so that 0.1 + 0.2 becomes 0.3; all else is equal."""
    load_workbook(book).save(book)
    case = read_case(book).case
    assert everything.resources == case.resources
    assert everything.reserves == case.reserves
    assert case.demand_mw == pytest.approx(everything.demand_mw, rel=1e-15)


def test_there_is_a_sheet_per_kind_with_notes_and_drop_downs(book: Path) -> None:
    workbook = load_workbook(book)
    assert workbook.sheetnames[:8] == ["case", "prices", "zones", "links", "reserves", "fuels", "thermal", "renewable"]
    header = workbook["thermal"]["E1"]
    assert header.value == "min_mw"
    assert "Lowest stable output when on." in header.comment.text
    offers = {str(offer.sqref): offer.formula1 for offer in workbook["thermal"].data_validations.dataValidation}
    assert offers["B2:B2000"] == "zones!$A$2:$A$2000"
    assert '"TRUE,FALSE"' in offers.values()


def test_lists_stand_as_a_planner_would_write_them(book: Path) -> None:
    page = load_workbook(book)["thermal"]
    cells = dict(zip([cell.value for cell in page[1]], [cell.value for cell in page[2]], strict=True))
    assert cells["cost"] == "300:120000.1; 450:170000; 600:226000"
    assert cells["deep_peaking"] == "350:200; 320::30"
    assert cells["outages"] == "2030-07-15T09:00:00+08:00 to 2030-07-15T10:00:00+08:00"
    assert cells["commitment"] == "series!=1+1; coal: 600 MW.commitment"


def test_members_stand_in_the_sheet_of_their_kind(book: Path) -> None:
    page = load_workbook(book)["battery"]
    member_of = column(book, "battery", "member_of")
    assert [page[f"{member_of}{row}"].value for row in (2, 3)] == [None, "park"]


def test_a_number_that_is_changed_arrives(book: Path) -> None:
    edit(book, "thermal", f"{column(book, 'thermal', 'max_mw')}3", 120)
    assert next(unit for unit in read_case(book).case.resources if unit.name == "1e3").max_mw == 120  # type: ignore[union-attr]


def test_a_row_that_is_added_comes_last(book: Path) -> None:
    workbook = load_workbook(book)
    workbook["profile"].append([101, "west", None, None, 7])
    workbook.save(book)
    new = read_case(book).case.resources[-1]
    assert (new.name, new.kind, new.power_mw) == ("101", "profile", 7)  # type: ignore[union-attr]


def test_a_sheet_of_remarks_is_left_out_and_said(book: Path) -> None:
    workbook = load_workbook(book)
    workbook.create_sheet("Remarks")["A1"] = "ask Li"
    workbook.save(book)
    assert read_case(book).not_carried == ("the sheet 'Remarks' is not part of a case and is left out",)


@pytest.mark.parametrize(
    ("sheet", "cell", "value", "expected"),
    [
        ("thermal", "E1", "minimum", "sheet 'thermal', row 1: 'minimum' is not a column here; accepted are"),
        ("thermal", "F1", "min_mw", "sheet 'thermal', row 1: two columns have the same name"),
        ("thermal", "E2", -300, "min_mw: must be at least 0 (got -300)"),
        ("thermal", "E2", "much", "min_mw: must be a number (got 'much')"),
        ("thermal", "G2", "300:1:2", "sheet 'thermal', row 2: cost: '300:1:2' has 3 parts; give mw:cost_per_h"),
        ("thermal", "G2", "[300", "sheet 'thermal', row 2: cost: '[300' is no list"),
        ("thermal", "A3", None, "sheet 'thermal', row 3: name is required and missing"),
        ("thermal", "B3", "north", "'north' is not a zone; known zones are"),
        (
            "zones",
            "B2",
            "series!missing",
            "sheet 'zones', row 2: demand_mw: the sheet 'series' has no column 'missing'",
        ),
        (
            "series",
            "B3",
            None,
            "sheet 'zones', row 2: demand_mw: column '东部.demand_mw' of the sheet 'series' is empty in row 3",
        ),
        ("series", "B3", "#REF!", "sheet 'series', row 3: column '东部.demand_mw' must be a number (got '#REF!')"),
        (
            "series",
            "A3",
            "2030-07-15T00:16:00+08:00",
            "row 3, column 'time': is 2030-07-15T00:16:00+08:00 but the step begins",
        ),
        ("case", "A3", "comment", "sheet 'case', row 3: 'comment' is not a field here"),
        ("case", "B2", 7, "sheet 'case': format_version must be 1"),
        ("case", "B6", "2030-07-15T00:00:00", "horizon.start: needs its offset from UTC"),
        (
            "pumped_hydro_units",
            "A2",
            "dam",
            "sheet 'pumped_hydro_units': station 'dam' is not in the sheet 'pumped_hydro'",
        ),
    ],
)
def test_a_slip_is_named_by_sheet_and_row(book: Path, sheet: str, cell: str, value: Any, expected: str) -> None:
    assert expected in complaint(edit(book, sheet, cell, value))


def test_a_member_of_nothing_is_named(book: Path) -> None:
    edit(book, "battery", f"{column(book, 'battery', 'member_of')}3", "nobody")
    assert "sheet 'battery', 'cellar': member_of 'nobody' is not in the sheet 'virtual_power_plant'" in complaint(book)


def test_a_workbook_without_a_case_is_named(tmp_path: Path) -> None:
    Workbook().save(tmp_path / "case.xlsx")
    assert "has no sheet 'case'" in complaint(tmp_path / "case.xlsx")


def test_a_zip_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "case.xlsx", "w") as archive:
        archive.writestr("hello.txt", "hello")
    assert "is not a sound workbook" in complaint(tmp_path / "case.xlsx")


def test_a_truncated_workbook_is_named(book: Path) -> None:
    content = book.read_bytes()
    book.write_bytes(content[: len(content) // 2])
    assert "is not a workbook" in complaint(book)


def test_a_zip_bomb_is_refused_before_it_unfolds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 MiB of spaces shrink to 10 kB; the limit is lowered so that the test need not unfold more."""
    monkeypatch.setattr(spreadsheet_book, "RATIO_COUNTS_FROM_BYTES", 2**20)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", " " * 10 * 2**20)
    (tmp_path / "case.xlsx").write_bytes(stream.getvalue())
    assert "that is a bomb, not a case" in complaint(tmp_path / "case.xlsx")


def test_a_cell_at_the_far_end_is_refused(book: Path) -> None:
    assert "more than" in complaint(edit(book, "fuels", "XFD2", 1))


def test_a_text_that_no_cell_can_hold_is_not_written(everything: Case, tmp_path: Path) -> None:
    case = everything.model_copy(update={"description": "x" * 40_000})
    with pytest.raises(BadInput, match="longer than a cell can hold"):
        write_case(case, tmp_path / "case.xlsx")
    assert not (tmp_path / "case.xlsx").exists()
