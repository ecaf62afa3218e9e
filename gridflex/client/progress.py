"""Work as it goes on, on the error stream: one live line on a terminal, a line at every new phase elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Tell = Callable[[dict[str, Any]], object]
FORMS = {"seconds": "{:.1f} s", "incumbent": "cost {:,.0f}", "bound": "bound {:,.0f}", "gap": "gap {:.3%}"}
"""Of a search's progress, what is shown."""
Asked = bool | Tell
"""True: on the error stream; False: not at all; or whoever is to be told."""


@contextmanager
def telling(progress: Asked) -> Iterator[Tell]:
    """Whom to tell of every event."""
    if callable(progress):
        yield progress
    elif progress:
        with _shown() as tell:
            yield tell
    else:
        yield lambda _ticket: None


@contextmanager
def _shown() -> Iterator[Tell]:
    from rich.console import Console

    console = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else 160)
    if not console.is_terminal:
        yield _Lines(console.print)
        return
    with console.status("waiting") as status:
        yield lambda ticket: status.update(in_words(ticket))


class _Lines:
    def __init__(self, say: Callable[..., None]):
        self._say = say
        self._phase: object = None

    def __call__(self, ticket: dict[str, Any]) -> None:
        phase = (ticket.get("progress") or {}).get("phase", ticket["status"])
        if phase != self._phase:
            self._phase = phase
            self._say(in_words(ticket), markup=False)


def in_words(ticket: dict[str, Any]) -> str:
    """How far the work is."""
    progress = ticket.get("progress") or {}
    parts = [str(progress.get("phase", ticket["status"]))]
    for name, form in (
        ("seconds", "{:.1f} s"),
        ("incumbent", "cost {:,.0f}"),
        ("bound", "bound {:,.0f}"),
        ("gap", "gap {:.3%}"),
    ):
        if progress.get(name) is not None:
            parts.append(form.format(progress[name]))
    return "  ".join(parts)
