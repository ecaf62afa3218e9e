"""How fast the engine proves its plans on a folder of pglib-uc files.

    python tests/benchmarks/unit_commitment.py [FOLDER] [--gap 0.001] [--time-limit 120] [--only ca]

One row per file: seconds to read, to build the matrix, to a proven gap of 1, 0.5 and 0.1 %, in all; cost, bound, gap;
units; peak memory of this process and of its largest search. The default folder is the reference data's, where it is.
"""

import argparse
import resource
import time
from dataclasses import dataclass, field
from pathlib import Path

from grid_models.formats import read_case
from grid_models.resources import ThermalUnit
from services.dispatch.planning import Options, Progress, plan_case

LEVELS = (0.01, 0.005, 0.001)


@dataclass
class Stopwatch:
    """When each gap was first proven."""

    began: float = field(default_factory=time.monotonic)
    reached: dict[float, float] = field(default_factory=dict)

    def hear(self, progress: Progress) -> None:
        for level in LEVELS:
            if progress.gap is not None and progress.gap <= level:
                self.reached.setdefault(level, time.monotonic() - self.began)


def row(path: Path, gap: float, time_limit_s: float) -> str:
    """One file, solved and written as a line of the table."""
    watch = Stopwatch()
    case = read_case(path).case
    read_s = time.monotonic() - watch.began
    plan = plan_case(case, Options(gap=gap, time_limit_s=time_limit_s), watch.hear)
    total_s = time.monotonic() - watch.began
    watch.hear(Progress("done", total_s, plan.cost, plan.lower_bound, plan.gap))
    units = sum(isinstance(resource, ThermalUnit) for resource in case.resources)
    to_gap = " ".join(f"{watch.reached[level]:7.1f}" if level in watch.reached else "      -" for level in LEVELS)
    memory_mb = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1e3
    return (
        f"{path.parent.name + '/' + path.stem:38} {units:5} {read_s:5.2f} {plan.seconds['build']:6.2f} {to_gap} "
        f"{total_s:7.1f} {plan.cost:16,.0f} {plan.lower_bound:16,.0f} {100 * plan.gap:7.3f} {memory_mb:7.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("../shared/data/pglib-uc"))
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--time-limit", type=float, default=120.0)
    parser.add_argument("--only", default="", help="only files whose path contains this")
    wish = parser.parse_args()
    files = [path for path in sorted(wish.folder.rglob("*.json*")) if wish.only in str(path)]
    if not files:
        print(f"{wish.folder} holds no pglib-uc file; name a folder that does")
        return
    print(
        f"{'file':38} {'units':>5} {'read':>5} {'build':>6} {'1 %':>7} {'0.5 %':>7} {'0.1 %':>7} {'total s':>7} "
        f"{'cost':>16} {'bound':>16} {'gap %':>7} {'MB':>7}"
    )
    for path in files:
        print(row(path, wish.gap, wish.time_limit), flush=True)


if __name__ == "__main__":
    main()
