"""Files in and out: one reader or writer per format, found by content or by name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.formats import native, pglib_uc, rts_gmlc, spreadsheet, unitcommitment_jl
from grid_models.formats.documents import Document, read_document
from grid_models.formats.native_schema import case_schema
from grid_models.formats.reading import Reading

ReadDocument = Callable[[Document, Path], Reading]
ReadPath = Callable[[Path, date | None, int | None], Reading]
Write = Callable[[Case, Path], tuple[str, ...]]


@dataclass(frozen=True)
class Format:
    """A form that a case may take on disk: a document of JSON or YAML, or something else under a path."""

    name: str
    description: str
    suffixes: tuple[str, ...] = ()
    """Of what is written; the first is the usual one."""
    read_document: ReadDocument | None = None
    read_path: ReadPath | None = None
    write: Write | None = None


def _check_one_horizon(path: Path, first: date | None, days: int | None) -> None:
    if first is not None or days is not None:
        raise BadInput(str(path), "holds one horizon; a date or a number of days goes with rts-gmlc only")


def _of_one_horizon(read: Callable[[Path], Reading]) -> ReadPath:
    def read_whole(path: Path, first: date | None, days: int | None) -> Reading:
        _check_one_horizon(path, first, days)
        return read(path)

    return read_whole


FORMATS: dict[str, Format] = {
    entry.name: entry
    for entry in (
        Format(
            native.NAME,
            "gridflex's own: YAML or JSON, series inline or in a CSV or Parquet file beside it",
            (".yaml", ".yml", ".json"),
            read_document=native.from_document,
            write=native.write_native,
        ),
        Format(
            pglib_uc.NAME,
            "Power Grid Lib unit commitment: JSON, hourly, one node, thermal and renewable",
            (".pglib.json",),
            read_document=pglib_uc.from_document,
            write=pglib_uc.write_pglib_uc,
        ),
        Format(
            unitcommitment_jl.NAME,
            "UnitCommitment.jl: JSON, versions 0.2 to 0.4; the network is kept but does not bind",
            read_document=unitcommitment_jl.from_document,
        ),
        Format(
            rts_gmlc.NAME,
            "RTS-GMLC: the folder of CSV tables, by date and number of days; regions become zones",
            read_path=rts_gmlc.read_rts_gmlc,
        ),
        Format(
            spreadsheet.NAME,
            "the native case as a workbook: a sheet per kind, one row per resource, drop-downs",
            (".xlsx",),
            read_path=_of_one_horizon(spreadsheet.read_spreadsheet),
            write=spreadsheet.write_spreadsheet,
        ),
    )
}


def read_case(path: Path, format: str = "auto", date: date | None = None, days: int | None = None) -> Reading:  # noqa: A002
    """The case in a file or folder; `BadInput` names the file, the place, the value and what is accepted."""
    path = Path(path)
    if format not in ("auto", *FORMATS):
        raise BadInput(str(path), f"'{format}' is not a format; accepted are auto, {', '.join(FORMATS)}")
    if not path.exists():
        raise BadInput(str(path), "does not exist; give a case file or folder")
    name = _format_by_nature(path) if format == "auto" else format
    reader = FORMATS[name].read_path if name else None
    if reader is not None:
        return reader(path, date, days)
    _check_one_horizon(path, date, days)
    return _read_document(path, name)


def _format_by_nature(path: Path) -> str | None:
    """What a path that is no document is; None: look at what the document says."""
    if path.is_dir():
        return rts_gmlc.NAME
    return spreadsheet.NAME if path.suffix.lower() in (".xlsx", ".xlsm") else None


def _read_document(path: Path, name: str | None) -> Reading:
    document = read_document(path)
    reader = FORMATS[name or _document_format(document, path)].read_document
    assert reader is not None
    return reader(document, path)


def _document_format(document: Document, path: Path) -> str:
    if "thermal_generators" in document:
        return pglib_uc.NAME
    if {"Parameters", "Buses"} <= set(document):
        return unitcommitment_jl.NAME
    if "format_version" in document or {"horizon", "zones"} <= set(document):
        return native.NAME
    keys = ", ".join(str(key) for key in list(document)[:6])
    raise BadInput(
        str(path),
        f"is in no known format (its fields: {keys[:200] or 'none'}); a native case has format_version, "
        "pglib-uc has thermal_generators, UnitCommitment.jl has Parameters and Buses",
    )


def write_case(case: Case, path: Path, format: str | None = None) -> tuple[str, ...]:  # noqa: A002
    """Write the case; the suffix tells the format. Returns in words what the file could not take along."""
    path = Path(path)
    name = format or _format_by_suffix(path)
    chosen = FORMATS.get(name)
    if chosen is None or chosen.write is None:
        writable = ", ".join(entry.name for entry in FORMATS.values() if entry.write)
        raise BadInput(str(path), f"'{name}' cannot be written; accepted are {writable}")
    try:
        return chosen.write(case, path)
    except OSError as error:
        raise BadInput(str(path), f"cannot be written: {error.strerror or error}") from error


def _format_by_suffix(path: Path) -> str:
    suffixes = {suffix: entry.name for entry in FORMATS.values() if entry.write for suffix in entry.suffixes}
    # The longest first: `.pglib.json` also ends in `.json`.
    for suffix in sorted(suffixes, key=len, reverse=True):
        if path.name.endswith(suffix):
            return suffixes[suffix]
    raise BadInput(str(path), f"its suffix names no format to write; accepted are {', '.join(suffixes)}")


__all__ = ["FORMATS", "Format", "Reading", "case_schema", "read_case", "write_case"]
