"""Bytes from a file and a document from bytes: JSON or YAML, plain or gzip, and never a bomb."""

import gzip
import json
import math
import re
import stat
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from grid_models.errors import BadInput

MAX_BYTES = 256 * 2**20
"""A case of 1,000 units and a year of hours in plain JSON is below this."""
MAX_RATIO = 200
"""Tables of numbers shrink by 5 to 50; what shrinks further, beyond the first 32 MiB, is a bomb."""
RATIO_COUNTS_FROM_BYTES = 32 * 2**20
MAX_DEPTH = 40
CHUNK_BYTES = 2**20

Document = dict[str, Any]


def read_bytes(path: Path) -> bytes:
    """The content of a file, unzipped where it is gzip; refused above the limits."""
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise BadInput(str(path), "is a folder; give a case file, or a folder in the RTS-GMLC layout")
        if not stat.S_ISREG(status.st_mode):
            raise BadInput(str(path), "is not a regular file; give a case file")
        if status.st_size == 0:
            raise BadInput(str(path), "is empty; give a case file")
        if status.st_size > MAX_BYTES:
            raise BadInput(str(path), f"has {status.st_size:,} bytes; at most {MAX_BYTES:,} are read")
        return _content(path, status.st_size)
    except OSError as error:
        raise BadInput(str(path), f"cannot be read: {error.strerror or error}") from error


def _content(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        zipped = path.suffix == ".gz" or file.read(2) == b"\x1f\x8b"
    return _unzipped(path, size) if zipped else path.read_bytes()


def _unzipped(path: Path, size: int) -> bytes:
    chunks, total = [], 0
    try:
        with gzip.open(path) as file:
            while chunk := file.read(CHUNK_BYTES):
                chunks.append(chunk)
                total += len(chunk)
                if total > MAX_BYTES or (total > RATIO_COUNTS_FROM_BYTES and total > MAX_RATIO * size):
                    raise BadInput(
                        str(path), f"expands from {size:,} to more than {total:,} bytes; that is a bomb, not a case"
                    )
    except EOFError as error:
        raise BadInput(
            str(path), f"is cut short: the gzip stream ends after {total:,} bytes; fetch it again"
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise BadInput(str(path), f"is not a sound gzip file ({error}); give a .gz file or the plain file") from error
    return b"".join(chunks)


def read_text(path: Path) -> str:
    """The content of a text file."""
    content = read_bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(str(path), f"is not UTF-8 text (byte {error.start} is {content[error.start]:#04x})") from error


def read_document(path: Path) -> Document:
    """The mapping in a JSON or YAML file: finite numbers, each key once, no deeper than a case can be."""
    text = read_text(path)
    document = parse_json(text, str(path)) if _looks_like_json(path, text) else parse_yaml(text, str(path))
    if not isinstance(document, dict):
        raise BadInput(str(path), f"holds {_called(document)}, not a case; accepted is a mapping of fields")
    _check_tree(document, str(path))
    return document


def _looks_like_json(path: Path, text: str) -> bool:
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix in (".yaml", ".yml"):
        return False
    return suffix == ".json" or text[:200].lstrip()[:1] in ("{", "[")


def _called(value: Any) -> str:
    names = {list: "a list", str: "plain text", type(None): "nothing", int: "a number", float: "a number"}
    return names.get(type(value), f"a {type(value).__name__}")


class _Repeated(Exception):
    """A key stands twice in one mapping: the second would silently win."""


def _once(pairs: list[tuple[str, Any]]) -> Document:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _Repeated(next(key for key in keys if keys.count(key) > 1))
    return mapping


def parse_json(text: str, source: str) -> Any:
    """The value that a JSON text holds; NaN and Infinity come through, to be refused with their place."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except _Repeated as error:
        raise BadInput(source, f"the key '{error}' stands twice in one mapping; keep one") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadInput(source, f"is not JSON: {error.msg.lower()} at {where}") from error
    except RecursionError as error:
        raise BadInput(source, f"is nested too deeply; a case has at most {MAX_DEPTH} levels") from error
    except ValueError as error:
        raise BadInput(source, "holds a number with thousands of digits; write it as a decimal") from error


def _check_tree(document: Document, source: str) -> None:
    """Refuse numbers that are none and nesting beyond any case, naming the place."""
    level: list[tuple[str, Any]] = [("", document)]
    for _ in range(MAX_DEPTH):
        below: list[tuple[str, Any]] = []
        for place, container in level:
            below += _checked_children(place, container, source)
        if not below:
            return
        level = below
    raise BadInput(source, f"{level[0][0][:120]}: is nested more than {MAX_DEPTH} levels deep; no case is")


def _checked_children(place: str, container: Any, source: str) -> Iterator[tuple[str, Any]]:
    pairs = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield _inside(place, key), value
        elif isinstance(value, float | int) and not -1e300 < value < 1e300:
            shown = repr(value) if isinstance(value, float) else "a huge integer"
            raise BadInput(source, f"{_inside(place, key)}: must be a finite number (got {shown})")


def _inside(place: str, key: object) -> str:
    return f"{place}[{key}]" if isinstance(key, int) else f"{place}.{key}".lstrip(".")


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML with the words of version 1.2: `on`, `no` and `12:30` stay words; moments are left to the case."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    depth = 0

    # The composer calls these around every node; it would follow any nesting until the stack of the process is gone.
    def descend_resolver(self, current_node: Any, current_index: Any) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RecursionError

    def ascend_resolver(self) -> None:
        self.depth -= 1


FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$")
RESOLVERS = (
    ("tag:yaml.org,2002:bool", re.compile(r"(true|True|TRUE|false|False|FALSE)$"), "tTfF"),
    ("tag:yaml.org,2002:null", re.compile(r"(~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+$"), "-+0123456789"),
    ("tag:yaml.org,2002:float", FLOAT, "-+.0123456789"),
)
for _tag, _pattern, _first in RESOLVERS:
    Loader.add_implicit_resolver(_tag, _pattern, list(_first))


def _decimal(loader: Any, node: yaml.ScalarNode) -> int:
    # YAML 1.1 would read 010 as eight.
    return int(node.value)


def _number(loader: Any, node: yaml.ScalarNode) -> float:
    text = node.value.lower().replace(".inf", "inf").replace(".nan", "nan")
    return float(text)


Loader.add_constructor("tag:yaml.org,2002:int", _decimal)
Loader.add_constructor("tag:yaml.org,2002:float", _number)


def parse_yaml(text: str, source: str) -> Any:
    """The value that a YAML text holds; aliases, which can unfold without end, are refused."""
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            raise BadInput(source, "holds nothing but comments; accepted is a mapping of fields")
        _check_nodes(node, source)
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise BadInput(source, f"is neither JSON nor YAML: {error.problem or error.context}{where}") from error
    except yaml.reader.ReaderError as error:
        raise BadInput(source, f"is not text: character {error.position} is no YAML ({error.reason})") from error
    except (RecursionError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(source, "is nested too deeply or holds a number with thousands of digits") from error
    finally:
        loader.dispose()


def _check_nodes(root: yaml.Node, source: str) -> None:
    seen: set[int] = set()
    level = [root]
    while level:
        below: list[yaml.Node] = []
        for node in level:
            if id(node) in seen:
                raise BadInput(
                    source, f"line {node.start_mark.line + 1}: YAML aliases (*name) are not accepted; repeat"
                )
            seen.add(id(node))
            below += _child_nodes(node, source)
        level = below


def _child_nodes(node: yaml.Node, source: str) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if not isinstance(node, yaml.MappingNode):
        return []
    keys: set[str] = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise BadInput(source, f"line {key.start_mark.line + 1}: a key must be a word")
        if key.value in keys:
            raise BadInput(source, f"line {key.start_mark.line + 1}: the key '{key.value}' stands twice; keep one")
        keys.add(key.value)
    return [part for pair in node.value for part in pair]


def is_finite(value: object) -> bool:
    """Whether it is a number that can be reckoned with (a truth value is none)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
