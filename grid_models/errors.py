"""What is wrong with an input: where, which value, which limit, and what would be accepted."""

from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

SHOWN_AT_MOST = 20
Location = tuple[int | str, ...]


class BadInput(ValueError):
    """The input cannot be used; every problem names its place. Nothing was changed or lost."""

    def __init__(self, source: str, *problems: str):
        self.source = source
        self.problems = problems
        super().__init__("\n".join(f"{source}: {problem}" for problem in problems))


class ContradictoryCase(BadInput):
    """The data rule each other out before any optimisation."""


def bad_input(source: str, error: ValidationError, document: Any = None) -> BadInput:
    """A validation error in a planner's words."""
    faults = list(_that_matter(error.errors(), document))
    problems = list(dict.fromkeys(_in_words(fault, document) for fault in faults))
    more = len(problems) - SHOWN_AT_MOST
    return BadInput(source, *problems[:SHOWN_AT_MOST], *([f"and {more} more problems like these"] if more > 0 else []))


def _that_matter(faults: list[Any], document: Any) -> Iterator[Any]:
    """Without the complaints that only follow from another: the branch not meant, the list left empty by its items."""
    kept = [fault for fault in faults if not _beside_the_point(fault, document)]
    for fault in kept or faults:
        if fault["type"] != "too_short" or not _has_fault_inside(fault["loc"], faults):
            yield fault


def _has_fault_inside(place: Location, faults: list[Any]) -> bool:
    return any(other["loc"][: len(place)] == place and other["loc"] != place for other in faults)


def _beside_the_point(fault: Any, document: Any) -> bool:
    # Where a number or a list may stand, pydantic complains for both; the value itself tells which was meant.
    here = document
    for key in fault["loc"]:
        if _is_key(key, here):
            here = here[key]
        elif _is_branch(key):
            return isinstance(here, list | tuple) is not str(key).startswith("tuple[")
    return False


def _is_key(key: int | str, here: Any) -> bool:
    inside = isinstance(here, list | tuple) and isinstance(key, int) and key < len(here)
    return inside or (isinstance(here, dict) and key in here)


def _is_branch(key: int | str) -> bool:
    """Whether a step of the path is pydantic's name for one choice of several, such as `tuple[float, ...]`."""
    return isinstance(key, str) and ("[" in key or "-" in key or key == "float" or key[:1].isupper())


def _in_words(fault: Any, document: Any) -> str:
    place = _path(fault["loc"], document, fault["type"])
    value = fault.get("input")
    told = fault["type"] in ("missing", "union_tag_invalid", "union_tag_not_found")
    shown = "" if told or isinstance(value, dict | list | tuple) else f" (got {short(value)})"
    message = f"{_message(fault)}{shown}"
    return f"{place}: {message}" if place else message


PHRASES = {
    "missing": "is required and missing",
    "extra_forbidden": "is not a field here; remove it or correct its spelling",
    "greater_than_equal": "must be at least {ge:g}",
    "greater_than": "must be above {gt:g}",
    "less_than_equal": "must be at most {le:g}",
    "less_than": "must be below {lt:g}",
    "finite_number": "must be a finite number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text; put it in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "string_pattern_mismatch": "must be one line of plain text",
    "tuple_type": "must be a list",
    "dict_type": "must be a mapping of fields",
    "model_type": "must be a mapping of fields",
    "model_attributes_type": "must be a mapping of fields",
    "too_long": "must hold at most {max_length} of them, not {actual_length}",
    "too_short": "must hold at least {min_length} of them",
    "literal_error": "must be {expected}",
    "timezone_aware": "needs its offset from UTC, such as 2030-07-15T00:00:00+08:00",
    "union_tag_invalid": "{discriminator} '{tag}' is unknown; accepted are {expected_tags}",
    "union_tag_not_found": "needs a {discriminator} that says what it is",
}


def _message(fault: Any) -> str:
    phrase = PHRASES.get(fault["type"])
    if fault["type"].startswith(("datetime_", "date_")):
        phrase = "must be a moment such as 2030-07-15T00:00:00+08:00"
    if phrase is None:
        return str(fault["msg"]).removeprefix("Value error, ")
    context = {**fault.get("ctx", {})}
    for key in ("discriminator", "tag"):
        context[key] = str(context.get(key, "")).strip("'")[:80]
    message = phrase.format(**context)
    choice = fault["type"].endswith(("_type", "_parsing")) and fault["loc"] and _is_branch(fault["loc"][-1])
    return f"{message}, or a list" if choice and not str(fault["loc"][-1]).startswith("tuple[") else message


def _path(location: Location, document: Any, fault_type: str) -> str:
    # pydantic inserts the tag of a union into the path; it is no key of the document, so it is left out.
    parts: list[str] = []
    here = document
    for index, key in enumerate(location):
        last = index == len(location) - 1
        if _is_key(key, here):
            here = here[key]
            parts.append(_step(key, here))
        elif document is None or (last and not _is_tag(key, here, fault_type)):
            parts.append(_step(key, None))
    return "".join(parts).lstrip(".")


def _step(key: int | str, here: Any) -> str:
    name = here.get("name") if isinstance(here, dict) else None
    step = f"[{key}]" if isinstance(key, int) else f".{key[:80]}"
    return f"{step} {short(name)}" if isinstance(name, str) else step


def _is_tag(key: int | str, here: Any, fault_type: str) -> bool:
    if fault_type == "missing" or isinstance(key, int):
        return False
    tags = (here.get("kind"), here.get("form")) if isinstance(here, dict) else ()
    return key in tags or _is_branch(key)


def short(value: Any) -> str:
    """The value as a message shows it: whole if it is short, else its beginning."""
    text = repr(value) if not isinstance(value, int) or abs(value) < 10**60 else "a huge integer"
    return text if len(text) <= 80 else text[:77] + "..."
