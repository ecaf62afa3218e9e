"""gridflex itself, solving one case in its own process as the peers do.

    python -m benchmarks.ours CASE FOLDER --gap 0.001 --time-limit 600 --threads 2

CASE is a pglib-uc file, or `zhejiang UNITS STEPS SEED` in one word: the built-in province made larger.
"""

from pathlib import Path

from benchmarks.job import Job, asked
from benchmarks.replication import larger
from grid_models.case import Case
from grid_models.formats import read_case
from grid_models.provinces import builtin_case
from services.dispatch.planning import Options, Progress, plan_case

OTHER_PROBLEMS = ("settle",)
"""Phases whose progress is about something else than the case itself."""


def case_of(job: Job) -> Case:
    """Read, or made from the built-in province."""
    province, *sizes = job.case.split()
    if not sizes:
        return read_case(Path(job.case)).case
    units, steps, seed = map(int, sizes)
    return larger(builtin_case(province), units, steps, seed)


def solve(job: Job) -> None:
    case = case_of(job)
    read_s = job.elapsed_s
    job.tell("read", resources=len(case.everything), steps=case.steps)
    from_file = Path(job.case).exists()

    def hear(news: Progress) -> None:
        if news.phase not in OTHER_PROBLEMS and (news.bound is not None or news.incumbent is not None):
            job.tell("progress", phase=news.phase, cost=news.incumbent, bound=news.bound)

    # A made case is not read: its time limit is for solving it.
    left_s = job.time_limit_s - (read_s if from_file else 0.0)
    plan = plan_case(case, Options(gap=job.gap, time_limit_s=left_s, threads=job.threads), hear)
    short = any(map(any, (*plan.shortage.unserved_mw.values(), *plan.shortage.reserve_mw.values())))
    job.tell("done", cost=plan.cost, bound=plan.lower_bound, phases=plan.seconds, status=plan.status, short=short)
    job.hand_in(plan.model_dump(include={"commitment", "power_mw", "reserve_mw", "objective", "lower_bound"}))


if __name__ == "__main__":
    solve(asked())
