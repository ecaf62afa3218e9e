"""Whether a schedule obeys the rules, by the independent checker of pglib-uc where there is one."""

import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.rows import RELAXED
from benchmarks.tools import Tool

SCRIPT = Path("checks/check_pglib_uc.py")


def find_checker(data: Path) -> Path | None:
    """Beside the reference data (GRIDFLEX_DATA), or beside any folder above the cases."""
    reference = Path(os.environ.get("GRIDFLEX_DATA", "../shared/data")).resolve()
    beside = (reference.parent, *data.resolve().parents, Path("../shared").resolve())
    return next((folder / SCRIPT for folder in beside if (folder / SCRIPT).is_file()), None)


def verdict(checker: Path | None, case: Path, plan: Path, tool: Tool) -> str:
    """`ok`, `relaxed`, or what is wrong in a few words; our plans went through our referee in any case."""
    if tool.relaxation:
        return RELAXED
    if checker is None:
        return "referee" if tool.module == "benchmarks.ours" else "-"
    answer = subprocess.run([sys.executable, checker, case, plan], capture_output=True, text=True)
    try:
        report = json.loads(answer.stdout)
    except ValueError:
        return "checker failed"
    rules = sorted({found["rule"] for found in report["violations"]})
    return "ok" if report["feasible"] else f"refused: {', '.join(rules)}"
