"""What a reader hands back: the case, and in words what it could not carry over."""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grid_models.case import Case
from grid_models.errors import BadInput, bad_input

DEFAULT_START = datetime(2020, 1, 1, tzinfo=UTC)
"""Of a case whose format names no day, unless the name of its file begins with YYYY-MM-DD."""


@dataclass(frozen=True)
class Reading:
    """A case as read from a file."""

    case: Case
    format: str
    not_carried: tuple[str, ...] = ()
    """What the file says and the case does not, each in words."""

    def also_lost(self, *losses: str) -> "Reading":
        return replace(self, not_carried=(*self.not_carried, *losses))


def validated(document: dict[str, Any], source: Path | str) -> Case:
    """The case that a document in the native form describes; `BadInput` where it describes none."""
    try:
        return Case.model_validate(document)
    except ValidationError as error:
        raise bad_input(str(source), error, document) from error
    except (OverflowError, RecursionError) as error:
        raise BadInput(str(source), "holds a number or a nesting beyond any real case; correct or remove it") from error


def start_of(path: Path) -> datetime:
    """The day in the name of the file, else the default."""
    found = re.match(r"\d{4}-\d{2}-\d{2}", path.name)
    try:
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else DEFAULT_START
    except ValueError:
        return DEFAULT_START


def case_name(path: Path) -> str:
    """What a case without a name of its own is called."""
    return path.name.removesuffix(".gz").removesuffix(".json")[:200]
