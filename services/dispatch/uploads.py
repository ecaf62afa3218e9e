"""Cases as they are sent: in any readable format, put into a folder that holds nothing else, and only read.

Nothing that is sent is unpickled, imported or run; an archive is unpacked within limits, and inside the folder only.
"""

import io
import re
import shutil
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath

from grid_models.errors import BadInput
from grid_models.formats import FORMATS, Reading, read_case
from services.web.errors import TooLarge, Unreadable, UnsupportedForm, Unusable

SUFFIXES: dict[str, str] = {
    "application/json": ".json",
    "application/yaml": ".yaml",
    "application/x-yaml": ".yaml",
    "text/yaml": ".yaml",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/gzip": ".json.gz",
    "application/zip": ".zip",
}
"""By content type, of a body that comes without the name of a file."""
ANY_FILE = "application/octet-stream"
ENTRIES_MAX = 2000
UNPACKED_MAX_BYTES = 512 * 2**20
ARCHIVE = ".zip"
MAIN_FILES = ("case.yaml", "case.yml", "case.json", "case.xlsx")
"""What is read of an archive that holds several files."""


@dataclass(frozen=True)
class Upload:
    """A file as it was sent."""

    content: bytes
    content_type: str
    filename: str = ""
    format: str = "auto"
    first: date | None = None
    days: int | None = None

    @property
    def name(self) -> str:
        """A name that is one and stays in its folder; its suffix tells what the file is."""
        given = re.sub(r"[^\w.\- ]", "_", PurePosixPath(self.filename.replace("\\", "/")).name)[-100:].lstrip(". ")
        if given and Path(given).suffix:
            return given
        suffix = SUFFIXES.get(self.content_type)
        if suffix is None:
            raise UnsupportedForm(
                f"{self.content_type or 'no content type'} says nothing about the file; send {', '.join(SUFFIXES)}, "
                "or say ?filename=case.yaml"
            )
        return f"{given or 'case'}{suffix}"


def read_upload(upload: Upload) -> Reading:
    """The case that was sent, checked; `BadInput` names the place, the value and what is accepted."""
    if not upload.content:
        raise Unreadable("the body is empty; send a case")
    if upload.format not in ("auto", *FORMATS):
        raise Unusable(f"format: there is no '{upload.format[:100]}'; accepted are auto, {', '.join(FORMATS)}")
    with _unpacked(upload) as path:
        try:
            reading = read_case(path, upload.format, upload.first, upload.days)
            reading.case.check()
        except BadInput as error:
            # Where the file lay here says nothing to whoever sent it.
            folder = f"{path.parent}/"
            raise type(error)(
                error.source.replace(folder, ""), *(problem.replace(folder, "") for problem in error.problems)
            ) from error
    return reading


@contextmanager
def _unpacked(upload: Upload) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gridflex-upload-") as folder:
        path = Path(folder) / upload.name
        if path.suffix.lower() == ARCHIVE:
            yield _extracted(upload.content, Path(folder) / "archive")
        else:
            path.write_bytes(upload.content)
            yield path


def _extracted(content: bytes, folder: Path) -> Path:
    folder.mkdir()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            _check(members)
            for member in members:
                _extract(archive, member, folder)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise Unreadable(f"the archive cannot be unpacked: {error}") from error
    return _main_of(folder)


def _check(members: list[zipfile.ZipInfo]) -> None:
    if not members:
        raise Unreadable("the archive is empty; send the files of a case")
    if len(members) > ENTRIES_MAX:
        raise TooLarge(f"the archive has {len(members):,} files; at most {ENTRIES_MAX:,} are unpacked")
    total = sum(member.file_size for member in members)
    if total > UNPACKED_MAX_BYTES:
        raise TooLarge(f"the archive unpacks to {total:,} bytes; at most {UNPACKED_MAX_BYTES:,} are unpacked")
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in member.filename or link:
            raise Unusable(f"archive: {member.filename[:100]!r} leads out of the archive; pack plain files only")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> None:
    target = folder / PurePosixPath(member.filename.replace("\\", "/"))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Reading stops with an error where a file is longer than the archive says.
        with archive.open(member) as packed, target.open("wb") as file:
            shutil.copyfileobj(packed, file)
    except OSError as error:
        raise Unusable(f"archive: {member.filename[:100]!r} cannot be unpacked: {error.strerror}") from error


def _main_of(folder: Path) -> Path:
    """The file or folder that is the case: a lone file, the one called case.*, or the folder itself."""
    inside = list(folder.iterdir())
    if len(inside) == 1 and inside[0].is_dir():
        return _main_of(inside[0])
    named = [path for path in inside if path.name in MAIN_FILES]
    if len(inside) == 1 or named:
        return named[0] if named else inside[0]
    return folder
