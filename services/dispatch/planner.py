"""One case after another, each from where the last one ended."""

from grid_models.case import Case
from grid_models.plan import Plan
from services.dispatch.memory import Memory
from services.dispatch.planning import Options, plan_and_memory
from services.dispatch.progress import Listener, ignore


class Planner:
    """Plans what-if neighbours or the next window in a fraction of the time of the first solve.

    Its memory is a plain value: it can be pickled, written to a file, or handed to planners in other processes.
    """

    def __init__(self, memory: Memory | None = None):
        self.memory = memory

    def plan(self, case: Case, options: Options | None = None, progress: Listener = ignore) -> Plan:
        """As `plan_case`, from what is remembered of the last case."""
        plan, self.memory = plan_and_memory(case, self.memory, options, progress)
        return plan
