"""What a reader hands back: the case, and in words what it could not carry over."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from grid_models.case import Case
from grid_models.errors import BadInput, bad_input


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
