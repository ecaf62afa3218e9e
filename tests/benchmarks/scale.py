"""How time and memory grow with the number of thermal units and with the number of steps.

    make bench-scale [UNITS="100 200 500"] [STEPS="24 48 96"] [GAP=0.001] [TIME=600]

The cases are the built-in province made larger (`replication.py`): more of every resource at 48 hours, or more days at
the built-in size. Each is solved in a process of its own. Written as soon as known: `scale.csv`; at the end
`scale.png`, and the exponent of time and of memory, a least-squares line through the logarithms with its standard
error. Sizes that did not reach the gap have no part in the exponent of time: their time is the limit's, not theirs.
Those that were killed have none in the exponent of memory either.
"""

import argparse
import math
import signal
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks import plot
from benchmarks.gaps import TOLERANCE, gap_at
from benchmarks.measuring import Settings, named, solved, timeline, told
from benchmarks.rows import append
from benchmarks.tools import gridflex
from grid_models.provinces import builtin_case
from grid_models.resources import ThermalUnit

PROVINCE = "zhejiang"
UNITS = "100 200 500 1000 2000 5000 10000"
STEPS = "24 48 96 168 336 672"
STEPS_OF_UNITS = 48
KILLED = "killed past the limit"


@dataclass(frozen=True)
class Size:
    """One solve of the study; seconds are from the case in memory to the refereed plan."""

    grows: str
    units: int
    steps: int
    resources: int | None = None
    build_s: float | None = None
    total_s: float | None = None
    cost: float | None = None
    bound: float | None = None
    gap: float | None = None
    peak_mb: float | None = None
    reached: bool = False
    ended: str = ""

    @property
    def size(self) -> int:
        return self.units if self.grows == "units" else self.steps


@dataclass(frozen=True)
class Power:
    """`y = factor * size ** exponent`."""

    exponent: float
    error: float
    """Standard error of the exponent; infinite with two points."""
    points: int

    def __str__(self) -> str:
        return f"{self.exponent:.2f} ± {self.error:.2f} ({self.points} sizes)"


def fitted(pairs: Iterable[tuple[float, float]]) -> Power | None:
    """The exponent by least squares of the logarithms; None with fewer than two sizes."""
    logs = np.log([(size, value) for size, value in pairs if size > 0 and value > 0]).reshape(-1, 2)
    x, y = logs[:, 0], logs[:, 1]
    if len(np.unique(x)) < 2:
        return None
    spread = float(((x - x.mean()) ** 2).sum())
    exponent = float(((x - x.mean()) * (y - y.mean())).sum()) / spread
    rest = y - y.mean() - exponent * (x - x.mean())
    error = math.sqrt(float(rest @ rest) / (len(x) - 2) / spread) if len(x) > 2 else math.inf
    return Power(exponent, error, len(x))


def measured(size: Size, seed: int, settings: Settings) -> Size:
    """The size with everything that was measured."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ended = solved(f"{PROVINCE} {size.units} {size.steps} {seed}", gridflex(), settings, folder)
        events = told(folder)
        points = timeline(events, folder)
    made, done = named(events, "read"), named(events, "done")
    last = points[-1] if points else None
    gap = gap_at(points[-1:], math.inf)
    reached = done is not None and gap is not None and gap <= settings.gap * (1 + TOLERANCE)
    failed = KILLED if ended.killed else f"failed: {ended.last_words}"
    return Size(
        size.grows,
        size.units,
        size.steps,
        resources=made["resources"] if made else None,
        build_s=done["phases"].get("build") if done else None,
        total_s=done["seconds"] - made["seconds"] if done and made else ended.seconds,
        cost=last.cost if last else None,
        bound=last.bound if last else None,
        gap=gap,
        peak_mb=ended.peak_mb,
        reached=reached,
        ended=done["status"] if done else failed,
    )


HEADER = (
    f"{'grows':6} {'units':>6} {'steps':>5} {'resources':>9} {'build s':>8} {'total s':>8} {'gap %':>8} {'MB':>7} ended"
)


def line(size: Size) -> str:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else format(value, form)

    gap = None if size.gap is None else 100 * size.gap
    return (
        f"{size.grows:6} {size.units:>6} {size.steps:>5} {number(size.resources, 'd'):>9} "
        f"{number(size.build_s, '.2f'):>8} {number(size.total_s, '.1f'):>8} {number(gap, '.3f'):>8} "
        f"{number(size.peak_mb, ',.0f'):>7} {size.ended}"
    )


def exponents(sizes: list[Size]) -> list[str]:
    """In words, for whatever grew."""
    words = []
    for grows in ("units", "steps"):
        mine = [size for size in sizes if size.grows == grows]
        laws = {
            "time": fitted((size.size, size.total_s or 0.0) for size in mine if size.reached),
            "build": fitted((size.size, size.build_s or 0.0) for size in mine),
            "memory": fitted((size.size, size.peak_mb or 0.0) for size in mine if size.cost and size.ended != KILLED),
        }
        words += [f"{what} grows with {grows} to the power {law}" for what, law in laws.items() if law]
    return words


def study(wish: argparse.Namespace) -> list[Size]:
    """Every size asked for, a line each."""
    case = builtin_case(PROVINCE)
    units = sum(isinstance(item, ThermalUnit) for item in case.resources)
    asked = [Size("units", int(count), STEPS_OF_UNITS) for count in wish.units.split()]
    asked += [Size("steps", units, int(count)) for count in wish.steps.split()]
    settings = Settings(wish.gap, wish.time_limit, wish.threads, wish.grace)
    terms = {**asdict(settings), "seed": wish.seed, "version": gridflex().version}
    print(HEADER, flush=True)
    sizes: list[Size] = []
    for size in asked:
        sizes.append(measured(size, wish.seed, settings))
        append(wish.out / "scale.csv", [{**asdict(sizes[-1]), **terms}])
        print(line(sizes[-1]), flush=True)
    return sizes


def drawn(sizes: list[Size], grows: str) -> list[plot.Mark]:
    return [
        plot.Mark(size.size, size.total_s or 0.0, size.peak_mb or 0.0, size.reached)
        for size in sizes
        if size.grows == grows
    ]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", default=UNITS, help="numbers of thermal units; empty: none")
    parser.add_argument("--steps", default=STEPS, help="numbers of steps; empty: none")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=600.0)
    parser.add_argument("--grace", type=float, default=60.0, help="seconds past the limit until a solve is killed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    return parser.parse_args()


def main() -> None:
    # Ended from outside, it ends what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wish = arguments()
    wish.out.mkdir(parents=True, exist_ok=True)
    if (wish.out / "scale.csv").exists():
        (wish.out / "scale.csv").replace(wish.out / "before-scale.csv")
    sizes = study(wish)
    print("\n" + "\n".join(exponents(sizes)))
    if sizes:
        plot.over_size(
            {grows: drawn(sizes, grows) for grows in dict.fromkeys(size.grows for size in sizes)},
            wish.out / "scale.png",
        )
    print(f"written: {wish.out}/scale.csv, scale.png")


if __name__ == "__main__":
    main()
