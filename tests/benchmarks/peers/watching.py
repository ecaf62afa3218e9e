"""HiGHS under any modelling tool: the same settings for all, its log kept, and word of when it began."""

from typing import Any

import highspy

from benchmarks.job import Job

LOG_EVERY_S = 0.5


def watch_highs(job: Job) -> list[float]:
    """From now on every solve by HiGHS in this process runs by the job's settings and writes a log of its own.

    What a tool does before (read, build, hand over) counts against the time, so HiGHS gets what is left.
    The answer is a list to which every solve adds the lower bound that it proved.
    """
    original = highspy.Highs.run
    logs: list[str] = []
    bounds: list[float] = []

    def run(solver: Any) -> Any:
        logs.append(f"highs-{len(logs)}.log")
        options = {
            "threads": job.threads,
            "mip_rel_gap": job.gap,
            "mip_min_logging_interval": LOG_EVERY_S,
            "time_limit": max(1.0, job.time_limit_s - job.elapsed_s),
            "log_file": str(job.folder / logs[-1]),
        }
        for name, value in options.items():
            solver.setOptionValue(name, value)
        job.tell("run", log=logs[-1], rows=solver.getNumRow(), columns=solver.getNumCol())
        status = original(solver)
        info = solver.getInfo()
        bounds.append(info.mip_dual_bound)
        job.tell("ran", cost=info.objective_function_value, bound=info.mip_dual_bound)
        return status

    highspy.Highs.run = run
    return bounds
