"""How fast unit commitment is proven on pglib-uc files, beside open peers on the same solver and the same machine.

    make bench-uc [DATA=DIR] [GAP=0.001] [TIME=600] [ONLY=substring] [PEERS="egret textbook pypsa"] [RESUME=1]

Every tool solves every file in a process of its own, one after the other, to the same gap with the same number of
threads, and is ended at the limit. Each line is written as soon as it is known: `uc.csv`, `uc.md`, `uc-gaps.csv` (plan
and bound over time) and `uc.png` are in the output folder.
"""

import argparse
import os
import platform
import signal
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import plot, table
from benchmarks.cases import Instance, instances
from benchmarks.checking import find_checker
from benchmarks.gaps import Point
from benchmarks.measuring import Settings, blank, measured
from benchmarks.rows import Key, Row, append_points, append_row, paired, read_points, read_rows
from benchmarks.tools import PACKAGES, Tool, gridflex, peer

EGRET = "egret"


@dataclass(frozen=True)
class Contest:
    """Who competes, on what terms, and where the results go."""

    tools: tuple[tuple[Tool, Settings], ...]
    checker: Path | None
    folder: Path

    @property
    def rows(self) -> Path:
        return self.folder / "uc.csv"

    @property
    def points(self) -> Path:
        return self.folder / "uc-gaps.csv"


Measured = tuple[Row, tuple[Point, ...]]


def hold(contest: Contest, cases: list[Instance], *, resume: bool) -> list[Measured]:
    """Every tool on every case, a line each; with `resume`, what an earlier run measured is not measured again."""
    known = _begin(contest, resume=resume)
    print(table.header(), flush=True)
    results: list[Measured] = []
    for case in cases:
        egret = None
        for tool, settings in contest.tools:
            earlier = known.get(blank(case, tool, settings).key)
            row, points = earlier or measured(case, tool, settings, contest.checker)
            egret = row if tool.name == EGRET else egret
            row = paired(row, egret)
            results.append((row, points))
            if earlier is None:
                append_row(contest.rows, row)
                append_points(contest.points, row, points)
            print(table.line(row), flush=True)
            _write_report(contest, [row for row, _ in results])
    return results


def _begin(contest: Contest, *, resume: bool) -> dict[Key, Measured]:
    """What is known already. Without `resume` that is nothing, and the last table is kept under another name."""
    contest.folder.mkdir(parents=True, exist_ok=True)
    if resume:
        points = read_points(contest.points)
        return {row.key: (row, points.get(row.key, ())) for row in read_rows(contest.rows)}
    for path in (contest.rows, contest.points):
        if path.exists():
            path.replace(path.with_name(f"before-{path.name}"))
    return {}


def _write_report(contest: Contest, rows: list[Row]) -> None:
    (contest.folder / "uc.md").write_text(table.markdown(rows, terms(contest)), encoding="utf-8")


def terms(contest: Contest) -> str:
    """On what terms it was measured."""
    settings = contest.tools[0][1]
    facts = Path("/proc/cpuinfo").read_text().splitlines()
    processor = next((line.partition(":")[2].strip() for line in facts if "model name" in line), platform.machine())
    return (
        f"Gap {settings.gap:g}, limit {settings.time_limit_s:g} s, {settings.threads} threads, {os.cpu_count()} cores "
        f"({processor}), Python {platform.python_version()}; checked by "
        f"{contest.checker.name if contest.checker else 'our referee only'}."
    )


def contest(wish: argparse.Namespace) -> Contest:
    settings = Settings(wish.gap, wish.time_limit, wish.threads, wish.grace)
    peers = [peer(name, wish.peers_python) for name in PACKAGES if name in wish.peers.split()]
    unknown = set(wish.peers.split()) - set(PACKAGES)
    if unknown:
        raise SystemExit(f"no such peer: {', '.join(sorted(unknown))}; there are {', '.join(PACKAGES)}")
    # Egret first: all others are measured against it.
    ours = [(gridflex(), settings)]
    if wish.to_gap is not None:
        ours.append((gridflex(f"to {100 * wish.to_gap:g} %"), replace(settings, gap=wish.to_gap)))
    first = [(tool, settings) for tool in peers if tool.name == EGRET]
    others = [(tool, settings) for tool in peers if tool.name != EGRET]
    return Contest((*first, *ours, *others), find_checker(wish.data), wish.out)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=Path, default=Path("../shared/data"), help="folder of pglib-uc files")
    parser.add_argument("--gap", type=float, default=1e-3)
    parser.add_argument("--to-gap", type=float, help="gridflex once more, on to this smaller gap")
    parser.add_argument("--time-limit", type=float, default=600.0)
    parser.add_argument("--grace", type=float, default=30.0, help="seconds past the limit until a tool is killed")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", default="", help="only files whose path contains this")
    parser.add_argument("--peers", default="", help=f"which of: {' '.join(PACKAGES)}")
    parser.add_argument("--peers-python", type=Path, default=Path(".venv-peers/bin/python"))
    parser.add_argument("--resume", action="store_true", help="take rows with the same settings from the last run")
    parser.add_argument("--out", type=Path, default=Path("build/bench"))
    return parser.parse_args()


def main() -> None:
    # Ended from outside, it ends what it started.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wish = arguments()
    cases = list(instances(wish.data, wish.only))
    if not cases:
        raise SystemExit(f"{wish.data} holds no pglib-uc file{f' with {wish.only!r} in its path' if wish.only else ''}")
    games = contest(wish)
    print(terms(games))
    for tool, _ in games.tools:
        print(f"{tool.name}: {tool.version}{f' ({tool.relaxation})' if tool.relaxation else ''}")
    try:
        results = hold(games, cases, resume=wish.resume)
    except KeyboardInterrupt:
        raise SystemExit(f"stopped; every finished line is in {games.rows}, and --resume goes on from there") from None
    print(f"\n{table.summary_text(row for row, _ in results)}\n\n{table.LEGEND}")
    plot.gaps_over_time({(row.file, row.tool): points for row, points in results}, wish.out / "uc.png", wish.gap)
    print(f"written: {wish.out}/uc.csv, uc.md, uc-gaps.csv, uc.png")


if __name__ == "__main__":
    main()
