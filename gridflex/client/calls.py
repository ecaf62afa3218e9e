"""What is asked of a service, written once for clients that wait and clients that await."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast
from urllib.parse import quote

import httpx

T = TypeVar("T")
P = ParamSpec("P")
OPERATIONS: set[tuple[str, str]] = set()
"""Every method and path that the client knows."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    read: Callable[[httpx.Response], T]
    method: str = "GET"
    path: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    json: Any = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    once: bool = False
    """It goes out under an idempotency key, so that it may be sent again without being done again."""

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again though nobody knows if it arrived."""
        return self.once or self.method in ("GET", "PUT", "DELETE")


class Speaker:
    """Something whose words are calls."""

    def __init__(self, transport: Any):
        self._transport = transport


S = TypeVar("S", bound=Speaker)


def operation(
    method: str, path: str
) -> Callable[[Callable[Concatenate[S, P], Call[T]]], Callable[Concatenate[S, P], T]]:
    """A word of a client: what it returns is asked at once, or once it is awaited."""
    OPERATIONS.add((method, path))

    def asked(make: Callable[Concatenate[S, P], Call[T]]) -> Callable[Concatenate[S, P], T]:
        signature = inspect.signature(make)

        @wraps(make)
        def ask(speaker: S, /, *given: P.args, **named: P.kwargs) -> T:
            call = make(speaker, *given, **named)
            places = signature.bind(speaker, *given, **named).arguments
            spelled = path.format_map(
                {name: quote(str(value), safe="") for name, value in places.items()} | _own(speaker)
            )
            return cast(T, speaker._transport.run(_at(call, method, spelled)))

        return ask

    return asked


def _own(speaker: Speaker) -> dict[str, str]:
    """A ticket is its own identity."""
    identity = getattr(speaker, "id", None)
    return {} if identity is None else {"identity": _quoted(identity)}


def _quoted(value: object) -> str:
    return quote(str(value), safe="")


def _at(call: Call[T], method: str, path: str) -> Call[T]:
    return Call(call.read, method, path, call.params, call.json, call.content, call.headers, call.once)


def given(**values: Any) -> dict[str, Any]:
    """Without what was not given; names may end in `_` where they are words of Python."""
    return {name.rstrip("_"): _spelled(value) for name, value in values.items() if value is not None}


def _spelled(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: _spelled(item) for name, item in value.items()}
    return [_spelled(item) for item in value] if isinstance(value, list | tuple) else value


def document(response: httpx.Response) -> dict[str, Any]:
    """The answer as it came."""
    return cast(dict[str, Any], response.json())


def member(name: str) -> Callable[[httpx.Response], list[dict[str, Any]]]:
    """The list under a name of the answer."""
    return lambda response: cast(list[dict[str, Any]], response.json()[name])
