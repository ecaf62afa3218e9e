"""The columns that a planner sees for a type of the domain: one per field, nested fields by dotted names."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import AwareDatetime, BaseModel

Form = Literal["text", "number", "truth", "choice", "moment", "series", "words", "rows"]


@dataclass(frozen=True)
class Column:
    """A field as a column: what its cells look like, and what to tell the planner about it."""

    path: str
    form: Form
    choices: tuple[str, ...] = ()
    """Of a choice."""
    parts: tuple[str, ...] = ()
    """Of a list of rows: the fields of one row, in the order in which they are written."""
    note: str = ""

    @property
    def separator(self) -> str:
        """Between the parts of a row; moments hold colons themselves."""
        return " to " if self.parts == ("start", "end") else ":"

    @property
    def help(self) -> str:
        """The note in the header's comment."""
        how = {
            "series": "One number, or series!NAME for a column of the sheet 'series'.",
            "words": "Several are separated by semicolons.",
            "rows": f"{self.separator.join(self.parts)}; and so on, separated by semicolons.",
            "moment": "With its offset, such as 2030-07-15T00:00:00+08:00.",
        }.get(self.form, "")
        return "\n".join(line for line in (self.note, how) if line) or self.path


def columns_of(model: type[BaseModel], prefix: str = "", without: tuple[str, ...] = ("kind",)) -> list[Column]:
    """One column per field, in the order of the fields; nested fields follow their parent."""
    found: dict[str, Column] = {}
    for name, field in model.model_fields.items():
        if name in without:
            continue
        note = " ".join((field.description or "").split())
        for option in _options(field.annotation):
            for column in _columns(f"{prefix}{name}", option, note):
                known = found.get(column.path)
                found[column.path] = replace(column, choices=(*known.choices, *column.choices)) if known else column
    return list(found.values())


def _options(annotation: Any) -> list[Any]:
    """The alternatives of a field, without `None` and without their limits."""
    if get_origin(annotation) is Annotated:
        return _options(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [option for part in get_args(annotation) for option in _options(part)]
    return [] if annotation is NoneType else [annotation]


def _columns(path: str, option: Any, note: str) -> Iterator[Column]:
    if isinstance(option, type) and issubclass(option, BaseModel):
        yield from columns_of(option, f"{path}.")
    elif get_origin(option) is tuple:
        yield from _list_column(path, _options(get_args(option)[0]), note)
    elif get_origin(option) is Literal:
        yield Column(path, "choice", tuple(str(choice) for choice in get_args(option)), note=note)
    else:
        forms: dict[Any, Form] = {bool: "truth", str: "text", datetime: "moment", AwareDatetime: "moment"}
        yield Column(path, forms.get(option, "number"), note=note)


def _list_column(path: str, items: list[Any], note: str) -> Iterator[Column]:
    models = [item for item in items if isinstance(item, type) and issubclass(item, BaseModel)]
    if len(models) > 1:
        return  # members of a virtual power plant: rows of the sheet of their own kind
    if models:
        yield Column(path, "rows", parts=tuple(models[0].model_fields), note=note)
    else:
        yield Column(path, "series" if {float, bool} & set(items) else "words", note=note)
