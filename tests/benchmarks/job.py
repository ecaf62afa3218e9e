"""What a solve in its own process is asked, and how it answers: a JSON line per event, so that a killed one has spoken.

Only the standard library, because the peers run it in an environment without gridflex.
"""

import argparse
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

EVENTS = "events.jsonl"
PLAN = "plan.json"


@dataclass(frozen=True)
class Job:
    """One case, how far and how long to solve it, and the folder for the answer."""

    case: str
    folder: Path
    gap: float
    time_limit_s: float
    threads: int
    began_s: float = field(default_factory=time.monotonic)
    """The clock starts when everything is imported."""

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self.began_s

    def tell(self, event: str, **facts: Any) -> None:
        """Write that something happened now."""
        with (self.folder / EVENTS).open("a", encoding="utf-8") as stream:
            stream.write(json.dumps({"event": event, "seconds": self.elapsed_s, **facts}) + "\n")

    def hand_in(self, plan: dict[str, Any]) -> None:
        """Write the schedule for whoever checks it."""
        (self.folder / PLAN).write_text(json.dumps(plan), encoding="utf-8")


def asked() -> Job:
    """The job on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--gap", type=float, required=True)
    parser.add_argument("--time-limit", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    wish = parser.parse_args()
    return Job(wish.case, wish.folder, wish.gap, wish.time_limit, wish.threads)


def wording(job: Job) -> list[str]:
    """The command line that asks for the job."""
    return [
        job.case, str(job.folder), "--gap", str(job.gap), "--time-limit", str(job.time_limit_s),
        "--threads", str(job.threads),
    ]  # fmt: skip
