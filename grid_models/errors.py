"""What is wrong with an input: where, which value, which limit, and what would be accepted."""

from typing import Any

from pydantic import ValidationError


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
    return BadInput(source, *(_in_words(fault, document) for fault in error.errors()))


def _in_words(fault: Any, document: Any) -> str:
    # pydantic inserts the tag of a union into the path; it is no key of the document, so it is left out.
    place = _path(fault["loc"], document)
    value = fault.get("input")
    shown = f" (got {_short(value)})" if not isinstance(value, dict | list | tuple) else ""
    message = fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden":
        message = "is not a field here; remove it or correct its spelling"
    if fault["type"] == "missing":
        return f"{place}: is required and missing"
    return f"{place}: {message}{shown}"


def _path(location: tuple[int | str, ...], document: Any) -> str:
    parts: list[str] = []
    here = document
    for key in location:
        inside = isinstance(here, list | tuple) and isinstance(key, int) and key < len(here)
        if inside or (isinstance(here, dict) and key in here):
            here = here[key]
            name = here.get("name") if isinstance(here, dict) else None
            parts.append(f"[{key}]" if isinstance(key, int) else f".{key}")
            if isinstance(name, str):
                parts[-1] += f" '{name}'"
        elif key == location[-1] and "[" not in str(key):
            parts.append(f".{key}")
    return "".join(parts).lstrip(".") or "case"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
