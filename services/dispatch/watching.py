"""A solve as it goes, on the error stream: one live line on a terminal, a plain line now and then elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from services.dispatch.planning import Progress

SECONDS_BETWEEN_LINES = 5.0


@contextmanager
def watching(console: Console) -> Iterator[Callable[["Progress"], None]]:
    """Shows every progress that it is handed until the solve is over."""
    if not console.is_terminal:
        yield _PlainLines(console)
        return
    with console.status("starting") as status:
        yield lambda progress: status.update(in_words(progress))


def in_words(progress: "Progress") -> str:
    parts = [f"{progress.phase:<12} {progress.seconds:6.1f} s"]
    if progress.incumbent is not None:
        parts.append(f"cost {progress.incumbent:,.0f}")
    if progress.bound is not None:
        parts.append(f"bound {progress.bound:,.0f}")
    if progress.gap is not None:
        parts.append(f"gap {progress.gap:.3%}")
    return "  ".join(parts)


class _PlainLines:
    """A line at every new phase and every few seconds within one."""

    def __init__(self, console: Console):
        self.console = console
        self.phase = ""
        self.next_s = 0.0

    def __call__(self, progress: "Progress") -> None:
        if progress.phase == self.phase and progress.seconds < self.next_s:
            return
        self.phase, self.next_s = progress.phase, progress.seconds + SECONDS_BETWEEN_LINES
        self.console.print(in_words(progress), highlight=False, markup=False)
