"""A piece of a foreign document that knows its place, so that every complaint can name it."""

from collections.abc import Iterator
from typing import Any

from grid_models.errors import BadInput
from grid_models.formats.documents import is_finite

REQUIRED: Any = object()


class Entry:
    """A mapping inside a foreign file: its source, its path and its content."""

    __slots__ = ("content", "place", "source", "used")

    def __init__(self, source: str, place: str, content: Any):
        self.source, self.place = source, place
        self.used: set[str] = set()
        if not isinstance(content, dict):
            raise BadInput(source, f"{place or 'the document'}: must be a mapping of fields (got {_short(content)})")
        self.content: dict[str, Any] = content

    def fault(self, key: str, problem: str) -> BadInput:
        """The complaint about one key of this entry."""
        return BadInput(self.source, f"{self.place}.{key}: {problem}" if self.place else f"{key}: {problem}")

    def has(self, key: str) -> bool:
        """Whether the key stands here with a value."""
        return self.content.get(key) is not None

    def value(self, key: str, default: Any = REQUIRED) -> Any:
        """Whatever stands at the key; null counts as absent."""
        self.used.add(key)
        found = self.content.get(key)
        if found is not None:
            return found
        if default is REQUIRED:
            raise self.fault(key, "is required and missing")
        return default

    def number(self, key: str, default: Any = REQUIRED) -> float:
        found = self.value(key, default)
        if found is default or is_finite(found):
            return found  # type: ignore[no-any-return]
        raise self.fault(key, f"must be a finite number (got {_short(found)})")

    def flag(self, key: str, default: Any = REQUIRED) -> bool:
        found = self.value(key, default)
        if found in (0, 1):
            return bool(found)
        raise self.fault(key, f"must be true or false (got {_short(found)})")

    def text(self, key: str, default: Any = REQUIRED) -> str:
        found = self.value(key, default)
        if found is default or isinstance(found, str):
            return found
        raise self.fault(key, f"must be a word (got {_short(found)})")

    def items(self, key: str, default: Any = REQUIRED) -> list[Any]:
        found = self.value(key, default)
        if not isinstance(found, list):
            raise self.fault(key, f"must be a list (got {_short(found)})")
        return found

    def numbers(self, key: str, default: Any = REQUIRED) -> list[float]:
        found = self.items(key, default)
        for index, item in enumerate(found):
            if not is_finite(item):
                raise self.fault(f"{key}[{index}]", f"must be a finite number (got {_short(item)})")
        return found

    def series(self, key: str, steps: int, default: Any = REQUIRED) -> float | list[float]:
        """One number, or exactly one per step."""
        found = self.value(key, default)
        if not isinstance(found, list):
            return self.number(key, default)
        if len(found) != steps:
            raise self.fault(key, f"has {len(found)} values for {steps} steps; give one number or exactly {steps}")
        return self.numbers(key)

    def entry(self, key: str, default: Any = REQUIRED) -> "Entry":
        return Entry(self.source, f"{self.place}.{key}".lstrip("."), self.value(key, default))

    def entries(self, key: str, default: Any = REQUIRED) -> Iterator[tuple[str, "Entry"]]:
        """The named mappings under a key."""
        section = self.entry(key, default)
        for name, content in section.content.items():
            yield name, Entry(self.source, f"{section.place} '{name}'", content)

    def unused(self) -> list[str]:
        """Keys that nobody asked for."""
        return sorted(set(self.content) - self.used)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
